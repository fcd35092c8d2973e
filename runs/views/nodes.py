"""What a run's page says of its nodes: who is where, how each ended, which were lost before."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from runs import tasks
from runs.models import Run, RunTask
from runs.states import State


class Row(NamedTuple):
    """One node of a run: its task, the state to show, and how it ended in words."""

    task: RunTask
    state: State
    words: str


def facts(run: Run) -> dict[str, Any]:
    """What the head and the overview show: `where`, the rows, and the nodes that were lost."""
    here = list(tasks.of(run))
    return {"where": where(run, here), "nodes": [_row(run, task) for task in here]}


def where(run: Run, here: Sequence[RunTask]) -> str:
    """Say on how many nodes a run is: "node 2", "2 nodes × 2 processes".

    Nothing where it is one node, and not known yet.
    """
    each = run.processes_per_node
    if run.node_count > 1:
        place = f"{run.node_count} nodes"
    else:
        place = f"node {here[0].node_number}" if here else ""
    return place if each == 1 else f"{place or '1 node'} × {each} processes"


def lost(run: Run) -> list[str]:
    """Say of every start after a node was lost which it was, and why: the newest last."""
    before = run.tasks.filter(attempt__lt=run.attempt).order_by("attempt", "ended_at", "rank")
    seen: dict[int, str] = {}
    for task in before:
        ended = task.ended or {}
        if _was_stopped(ended) or ended.get("lost"):
            words = f"node {task.node_number} was lost: {_why(ended)}"
            seen.setdefault(task.attempt, words)
    return list(seen.values())


def _row(run: Run, task: RunTask) -> Row:
    ended = task.ended
    if ended is None:
        return Row(task, State(task.state), "")
    if tasks.is_well(ended):
        return Row(task, State.COMPLETED, "exit code 0")
    if ended.get("canceled") and not _was_stopped(ended):
        is_asked = run.cancel_requested_at is not None
        words = "was told to end" if is_asked else "was told to end, because another node failed"
        return Row(task, State.CANCELED, words)
    return Row(task, State.FAILED, _failed(ended))


def _failed(ended: dict[str, Any]) -> str:
    code, signal = ended.get("exit_code"), ended.get("signal")
    parts = [
        "lost" if _was_stopped(ended) or ended.get("lost") else "",
        f"signal {signal}" if signal else f"exit code {code}" if code is not None else "",
    ]
    how = ", ".join(filter(None, parts))
    return ": ".join(filter(None, (how, _why(ended)))) or "ended without a word"


def _why(ended: dict[str, Any]) -> str:
    if _was_stopped(ended):
        return "its driver was told to end (SIGTERM), and nobody canceled the run"
    return str((ended.get("lost") or ended.get("error") or {}).get("message") or "")


def _was_stopped(ended: dict[str, Any]) -> bool:
    """Whether something other than the studio told its driver to end: a machine that goes down."""
    return bool(ended.get("canceled")) and ended.get("told") == "signal"

"""What a run's page says of its nodes: who is where, how each ended, which were lost before."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from runs import tasks
from runs.models import Run, RunTask
from runs.states import State


class Row(NamedTuple):
    """One node of a run: its task, the state to show, how it ended in words, and its logs.

    logs: the rank of each of its processes, with the path of what that printed once there is some.
    """

    task: RunTask
    state: State
    words: str
    logs: list[tuple[int, str]]


def facts(run: Run) -> dict[str, Any]:
    """What the head and the overview show: `where`, the rows, and the nodes that were lost."""
    here = list(tasks.of(run))
    kept = set(run.logs.values_list("path", flat=True)) if run.node_count > 1 else set()
    rows = [Row(task, *_how(run, task), _logs(run, task, kept)) for task in here]
    return {"where": where(run, here), "nodes": rows}


def ranks(run: Run, task: RunTask) -> str:
    """Say which of the run's processes are on the node of a task: "rank 1 of 2", "ranks 2–3 of 4".

    Nothing where the run has one process.
    """
    each = run.processes_per_node
    count = run.node_count * each
    own = _ranks(run, task)
    if count == 1:
        return ""
    return f"rank {own[0]} of {count}" if each == 1 else f"ranks {own[0]}–{own[-1]} of {count}"


def ranks_by_number(run: Run) -> dict[int, str]:
    """Return what is on each node of a run, those that it had before it was started again too."""
    before = dict.fromkeys(
        run.tasks.filter(attempt__lt=run.attempt).values_list("node_number", flat=True),
        "before it was started again",
    )
    return before | {task.node_number: ranks(run, task) for task in tasks.of(run)}


def log_of(rank: int) -> str:
    """Return the path of what one of several processes prints."""
    return f"azureml-logs/70_driver_log_{rank}.txt"


def _ranks(run: Run, task: RunTask) -> range:
    first = task.rank * run.processes_per_node
    return range(first, first + run.processes_per_node)


def _logs(run: Run, task: RunTask, kept: set[str]) -> list[tuple[int, str]]:
    paths = ((rank, log_of(rank)) for rank in _ranks(run, task))
    is_on = task.ended is None and task.state != State.STARTING  # its first words are on their way
    return [(rank, path if is_on or path in kept else "") for rank, path in paths]


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


def _how(run: Run, task: RunTask) -> tuple[State, str]:
    ended = task.ended
    if ended is None:
        return State(task.state), ""
    if tasks.is_well(ended):
        return State.COMPLETED, "exit code 0"
    if ended.get("canceled") and not _was_stopped(ended):
        is_asked = run.cancel_requested_at is not None
        words = "was told to end" if is_asked else "was told to end, because another node failed"
        return State.CANCELED, words
    return State.FAILED, _failed(ended)


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

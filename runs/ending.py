"""How a run ends: from how its tasks ended, once all of them have. Safe to repeat."""

from datetime import datetime
from typing import Any

from django.db import transaction

from runs import lifecycle, output_datasets, outside, tasks
from runs.models import Run, RunTask
from runs.states import ON_A_NODE, Reason, State
from studio import tokens
from studio.models import TokenKind

STOPPED = {
    "type": "ProcessLost",
    "message": "its driver was told to end (SIGTERM) and nobody canceled the run:"
    " its container or its machine was stopped",
}
# Who asked for a cancel by a run's own token. It acts as the person who submitted the run.
ITSELF = "the run itself"
ASKED_BY_ITSELF = f"cancel asked by {ITSELF}"


def finish(task: RunTask, said: dict[str, Any], now: datetime) -> bool:
    """Note the end of a task as its driver says, and settle its run. The first word wins.

    said: exit_code, signal, error, canceled, told, undelivered, rank (docs/api.md, Driver).
    Returns whether there is something to free now.
    """
    tasks.end(task, said, now)
    return settle(task.run)


def settle(run: Run) -> bool:
    """End a run whose tasks have all ended, or have it started again where a node was lost.

    While some still run, it says what they wait for. Returns whether there is something to free.
    """
    run.refresh_from_db()
    if run.is_final or run.state not in ON_A_NODE:
        return False
    ended = list(tasks.of(run))
    guilty = _guilty(ended)
    if not ended or any(task.ended_at is None for task in ended):
        if guilty is not None and run.state != State.CANCEL_REQUESTED:
            words = tasks.called(run, guilty) + _said_of(guilty)
            lifecycle.wait(run, f"{words}; the other nodes are ended")
        return False
    if all(tasks.is_well(task.ended or {}) for task in ended):
        if trouble := output_datasets.register(run):
            return _fail_output(run, {"type": output_datasets.NOT_KEPT, "message": trouble})
        words = "; ".join(filter(None, ((task.ended or {}).get("undelivered") for task in ended)))
        return lifecycle.end(run, Reason.SUCCEEDED, text=words)
    # Somebody's cancel counts only when it ended the script: one that was done is Completed.
    if run.cancel_requested_at is not None or guilty is None:
        return end_canceled(run)
    return _fail(run, guilty)


def _guilty(ended: list[RunTask]) -> RunTask | None:
    """The task that failed first; a lost node before those that only missed it then."""
    bad = [task for task in ended if task.failed_at and task.ended_at]
    return min(
        bad,
        key=lambda task: (not tasks.is_lost(task.ended or {}), task.failed_at, task.rank),
        default=None,
    )


def _fail(run: Run, task: RunTask) -> bool:
    said = task.ended or {}
    lost = _lost(said)
    if lost is None:
        return _fail_as_said(run, said)
    words = tasks.called(run, task) + lost["message"]
    if lost["type"] != "OutOfMemory" and run.retried < run.max_retries:
        run.cluster.refresh_from_db(fields=["deleted_at"])
        if run.cluster.deleted_at is None:
            # Where it moved on meanwhile, another has settled it, or somebody canceled it.
            return _start_again(run, task, lost["message"]) or settle(run)
        words += f"; it is not started again: its cluster {run.cluster.name} was deleted"
    facts = {**lost, "message": words}
    return lifecycle.end(run, Reason.LOST, error=facts)


def _lost(said: dict[str, Any]) -> dict[str, Any] | None:
    """How a node was lost, by how its task ended; None where its driver told of its own end."""
    return STOPPED if said.get("canceled") else said.get("lost")


def _fail_as_said(run: Run, said: dict[str, Any]) -> bool:
    code, signal = said.get("exit_code"), said.get("signal")
    error = {**(said.get("error") or {}), "exit_code": code, "signal": signal}
    if said.get("rank") is not None and run.distribution:
        error["rank"] = said["rank"]
    error.setdefault("type", "ScriptFailed")
    ended_by = _ended_by(said)
    error["message"] = error.get("message") or f"{run.script} ended with {ended_by}"
    if code == 0 and error["type"] == output_datasets.NOT_KEPT:
        return _fail_output(run, error)
    if code is None and not signal:
        return lifecycle.end(run, Reason.START_FAILED, error=error, text=error["message"])
    words = error["message"]
    if ended_by not in words:
        words += f" ({ended_by})"
    return lifecycle.end(run, Reason.SCRIPT_FAILED, error=error, text=words)


def _fail_output(run: Run, error: dict[str, Any]) -> bool:
    """End a run whose script did well, and what it wrote for a dataset was not kept."""
    return lifecycle.end(run, Reason.OUTPUT_FAILED, error=error, text=error["message"])


def _said_of(task: RunTask) -> str:
    said = task.ended or {}
    words = (_lost(said) or said.get("error") or {}).get("message")
    return str(words or f"its script ended with {_ended_by(said)}")


def _ended_by(said: dict[str, Any]) -> str:
    signal = said.get("signal")
    return f"signal {signal}" if signal else f"exit code {said.get('exit_code')}"


def _start_again(run: Run, task: RunTask, message: str) -> bool:
    """Put a run that lost a node back into the queue; False when it moved on meanwhile.

    Its outputs are given back to it by its next drivers.
    """
    again = run.retried + 1
    words = f"{tasks.named(run, task)} was lost ({message}): started again, {again} of"
    changes = {"retried": again, "must_end_at": None}
    return leave(run, State.QUEUED, f"{words} {run.max_retries}", **changes)


def leave(run: Run, to: State, words: str, **changes: Any) -> bool:
    """Take a run from its nodes, to be started by other tasks later; False when it moved on.

    Its tasks are then those of an earlier attempt: they are ended and freed, and their drivers may
    say nothing more. Whoever starts it next makes a token of its own, so the old ones go with the
    move: neither before it, for it may not come to that, nor after, for that may be too late.
    """
    with transaction.atomic():
        moved = lifecycle.move(run, to, words, attempt=run.attempt + 1, master="", **changes)
        if moved:
            tokens.revoke(TokenKind.RUN, run.run_id)
            outside.revoke_of(run)
            output_datasets.forget(run)
    return moved


def end_canceled(run: Run) -> bool:
    """End a run that was asked to: by somebody, or by its time limit."""
    if run.canceled_by is not None or run.max_seconds is None:
        who = run.canceled_by.username if run.canceled_by else "somebody"
        if run.events.filter(state=State.CANCEL_REQUESTED, text=ASKED_BY_ITSELF).exists():
            who = ITSELF
        return lifecycle.end(run, Reason.CANCELED, text=f"canceled by {who}")
    return lifecycle.end(
        run,
        Reason.TIME_LIMIT,
        text=f"its script took longer than the {run.max_seconds} s it was allowed"
        " (max_run_duration_seconds) and was ended",
    )

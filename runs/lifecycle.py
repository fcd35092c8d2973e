"""A run's state: the only module that changes it. Every change is a row and a live event."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now as clock

from runs.models import PipelineStep, Run, RunEvent, RunQuerySet
from runs.states import ENDS_AS, MOVES, Reason, State
from studio import live, queue

logger = logging.getLogger(__name__)
MOST_TEXT = 500


def group(run: Run) -> str:
    """The live group of a run's page."""
    return f"run.{run.pk}"


def move(
    run: Run,
    to: State,
    text: str = "",
    *,
    at: datetime | None = None,
    closing: str = "",
    **changes: Any,
) -> bool:
    """Move `run` to state `to`; False when another process moved it first.

    Writes the event with `text`; `closing` is what is known now of the state it leaves, e.g.
    "image reused", and is told after why it came there. Raises ValueError for a move the state
    machine forbids.
    """
    if to not in MOVES.get(State(run.state), ()):
        raise ValueError(f"{run}: {run.state} -> {to} is not a move")
    changes = {"waits_for": "", **changes}
    return _swap(run, to, text, at=at or clock(), changes=changes, closing=closing)


def end(run: Run, reason: Reason, *, error: dict[str, Any] | None = None, text: str = "") -> bool:
    """End `run` for `reason`, from whatever state it is in; False when it had ended already."""
    while not run.is_final:
        if _end(run, reason, text, error=error or {}, changes={}):
            return True
    return False


def end_waiting(run: Run, reason: Reason, text: str, **changes: Any) -> bool:
    """End `run` from the state it was read in; False when it moved on meanwhile."""
    return not run.is_final and _end(run, reason, text, error={}, changes=changes)


def _end(
    run: Run, reason: Reason, text: str, *, error: dict[str, Any], changes: dict[str, Any]
) -> bool:
    at = clock()
    ended_how = {"reason": reason, "error": error, "waits_for": ""}
    took = {"ended_at": at, "duration_s": (at - run.created_at).total_seconds()}
    changes = {**ended_how, **took, **changes}
    words = text or str(error.get("message", ""))
    ended = _swap(run, ENDS_AS[reason], words, at=at, changes=changes)
    if ended:
        logger.info("%s ended: %s (%s)", run, run.state, reason.value)
        _let_pipeline_go_on(run)
    return ended


def _let_pipeline_go_on(run: Run) -> None:
    """Whose step it was looks what comes next; only a run below another can be one."""
    if run.parent_id is not None:
        # Not the rows: a graph may have two megabytes.
        above = PipelineStep.objects.filter(run=run).values_list("pipeline__run_id", flat=True)
        for pk in above:
            queue.send_named("advance", pk)


def wait(run: Run, why: str) -> None:
    """Say in words what `run` waits for, where that changed."""
    why = why[:MOST_TEXT]
    if run.waits_for == why:
        return
    with transaction.atomic():
        if Run.objects.filter(pk=run.pk, state=run.state).update(waits_for=why):
            run.waits_for = why
            _tell(run, 0)


def wait_all(runs: RunQuerySet, why: str) -> int:
    """Say in words what all of `runs`, in one state, wait for; return how many it changed for.

    One update and one event for each workspace's tables, however many runs there are.
    """
    why = why[:MOST_TEXT]
    with transaction.atomic():
        changed = list(runs.exclude(waits_for=why).select_related("experiment"))
        if not changed or not runs.exclude(waits_for=why).update(waits_for=why):
            return 0
        pages = [group(run) for run in changed]
        live.publish_to(pages, "run-changed", state=changed[0].state, number=0)
        for workspace_id, run in {run.experiment.workspace_id: run for run in changed}.items():
            where = live.workspace_group(workspace_id)
            live.publish(where, "run-changed", run_id=run.run_id, state=run.state)
    return len(changed)


def began(run: Run, text: str) -> None:
    """Write the first event of a run that was just submitted."""
    RunEvent.objects.create(run=run, number=1, state=run.state, text=text, at=run.created_at)
    _tell(run, 1)


def touched(run: Run) -> None:
    """Tell the pages that something other than the state changed: name, tags, models made."""
    _tell(run, 0)


def _swap(
    run: Run,
    to: State,
    text: str,
    *,
    at: datetime,
    changes: dict[str, Any],
    closing: str = "",
) -> bool:
    before = run.state
    with transaction.atomic():
        # By its attempt too: one that is queued again is not the one that was read.
        same = Run.objects.filter(pk=run.pk, state=before, attempt=run.attempt)
        moved = same.update(state=to, **changes)
        if moved:
            newest = run.events.order_by("-number").first()
            if newest is not None and closing:
                words = "; ".join(filter(None, [newest.text, closing]))
                RunEvent.objects.filter(pk=newest.pk).update(text=words[:MOST_TEXT])
            number = newest.number + 1 if newest is not None else 1
            RunEvent.objects.create(run=run, number=number, state=to, text=text[:MOST_TEXT], at=at)
            run.state = to
            _tell(run, number)
    run.refresh_from_db()
    return bool(moved)


def _tell(run: Run, number: int) -> None:
    live.publish(group(run), "run-changed", state=run.state, number=number)
    live.publish(
        live.workspace_group(run.experiment.workspace_id),
        "run-changed",
        run_id=run.run_id,
        state=run.state,
    )

"""A run's state: the only module that changes it. Every change is a row and a live event."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now as clock

from runs.models import Run, RunEvent
from runs.states import ENDS_AS, MOVES, Reason, State
from studio import live

logger = logging.getLogger(__name__)
MOST_TEXT = 500


def group(run: Run) -> str:
    """The live group of a run's page."""
    return f"run.{run.pk}"


def workspace_group(workspace_id: int) -> str:
    """The live group of a workspace's tables."""
    return f"workspace.{workspace_id}"


def move(
    run: Run, to: State, text: str = "", *, at: datetime | None = None, **changes: Any
) -> bool:
    """Move `run` to state `to`; False when another process moved it first.

    Writes the event with `text`. Raises ValueError for a move the state machine forbids.
    """
    if to not in MOVES.get(State(run.state), ()):
        raise ValueError(f"{run}: {run.state} -> {to} is not a move")
    return _swap(run, to, text, at=at or clock(), changes={"waits_for": "", **changes})


def end(run: Run, reason: Reason, *, error: dict[str, Any] | None = None, text: str = "") -> bool:
    """End `run` for `reason`, from whatever state it is in; False when it had ended already."""
    while not run.is_final:
        at = clock()
        changes = {"reason": reason, "error": error or {}, "ended_at": at, "waits_for": ""}
        if _swap(run, ENDS_AS[reason], text or _summary(error), at=at, changes=changes):
            logger.info("%s ended: %s (%s)", run, run.state, reason.value)
            return True
    return False


def wait(run: Run, why: str) -> None:
    """Say in words what `run` waits for, where that changed."""
    why = why[:MOST_TEXT]
    if run.waits_for == why:
        return
    with transaction.atomic():
        if Run.objects.filter(pk=run.pk, state=run.state).update(waits_for=why):
            run.waits_for = why
            _tell(run, 0)


def explain(run: Run, text: str) -> None:
    """Add to the newest event of `run` what is known now, e.g. "image reused"."""
    newest = run.events.order_by("-number").first()
    if newest is not None:
        RunEvent.objects.filter(pk=newest.pk).update(text=text[:MOST_TEXT])


def began(run: Run, text: str) -> None:
    """Write the first event of a run that was just submitted."""
    RunEvent.objects.create(run=run, number=1, state=run.state, text=text, at=run.created_at)
    _tell(run, 1)


def touched(run: Run) -> None:
    """Tell the pages that something other than the state changed: name, tags, models made."""
    _tell(run, 0)


def _swap(run: Run, to: State, text: str, *, at: datetime, changes: dict[str, Any]) -> bool:
    before = run.state
    with transaction.atomic():
        moved = Run.objects.filter(pk=run.pk, state=before).update(state=to, **changes)
        if moved:
            newest = run.events.order_by("-number").values_list("number", flat=True).first() or 0
            RunEvent.objects.create(
                run=run, number=newest + 1, state=to, text=text[:MOST_TEXT], at=at
            )
            run.state = to
            _tell(run, newest + 1)
    run.refresh_from_db()
    return bool(moved)


def _tell(run: Run, number: int) -> None:
    live.publish(group(run), "run-changed", state=run.state, number=number)
    live.publish(
        workspace_group(run.experiment.workspace_id),
        "run-changed",
        run_id=run.run_id,
        state=run.state,
    )


def _summary(error: dict[str, Any] | None) -> str:
    return str((error or {}).get("message", ""))[:MOST_TEXT]

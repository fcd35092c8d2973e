"""What runs is heard and looked at: by its drivers' calls, and by what a backend sees of a task."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from compute.backends import backend_for
from compute.tasks import Sighting
from runs import ending, lifecycle, rescue, tasks
from runs.models import Run, RunTask
from runs.states import State

SEEN_EVERY = timedelta(seconds=2)
ORDER = (State.STARTING, State.RUNNING, State.FINALIZING)


def heard(task: RunTask, now: datetime) -> bool:
    """Note a call of a task's driver; True when it is to end what it runs.

    A run that was not responding is taken back to where it was, once all of its drivers answer.
    """
    run = task.run
    if now - task.seen_at > SEEN_EVERY:
        RunTask.objects.filter(pk=task.pk).update(seen_at=now)
    if run.state == State.NOT_RESPONDING:
        others = tasks.of(run).filter(ended_at=None, seen_at__lt=now - _patience())
        if not others.exclude(pk=task.pk).exists():
            lifecycle.move(run, _state_before(run), "its driver answers again")
    return _is_to_end(task)


def _is_to_end(task: RunTask) -> bool:
    """Whether a task must end: somebody asked, or another of its run's nodes failed."""
    run = task.run
    if run.state == State.CANCEL_REQUESTED:
        return True
    return run.node_count > 1 and tasks.has_failed(run, but=task)


def _patience() -> timedelta:
    return timedelta(seconds=settings.SILENT_AFTER_SECONDS)  # a heartbeat comes every second


def _state_before(run: Run) -> State:
    before = run.events.filter(state__in=ORDER).order_by("-number").first()
    return State(before.state) if before else State.STARTING


def report(task: RunTask, state: State, text: str, now: datetime) -> bool:
    """A driver says how far it is; True when it is to end what it runs.

    The run is as far as the last of its nodes. A state that was passed already is acknowledged:
    the call may be a repeat.
    """
    cancel = heard(task, now)
    run = task.run
    if ORDER.index(state) > ORDER.index(State(task.state)):
        RunTask.objects.filter(pk=task.pk, ended_at=None).update(state=state)
    reached = state if run.node_count == 1 else tasks.least_state(run)
    changes: dict[str, Any] = {"started_at": run.started_at or now}
    if run.max_seconds and run.must_end_at is None:
        changes["must_end_at"] = now + timedelta(seconds=run.max_seconds)
    while run.state in ORDER and not cancel:
        # A script that is over in a moment may be Finalizing before anybody said Running.
        if ORDER.index(reached) <= ORDER.index(State(run.state)):
            break
        if lifecycle.move(run, reached, text, at=now, **changes):
            break
    return cancel or run.state == State.CANCEL_REQUESTED


def look(task: RunTask, now: datetime) -> None:
    """Look at a task: note one whose process is gone without a word, and silence.

    Raises Unreachable.
    """
    run = task.run
    sighting = _sight(task)
    if sighting.state == "running":
        note_silence(task, now, "its process lives")
        return
    task.refresh_from_db(fields=["ended_at"])  # it may have reported meanwhile
    run.refresh_from_db()
    if task.ended_at is not None or run.is_final:
        return
    if not rescue.is_brought(task, now):
        lifecycle.wait(run, f"{lost_words(sighting)}; what it left behind is brought")
        return
    asked = run.cancel_requested_at is not None or tasks.has_failed(run, but=task)
    tasks.end(task, {"canceled": True} if asked else {"lost": _lost(sighting)}, now)
    ending.settle(run)


def _sight(task: RunTask) -> Sighting:
    """Look at a task, also at one whose worker was killed before it could note that it runs."""
    backend = backend_for(task.run.cluster)
    if task.handle is None:
        task.handle = backend.find(task.task_id, tasks.folder(task.task_id))
        if task.handle is None:
            return Sighting("gone")
        RunTask.objects.filter(pk=task.pk, handle__isnull=True).update(handle=task.handle)
    return backend.look(task.handle)


def note_silence(task: RunTask, now: datetime, but: str) -> None:
    """Say that a run does not respond when a driver of it was silent for long, and what is known.

    A run of which a node has yet to be started waits for that, and says so.
    """
    run = task.run
    if run.state not in ORDER or now - task.seen_at <= _patience():
        return
    task.refresh_from_db(fields=["ended_at", "seen_at"])  # it may have spoken meanwhile
    has_spoken = task.ended_at is not None or now - task.seen_at <= _patience()
    if has_spoken or tasks.of(run).filter(handle__isnull=True, ended_at=None).exists():
        return
    whose = f"its driver on node {task.node_number}" if run.node_count > 1 else "its driver"
    words = f"no word from {whose} for {_patience().seconds} s; {but}"
    lifecycle.move(run, State.NOT_RESPONDING, words)


def _lost(sighting: Sighting) -> dict[str, object]:
    return {
        "type": "OutOfMemory" if sighting.out_of_memory else "ProcessLost",
        "message": lost_words(sighting),
        "exit_code": sighting.exit_code,
        "signal": sighting.signal,
    }


def lost_words(sighting: Sighting) -> str:
    """Say how a driver ended that reported nothing, with the last line it wrote."""
    if sighting.out_of_memory:
        how = "the run's process was ended because it ran out of memory"
    elif sighting.signal:
        how = f"the run's process was killed by signal {sighting.signal}"
    elif sighting.exit_code is not None:
        how = f"the run's process ended with exit code {sighting.exit_code}"
    elif sighting.said:
        return sighting.said
    else:
        how = "the run's process is gone; the machine may have been restarted"
    said = f": {sighting.said}" if sighting.said else ""
    return f"{how}, before it could report{said}"

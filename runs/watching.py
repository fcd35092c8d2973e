"""A look at what runs: what its driver says, whether its process lives, what to free afterwards."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.timezone import now as clock

from compute import clusters
from compute.backends import backend_for
from compute.backends.base import Unreachable
from compute.tasks import Sighting
from runs import lifecycle, logs
from runs.models import Run
from runs.states import Reason, State
from studio import tokens
from studio.errors import Conflict
from studio.models import TokenKind

logger = logging.getLogger(__name__)
SEEN_EVERY = timedelta(seconds=2)
ORDER = (State.STARTING, State.RUNNING, State.FINALIZING)


def heard(run: Run, now: datetime) -> bool:
    """Note a call of the run's driver; True when the run is to be canceled.

    A run that was not responding is taken back to where it was.
    """
    if run.seen_at is None or now - run.seen_at > SEEN_EVERY:
        Run.objects.filter(pk=run.pk).update(seen_at=now)
    if run.state == State.NOT_RESPONDING:
        lifecycle.move(run, _state_before(run), "its driver answers again")
    return run.state == State.CANCEL_REQUESTED


def _state_before(run: Run) -> State:
    before = run.events.filter(state__in=ORDER).order_by("-number").first()
    return State(before.state) if before else State.STARTING


def report(run: Run, state: State, text: str, now: datetime) -> bool:
    """The driver says how far it is; True when the run is to be canceled.

    A state that was passed already is acknowledged: the call may be a repeat.
    """
    cancel = heard(run, now)
    changes: dict[str, Any] = {"started_at": run.started_at or now}
    if run.max_seconds and run.must_end_at is None:
        changes["must_end_at"] = now + timedelta(seconds=run.max_seconds)
    while not cancel and run.state in ORDER and ORDER.index(state) > ORDER.index(State(run.state)):
        # A script that is over in a moment may be Finalizing before anybody said Running.
        if lifecycle.move(run, state, text, at=now, **changes):
            break
    return run.state == State.CANCEL_REQUESTED


def finish(run: Run, said: dict[str, Any]) -> bool:
    """End a run as its driver says: exit_code, signal, error, canceled, undelivered. First wins.

    Somebody's cancel counts only when it ended the script: one that was done anyway is Completed.
    """
    code, signal = said.get("exit_code"), said.get("signal")
    error = dict(said.get("error") or {})
    if code == 0 and not signal and not said.get("canceled"):
        return lifecycle.end(run, Reason.SUCCEEDED, text=said.get("undelivered") or "")
    if run.cancel_requested_at is not None:
        return end_canceled(run)
    if said.get("canceled"):
        return lifecycle.end(run, Reason.CANCELED, text="its driver was told to stop (SIGTERM)")
    error |= {"exit_code": code, "signal": signal}
    error.setdefault("type", "ScriptFailed")
    ended_by = f"signal {signal}" if signal else f"exit code {code}"
    error["message"] = error.get("message") or f"{run.script} ended with {ended_by}"
    reason = Reason.SCRIPT_FAILED if (code is not None or signal) else Reason.START_FAILED
    words = f"{error['message']} ({ended_by})" if code is not None or signal else error["message"]
    return lifecycle.end(run, reason, error=error, text=words)


def end_canceled(run: Run) -> bool:
    """End a run that was asked to: by somebody, or by its time limit."""
    if run.canceled_by is not None or run.max_seconds is None:
        who = run.canceled_by.username if run.canceled_by else "somebody"
        return lifecycle.end(run, Reason.CANCELED, text=f"canceled by {who}")
    return lifecycle.end(
        run,
        Reason.TIME_LIMIT,
        text=f"its script took longer than the {run.max_seconds} s it was allowed"
        " (max_run_duration_seconds) and was ended",
    )


def look(run: Run, now: datetime) -> None:
    """Look at a run's task: end a run whose process is gone without a word, note silence."""
    if run.handle is None:
        return
    try:
        sighting = backend_for(run.cluster).look(run.handle)
    except Unreachable as error:
        logger.warning("%s: %s", run, error)
        return
    run.refresh_from_db()  # its driver may have finished it while we looked
    if run.is_final:
        return
    if sighting.state == "running":
        # A heartbeat comes every second.
        patience = timedelta(seconds=settings.SILENT_AFTER_SECONDS)
        if run.state in ORDER and run.seen_at is not None and now - run.seen_at > patience:
            words = f"no word from its driver for {patience.seconds} s; its process lives"
            lifecycle.move(run, State.NOT_RESPONDING, words)
        return
    if run.cancel_requested_at is not None:
        end_canceled(run)
        return
    facts = {
        "type": "OutOfMemory" if sighting.out_of_memory else "ProcessLost",
        "message": lost_words(sighting),
        "exit_code": sighting.exit_code,
        "signal": sighting.signal,
    }
    lifecycle.end(run, Reason.LOST, error=facts)


def lost_words(sighting: Sighting) -> str:
    """Say how a driver ended that reported nothing, with the last line it wrote."""
    if sighting.out_of_memory:
        how = "the run's process was ended because it ran out of memory"
    elif sighting.signal:
        how = f"the run's process was killed by signal {sighting.signal}"
    elif sighting.exit_code is not None:
        how = f"the run's process ended with exit code {sighting.exit_code}"
    else:
        how = "the run's process is gone; the machine may have been restarted"
    said = f": {sighting.said}" if sighting.said else ""
    return f"{how}, before it could report{said}"


def clean(run: Run, now: datetime | None = None) -> bool:
    """Free what an ended run left: its process, node, token and folder. False: try again later."""
    now = now or clock()
    if run.cleaned_at is not None:
        return True
    if not run.is_final:
        raise Conflict(f"{run} has not ended")
    if run.handle is not None:
        backend = backend_for(run.cluster)
        try:
            if backend.look(run.handle).state == "running" and _is_early(run, now):
                return False  # the driver goes by itself right after it has reported
            backend.stop(run.handle, settings.CANCEL_GRACE_SECONDS)
            backend.forget(run.handle)
        except Unreachable as error:
            logger.warning("%s cannot be cleaned up yet: %s", run, error)
            return False
    clusters.release(run.run_id, now)
    tokens.revoke(TokenKind.RUN, run.run_id)
    logs.finish(run)
    # Its task may have been started since we read it: then there is more to clean.
    same = Run.objects.filter(pk=run.pk, task_id=run.task_id, handle__isnull=run.handle is None)
    return bool(same.update(cleaned_at=now))


def _is_early(run: Run, now: datetime) -> bool:
    return run.ended_at is not None and now - run.ended_at < timedelta(seconds=3)

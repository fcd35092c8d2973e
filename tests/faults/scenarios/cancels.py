"""A run is canceled in each of its states; each time it ends as Canceled, with nothing left.

In a studio with a short grace and patience (SETTINGS), and with a package that takes long to be
built (make_slow), for the state in which an environment is built.
"""

import contextlib
import signal
import time
from pathlib import Path

import psutil
from trainyard import Environment

from tests.compute.packages import make_source
from tests.faults.scenarios.processes import nothing_is_left
from tests.faults.scenarios.studio import pause
from tests.faults.watching import (
    WAITED_S,
    Desk,
    Outcome,
    Watched,
    driver_of,
    processes_of,
    stopwatch,
)
from tests.fixtures.waiting import until

SETTINGS = {"STUDIO_CANCEL_GRACE_SECONDS": "2", "STUDIO_SILENT_AFTER_SECONDS": "5"}
FULL = "full"
# At its end it leaves so much that bringing it takes a while.
LEAVES_MUCH = """
import os, sys
open(sys.argv[1], "a").write("begin\\n")
os.makedirs("outputs", exist_ok=True)
with open("outputs/large.bin", "wb") as file:
    file.truncate(256 * 2**20)
"""


def make_slow(shelf: Path) -> None:
    """Lay a package on the shelf whose build goes on until it is ended."""
    make_source(shelf, "slow", before="time.sleep(600)")


def _canceled(watched: Watched, what: str) -> Outcome:
    since = stopwatch()
    watched.run.cancel()
    watched.until("Canceled")
    noticed = since()
    nothing_is_left(watched)
    return watched.outcome(f"canceled in {what}", noticed)


def not_started(desk: Desk) -> Outcome:
    """Nobody has looked at it yet: the worker and supervise are stopped; then they go on."""
    go_on = pause(desk, "worker", "supervise")
    try:
        watched = desk.submit()
        assert watched.state == "NotStarted"
        found = _canceled(watched, "NotStarted")
    finally:
        go_on()
    time.sleep(3)
    assert watched.starts == 0 and watched.state == "Canceled"
    return found


def preparing(desk: Desk) -> Outcome:
    requirements = desk.folder / "requirements.txt"
    requirements.write_text("--no-index\nslow\n")
    environment = Environment.from_pip_requirements("slow", str(requirements))
    watched = desk.submit(environment=environment)
    watched.until("Preparing")
    build = "azureml-logs/20_image_build_log.txt"
    until(lambda: build in watched.run.get_file_names(), WAITED_S, "the environment is being built")
    return _canceled(watched, "Preparing")


def queued(desk: Desk) -> Outcome:
    desk.cluster(FULL, 1)
    holder = desk.submit(cluster=FULL).under_way()
    watched = desk.submit(cluster=FULL)
    watched.until("Queued")
    found = _canceled(watched, "Queued")
    holder.end()
    holder.until("Completed")
    assert watched.starts == 0
    return found


def starting(desk: Desk) -> Outcome:
    """Its driver has not said a word yet: it is stopped as soon as it is there."""

    def caught() -> Watched | None:
        watched = desk.submit()
        until(lambda: _stopped(watched), WAITED_S, "its driver is there")
        if watched.state == "Starting":
            return watched
        watched.run.cancel()  # it was stopped too late
        return None

    return _canceled(until(caught, WAITED_S, "one is stopped in time"), "Starting")


def _stopped(watched: Watched) -> bool:
    """Stop what there is of the task, at once."""
    found = processes_of(watched.run.id)
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)
    return bool(found)


def running(desk: Desk) -> Outcome:
    return _canceled(desk.submit().with_checkpoint(), "Running")


def finalizing(desk: Desk) -> Outcome:
    """Its script is over, and what it left is being brought."""

    def caught() -> Watched | None:
        watched = desk.submit(LEAVES_MUCH)
        if watched.until("Finalizing", "Completed") == "Completed":
            return None
        with contextlib.suppress(StopIteration, psutil.NoSuchProcess):  # it has ended meanwhile
            driver_of(watched.run.id).send_signal(signal.SIGSTOP)
            if watched.state == "Finalizing":
                return watched
        return None

    return _canceled(until(caught, WAITED_S, "one is stopped in time"), "Finalizing")


def not_responding(desk: Desk) -> Outcome:
    watched = desk.submit().with_checkpoint()
    driver_of(watched.run.id).send_signal(signal.SIGSTOP)
    watched.until("NotResponding")
    return _canceled(watched, "NotResponding")


def cancel_requested(desk: Desk) -> Outcome:
    """A second and a third cancel change nothing."""
    watched = desk.submit().with_checkpoint()
    driver_of(watched.run.id).send_signal(signal.SIGSTOP)
    watched.run.cancel()
    assert watched.state == "CancelRequested"
    watched.run.cancel()
    found = _canceled(watched, "CancelRequested")
    watched.run.cancel()
    assert watched.state == "Canceled" and watched.all_words.count("CancelRequested:") == 1
    return found


# not_started alone: it stops programs that the others need.
ALL = [preparing, queued, starting, running, finalizing, not_responding, cancel_requested]

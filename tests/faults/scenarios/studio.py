"""The programs of the studio are killed, stopped and started again, while runs are on."""

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from functools import partial

from tests.faults.watching import NODES, WAITED_S, Desk, Outcome, Watched, stopwatch
from tests.fixtures.studio_process import StudioProcess
from tests.fixtures.waiting import until

PROGRAMS = ["web", "worker", "supervise", "valkey"]
ONE_NODE = "single"


def _killed(desk: Desk, name: str) -> tuple[float, str]:
    """Kill a program; return the seconds until a new run runs, and what the keeper says."""
    studio, since = desk.studio, stopwatch()
    before = studio.record.children[name]
    studio.kill(name)
    fresh = desk.submit()
    fresh.end()
    fresh.until("Running", "Finalizing", "Completed")
    seconds = since()
    until(lambda: studio.record.children.get(name, before) != before, WAITED_S, f"{name} is back")
    words = [line for line in studio.said().splitlines() if f"{name} ended (signal 9)" in line]
    return seconds, words[-1].rpartition("│ ")[2]


def _goes_on(studio: StudioProcess) -> str:
    """What the keeper says of the runs that it leaves behind."""
    words = [line for line in studio.said().splitlines() if "go on and report" in line]
    return words[-1].rpartition("│ ")[2]


def _with_term(studio: StudioProcess) -> None:
    studio.stop(signal.SIGTERM)


def _with_kill(studio: StudioProcess) -> None:
    studio.kill_all()


def _away(desk: Desk, runs: list[Watched], end: Callable[[StudioProcess], None]) -> float:
    """End the studio and start it; return the seconds from when it is up until it hears the run.

    The first of them goes on all the time; the second ends while the studio is away.
    """
    end(desk.studio)
    long, short = runs
    short.end()
    before = long.noted[-1]
    until(lambda: long.noted[-1] != before, WAITED_S, "the script goes on without its studio")
    desk.studio.start()
    since = stopwatch()
    there = int(long.noted[-1])
    until(lambda: long.points[-1] >= there, WAITED_S, "its points come again")
    return since()


def broken_one_by_one(desk: Desk) -> list[Outcome]:
    """One run through all of it: each program is killed, then the whole studio goes twice.

    Each time a run ends while the studio is away, and the one that waits for its node gets it; and
    one was submitted a moment before, that nobody may have started, or somebody half.
    """
    desk.cluster(ONE_NODE, 1)
    long = desk.submit().under_way()
    seen = {f"kill -9 of {name}": _killed(desk, name) for name in PROGRAMS}
    others: dict[str, list[Watched]] = {}
    for what, end in (
        ("SIGTERM to the studio", _with_term),
        ("kill -9 of the whole studio", _with_kill),
    ):
        short = desk.submit(cluster=ONE_NODE).under_way()
        queued, fresh = desk.submit(cluster=ONE_NODE), desk.submit(cluster=NODES)
        queued.end()
        seconds = _away(desk, [long, short], end)
        fresh.end()
        others[what] = [short, queued, fresh]
        seen[what] = seconds, _goes_on(desk.studio) if end is _with_term else ""
        for run in others[what]:
            run.until("Completed")
    long.end()
    long.until("Completed")
    check = [run.outcome(what, 0) for what, runs in others.items() for run in runs]
    wrong = [one for one in check if (one.starts, one.log_bytes_lost, one.points_lost) != (1, 0, 0)]
    assert not wrong, wrong
    return [long.outcome(what, seconds, words) for what, (seconds, words) in seen.items()]


def away_for(desk: Desk, seconds: float) -> Outcome:
    """Its keeper is killed and takes all programs along; nobody starts it again for a while."""
    watched = desk.submit().under_way()
    desk.studio.kill("keeper")
    desk.studio.wait_gone()
    time.sleep(seconds)
    desk.studio.start()
    since = stopwatch()
    there = int(watched.noted[-1])
    until(lambda: watched.points[-1] >= there, WAITED_S, "its points come again")
    noticed = since()
    watched.end()
    watched.until("Completed")
    return watched.outcome(f"kill -9 of the keeper, studio away for {seconds:g} s", noticed)


def pause(desk: Desk, *names: str) -> Callable[[], None]:
    """Stop programs of the studio where they are; return what lets them go on."""
    pids = [desk.studio.record.children[name].pid for name in names]

    def tell(number: signal.Signals) -> None:
        for pid in pids:
            os.kill(pid, number)

    tell(signal.SIGSTOP)
    while _is_locked(desk.studio):  # stopped in the middle of writing: all others would wait
        tell(signal.SIGCONT)
        time.sleep(0.02)
        tell(signal.SIGSTOP)
    return partial(tell, signal.SIGCONT)


def _is_locked(studio: StudioProcess) -> bool:
    with contextlib.closing(sqlite3.connect(studio.home / "studio.sqlite3", timeout=0.5)) as rows:
        try:
            rows.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        rows.rollback()
    return False

"""Points per second that become durable."""

import sqlite3
import tempfile
import time
from pathlib import Path

import numpy as np
from trainyard import Run

from benchmarks.figures import Figure
from benchmarks.runs import said_by, submit, workspace_of
from tests.fixtures.studio_process import StudioProcess

BATCHES, SERIES, POINTS = 40, 8, 1024
LOGS_FOR_S = 10


def measure(studio: StudioProcess) -> list[Figure]:
    """By the driver's API in batches, and by `run.log` to the end of the run."""
    with workspace_of(studio) as workspace:
        said = said_by(submit(workspace, "post.py", BATCHES, SERIES, POINTS))
        count, seconds = (float(word) for word in said[-1].split())
        run = submit(workspace, "log_steps.py", LOGS_FOR_S)
        steps, began, ended = (float(word) for word in said_by(run)[-1].split())
        logged, whole = _all_that_are_there(run, int(steps)), _ended_at(run) - began
    bare = _bare()
    return [
        Figure(
            f"ingest, packed batches of {SERIES} × {POINTS}", count / seconds, bare, "points/s",
            "SQLite inserts of the same segments", "≥ 500,000",
        ),
        Figure(
            "ingest, run.log of 4 metrics a step", logged / whole, bare, "points/s",
            "SQLite inserts of the same segments", "≥ 20,000",
            f"{logged:,} in {ended - began:.1f} s, all there at its end after {whole:.1f} s",
        ),
    ]  # fmt: skip


def _all_that_are_there(run: Run, steps: int) -> int:
    """Return how many points there are. Raises RuntimeError when any is missing or twice."""
    logged = 0
    for name, one in run._client.get(f"runs/{run.id}/metrics/points")["series"].items():
        if one["values"] != [step * 0.5 for step in range(steps)]:
            raise RuntimeError(f"of {steps:,} points of {name} there are {one['count']:,}")
        logged += one["count"]
    if logged != 4 * steps:
        raise RuntimeError(f"of {4 * steps:,} points there are {logged:,}")
    return logged


def _ended_at(run: Run) -> float:
    return _seconds(run.get_details()["endTimeUtc"])


def _seconds(at: str) -> float:
    return float(np.datetime64(at.rstrip("Z")).astype("datetime64[us]").astype(float) / 1e6)


def _bare() -> float:
    """Insert packed segments, one transaction per batch, with the studio's own pragmas."""
    packed = [np.arange(POINTS).tobytes() for _ in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        base = sqlite3.connect(Path(folder) / "bare.sqlite3", isolation_level=None)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        base.execute("CREATE TABLE segment (series, first, count, steps, times, vals)")
        began = time.perf_counter()
        for number in range(BATCHES):
            base.execute("BEGIN IMMEDIATE")
            for series in range(SERIES):
                row = (series, number * POINTS, POINTS, *packed)
                base.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)", row)
            base.execute("COMMIT")
        seconds = time.perf_counter() - began
        base.close()
    return BATCHES * SERIES * POINTS / seconds

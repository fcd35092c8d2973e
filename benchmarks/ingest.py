"""Points per second that become durable."""

import sqlite3
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from benchmarks.runs import said_by, submit, workspace_of
from tests.fixtures.studio_process import StudioProcess

BATCHES, SERIES, POINTS = 40, 8, 1024
LOGGED = 300_000


def measure(studio: StudioProcess) -> list[Figure]:
    """By the driver's API in batches, and by `run.log` to the end of the run."""
    with workspace_of(studio) as workspace:
        said = said_by(submit(workspace, "post.py", BATCHES, SERIES, POINTS))
        count, seconds = (float(word) for word in said[-1].split())
        run = submit(workspace, "log.py", LOGGED)
        began, ended = (float(word) for word in said_by(run)[-1].split())
        whole = _until_all_are_there(run, began)
    bare = _bare()
    return [
        Figure(
            f"ingest, batches of {SERIES} × {POINTS}", count / seconds, bare, "points/s",
            "SQLite inserts of the same segments", "≥ 500,000",
        ),
        Figure(
            "ingest, one run.log per point", LOGGED / whole, bare, "points/s",
            "SQLite inserts of the same segments", "≥ 20,000",
            f"the script needed {ended - began:.1f} s for {LOGGED:,} calls",
        ),
    ]  # fmt: skip


def _until_all_are_there(run: object, began: float) -> float:
    """Return the seconds from the first call to the end of the run, when all is stored."""
    series = run._client.get(f"runs/{run.id}/metrics")["series"]  # type: ignore[attr-defined]
    counts = {one["name"]: one["count"] for one in series}
    if counts != {"loss": LOGGED}:
        raise RuntimeError(f"of {LOGGED:,} points there are {counts}")
    details = run.get_details()  # type: ignore[attr-defined]
    return _seconds(details["endTimeUtc"]) - began


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

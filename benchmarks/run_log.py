"""What `run.log` costs inside a training script, and what its points cost the driver beside it."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from trainyard._driver.points import Lines, packed
from trainyard._spool import Spool

from benchmarks.figures import Figure
from tests.fixtures.studio_process import StudioProcess

CALLS = 100_000
NAMES = ("loss", "accuracy", "lr", "val/loss")
TRIES = 5


def microseconds(call: Callable[[int], object]) -> tuple[float, float]:
    """Return (median, 99th percentile) of one call, in µs."""
    for number in range(2000):
        call(number)
    clock = time.perf_counter_ns
    took = []
    for number in range(CALLS):
        began = clock()
        call(number)
        took.append(clock() - began)
    took.sort()
    return statistics.median(took) / 1000, took[int(len(took) * 0.99)] / 1000


def measure(studio: StudioProcess) -> list[Figure]:
    """The call alone, and reading alone: what HTTP makes of it `ingest` measures."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(folder)
        log = microseconds(lambda number: spool.point("loss", 1.0 / (number + 1)))
        line = b'f\t50000\t1700000000.123456\t1.9999600007999842e-05\t"loss"\n'
        handle = os.open(Path(folder) / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        bare = microseconds(lambda number: os.write(handle, line))
        os.close(handle)
        nothing = microseconds(lambda number: None)
        read = _read(Path(folder) / "read")
    about = f"timing itself {nothing[0]:.2f} µs"
    is_bare = "os.write of the same bytes"
    return [
        Figure("run.log(), median", log[0], bare[0], "µs", is_bare, "≤ 5 µs", about),
        Figure("run.log(), p99", log[1], bare[1], "µs", is_bare, "≤ 50 µs", about),
        Figure(
            "driver: spool file to packed batch", read[0], read[1], "points/s",
            "splitting the lines and reading their numbers, by numpy", "≥ 300,000",
            "4 metrics a step, one core",
        ),
    ]  # fmt: skip


def _read(folder: Path) -> tuple[float, float]:
    """Return points per second of reading a spool file, (by the driver, barely)."""
    spool = Spool(str(folder))
    for number in range(CALLS // len(NAMES)):
        for name in NAMES:
            spool.point(name, 1.0 / (number + 1))
    content = Path(spool._path).read_bytes()

    def ours() -> None:
        lines = Lines()
        series, _ = lines.read(content.split(b"\n")[:-1], len(NAMES))
        assert len(packed("w", 1, series)) > 24 * CALLS

    def bare() -> None:
        words = content.replace(b"\n", b"\t").split(b"\t")[:-1]
        for column, kind in ((1, np.int64), (2, np.float64), (3, np.float64)):
            np.array(words[column::5]).astype(kind)

    return _per_second(ours), _per_second(bare)


def _per_second(work: Callable[[], None]) -> float:
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return CALLS / min(took)

"""What `run.log` costs inside a training script, beside a bare write of the same bytes."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from trainyard._spool import Spool

from benchmarks.figures import Figure
from tests.fixtures.studio_process import StudioProcess

CALLS = 100_000


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
    """The call alone: delivery is the driver's, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(folder)
        log = microseconds(lambda number: spool.point("loss", 1.0 / (number + 1)))
        line = b'f\t50000\t1700000000.123456\t1.9999600007999842e-05\t"loss"\n'
        handle = os.open(Path(folder) / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        bare = microseconds(lambda number: os.write(handle, line))
        os.close(handle)
        nothing = microseconds(lambda number: None)
    return [
        Figure(
            "run.log(), median", log[0], bare[0], "µs", "os.write of the same bytes", "≤ 5 µs",
            f"p99 {log[1]:.1f} and {bare[1]:.1f} µs; timing itself {nothing[0]:.2f} µs",
        )
    ]  # fmt: skip

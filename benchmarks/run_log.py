"""What `run.log` costs inside a training script, beside a bare write of the same bytes."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "sdk"))

from trainyard._spool import Spool

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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(folder)
        log = microseconds(lambda number: spool.point("loss", 1.0 / (number + 1)))
        line = b'f\t50000\t1700000000.123456\t1.9999600007999842e-05\t"loss"\n'
        handle = os.open(Path(folder) / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        bare = microseconds(lambda number: os.write(handle, line))
        os.close(handle)
        nothing = microseconds(lambda number: None)
    print(f"run.log            median {log[0]:6.2f} µs   p99 {log[1]:6.2f} µs")
    print(f"bare os.write      median {bare[0]:6.2f} µs   p99 {bare[1]:6.2f} µs")
    print(f"an empty call      median {nothing[0]:6.2f} µs   (in all of them)")
    print(f"run.log / os.write {log[0] / bare[0]:.2f}")


if __name__ == "__main__":
    main()

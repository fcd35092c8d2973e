"""Logs four metrics some ten times a second; each value is the time at which it was logged."""

import statistics
import sys
import time

from azureml.core import Run

run = Run.get_context()
ends, took = time.time() + float(sys.argv[1]), []
while time.time() < ends:
    for metric in range(4):
        began = time.perf_counter()
        run.log(f"m{metric}", time.time())
        took.append((time.perf_counter() - began) * 1e6)
    time.sleep(0.1)
took.sort()
# Calls; the middle and the 99th of a hundred, in µs.
print(len(took), statistics.median(took), took[int(len(took) * 0.99)])

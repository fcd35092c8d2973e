"""Logs four metrics a step, as fast as it can, for so many seconds."""

import sys
import time

from azureml.core import Run

run = Run.get_context()
began, step = time.time(), 0
while time.time() - began < float(sys.argv[1]):
    for metric in range(4):
        run.log(f"m{metric}", step * 0.5)
    step += 1
# Steps, when it began, when it had logged all.
print(step, began, time.time())

"""Sleeps a second, then says in one line of a file (and of the log) who it was, and when."""

import os
import sys
import time

began = time.time()
time.sleep(1.0)
line = "{} {:.4f} {:.4f}\n".format(os.environ.get("AZUREML_RUN_ID", "bare"), began, time.time())
sys.stdout.write(line)
if len(sys.argv) > 1:
    with open(sys.argv[1], "a") as file:
        file.write(line)

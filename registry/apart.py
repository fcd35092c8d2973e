"""Programs of their own for strangers' bytes: what a file breaks is that program and no other."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from studio.errors import Conflict

# Each may take much memory: more at once wait.
_readers = threading.BoundedSemaphore(2)
WAIT_S = 20
# A reader's own start, on a machine that is busy.
START_S = 5
# What it is given is little: no secret, nothing of the studio's own settings.
ENVIRONMENT = {
    "PATH": os.defpath,
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    # No code of a file's own choice is loaded to unpack it.
    "HDF5_PLUGIN_PRELOAD": "::",
}


@contextmanager
def turn() -> Iterator[None]:
    """Wait until a reader may run. Raises Conflict after a while."""
    if not _readers.acquire(timeout=WAIT_S):
        raise Conflict("too many files are being read at this moment; ask again in a moment")
    try:
        yield
    finally:
        _readers.release()


@contextmanager
def started(module: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `python -m module`, spoken to through its pipes; it is killed at the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-s", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=settings.BASE_DIR,
        env=ENVIRONMENT,
        start_new_session=True,
    ) as reader:
        try:
            yield reader
        finally:
            reader.kill()

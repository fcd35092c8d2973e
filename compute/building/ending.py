"""A builder, what it started, and whoever started it end together."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys

PR_SET_PDEATHSIG = 1
# Loaded here, not between fork and exec, where a program with threads may only do little.
_libc = ctypes.CDLL(None)


def with_parent(number: int) -> None:
    """Ask the kernel for a signal when the parent ends, so that nothing builds on for nobody."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def killed_with_parent() -> None:
    """Have the kernel kill this process when its parent ends; for `preexec_fn`."""
    with_parent(signal.SIGKILL)


def all_at_once(work: str, _number: int, _frame: object) -> None:
    """End this process and all it started; `work`, the folder of the job, goes as well."""
    shutil.rmtree(work, ignore_errors=True)
    # uv may have started compilers: the whole group goes, this process with it.
    os.killpg(0, signal.SIGKILL)

"""What this machine has: CPUs, memory and GPUs, as far as this process may use them."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil
import pynvml

LIMITS = (  # cgroup v2, then v1: a studio in a container has what its container has
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Machine:
    """`gpus` holds a name for each."""

    cpus: int
    memory_bytes: int
    gpus: tuple[str, ...] = ()

    @property
    def memory_gib(self) -> float:
        return self.memory_bytes / 2**30


@cache
def this() -> Machine:
    """Return what this machine has; it does not change while the studio runs."""
    return Machine(
        cpus=_cpus(),
        memory_bytes=min([psutil.virtual_memory().total, *_limits()]),
        gpus=_gpus(),
    )


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):  # fewer, where somebody gave us a part of the machine
        return len(os.sched_getaffinity(0))
    return psutil.cpu_count() or 1


def _limits() -> list[int]:
    found = []
    for path in LIMITS:
        try:
            found.append(int(path.read_text()))
        except (OSError, ValueError):  # none, or "max"
            continue
    return found


def _gpus() -> tuple[str, ...]:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no driver: no GPU that could be used
        return ()
    try:
        handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
        return tuple(str(pynvml.nvmlDeviceGetName(handle)) for handle in handles)
    finally:
        pynvml.nvmlShutdown()

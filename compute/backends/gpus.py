"""The GPUs of this machine, by NVML: a task is told their numbers."""

from functools import cache

import pynvml


@cache
def names() -> tuple[str, ...]:
    """Return a name for each, in the order of their numbers; nothing without NVIDIA's driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no driver: no GPU that could be used
        return ()
    try:
        handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
        return tuple(str(pynvml.nvmlDeviceGetName(handle)) for handle in handles)
    finally:
        pynvml.nvmlShutdown()

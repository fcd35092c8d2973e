"""How busy the task's GPUs are, by NVIDIA's management library where it is installed."""

import ctypes
from typing import Any, Dict, List, Tuple

# NVML answers 0 for "done". Source: nvml.h, nvmlReturn_t.
DONE = 0
LIBRARY = "libnvidia-ml.so.1"


class _Busy(ctypes.Structure):
    """nvmlUtilization_t: per cent of the last moments in which a kernel ran, memory was moved."""

    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


class _Memory(ctypes.Structure):
    """nvmlMemory_t, in bytes."""

    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


class Gpus:
    """The GPUs that the task may use. `seen` is what CUDA_VISIBLE_DEVICES says, None when unset."""

    def __init__(self, seen: Any = None, library: str = LIBRARY):
        self._gpus: List[Tuple[str, Any]] = []
        try:
            self._lib = ctypes.CDLL(library)
            if self._lib.nvmlInit_v2() == DONE:
                self._gpus = self._found(seen)
        except (OSError, AttributeError):
            pass  # no driver, or one older than all that this SDK knows

    def _found(self, seen: Any) -> List[Tuple[str, Any]]:
        count = ctypes.c_uint()
        if self._lib.nvmlDeviceGetCount_v2(ctypes.byref(count)) != DONE:
            return []
        wanted = [str(number) for number in range(count.value)]
        if seen is not None:
            wanted = [word.strip() for word in seen.split(",") if word.strip()]
        found = []
        for number, word in enumerate(wanted):
            handle = ctypes.c_void_p()
            if word.isdigit():
                index = ctypes.c_uint(int(word))
                status = self._lib.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle))
            else:
                name = ctypes.c_char_p(word.encode())
                status = self._lib.nvmlDeviceGetHandleByUUID(name, ctypes.byref(handle))
            if status != DONE:
                break  # as in CUDA: what stands after a name that is none does not count
            found.append(("gpu{}".format(number), handle))
        return found

    def levels(self) -> Dict[str, float]:
        """Return what each GPU can tell, by the name of the series."""
        levels: Dict[str, float] = {}
        for name, handle in self._gpus:
            busy, memory = _Busy(), _Memory()
            if self._lib.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(busy)) == DONE:
                levels[name + "_percent"] = float(busy.gpu)
            if self._lib.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) == DONE:
                levels[name + "_memory_bytes"] = float(memory.used)
                levels[name + "_memory_limit_bytes"] = float(memory.total)
        return levels

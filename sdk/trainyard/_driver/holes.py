"""Room of a disk given back from the beginning of a file that somebody still writes to."""

import ctypes
from typing import Any

KEEP_SIZE, PUNCH_HOLE = 1, 2  # of <linux/falloc.h>
# So much before the place that is read stays: a studio that was set back may ask for it again,
# and why a script failed is read from the end.
KEPT_BYTES = 64 * 1024 * 1024
LEAST_BYTES = 16 * 1024 * 1024


def _fallocate() -> Any:
    try:
        library = ctypes.CDLL(None, use_errno=True)
        found = getattr(library, "fallocate64", None) or library.fallocate
    except (OSError, AttributeError, TypeError):
        return None
    found.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_longlong, ctypes.c_longlong]
    return found


FALLOCATE = _fallocate()


def free(place: str, freed: int, read: int) -> int:
    """Give back the room of a file's bytes before `read`, but for the last KEPT_BYTES of them.

    freed: what an earlier call returned. Returns up to where there is no room taken any more; the
    file keeps its length, and reads as zeros there. On a disk that cannot do it nothing happens.
    """
    end = read - KEPT_BYTES
    if FALLOCATE is None or end - freed < LEAST_BYTES:
        return freed
    try:
        with open(place, "r+b") as file:
            # What it cannot do now it cannot do later: it is not tried again for every mebibyte.
            FALLOCATE(file.fileno(), KEEP_SIZE | PUNCH_HOLE, freed, end - freed)
    except OSError:
        pass
    return end

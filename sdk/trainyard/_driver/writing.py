"""Which files the script has open for writing: what lies there may be half of what is to come."""

import hashlib
import os
from typing import Dict, Iterator, List, Optional, Set

READ_ONLY = 0
PIECE_BYTES = 1024 * 1024
ACCESS = 3  # of the flags of an open file, the bits that say whether it may be written to


def open_below(folder: str) -> Optional[Set[str]]:
    """Return the files below `folder` that processes below this one may write to.

    By their real paths. None where the system does not tell.
    """
    if not os.path.isdir("/proc/self/fdinfo"):
        return None
    inside = os.path.realpath(folder) + os.sep
    found: Set[str] = set()
    for pid in _descendants():
        found.update(path for path in _written_by(pid, inside))
    return found


def sha256_of_first(path: str, size: int) -> str:
    """Return the SHA-256 of the first `size` bytes of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while size > 0:
            piece = file.read(min(size, PIECE_BYTES))
            if not piece:
                break
            digest.update(piece)
            size -= len(piece)
    return digest.hexdigest()


def _written_by(pid: int, inside: str) -> Iterator[str]:
    home = "/proc/{}/".format(pid)
    try:
        numbers = os.listdir(home + "fd")
    except OSError:
        return  # It is gone, or has become somebody else.
    for number in numbers:
        try:
            path = os.readlink(home + "fd/" + number)
            if not path.startswith(inside):
                continue
            with open(home + "fdinfo/" + number) as file:
                flags = next(line for line in file if line.startswith("flags:"))
            if int(flags.split()[1], 8) & ACCESS != READ_ONLY:
                yield path
        except (OSError, StopIteration, ValueError):
            continue


def _descendants() -> List[int]:
    children: Dict[int, List[int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/{}/stat".format(name), "rb") as file:
                # The name may hold spaces and brackets; what follows the last ")" is plain.
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(name))
    found: List[int] = []
    open_ones = list(children.get(os.getpid(), []))
    while open_ones:
        pid = open_ones.pop()
        found.append(pid)
        open_ones += children.get(pid, [])
    return found

"""Processes by what they are, not by their name: a pid alone may have become somebody else's.

Standard library only: the keeper uses it, and the keeper is to stay small.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Identity:
    """One process: its pid and when it was born (clock ticks since boot, or `ps` text)."""

    pid: int
    born: str

    @property
    def is_alive(self) -> bool:
        return bool(self.born) and _born(self.pid) == self.born


def identify(pid: int) -> Identity:
    """Return who has `pid` now; an Identity that is not alive when nobody has."""
    return Identity(pid, _born(pid))


def _born(pid: int) -> str:
    """Return when `pid` was born, "" when there is none or only its exit code is left."""
    if sys.platform != "linux":
        words = ["ps", "-o", "lstart=,stat=", "-p", str(pid)]
        line = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
        born, _, state = line.rpartition(" ")
        return "" if state.startswith("Z") else born.strip()
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The name in brackets may hold anything; after it come state (3rd) … starttime (22nd).
    fields = line.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def end_with_parent(parent: int) -> Callable[[], None]:
    """Return what a child runs before exec, so that it gets SIGTERM when `parent` dies.

    Linux only; elsewhere the record of the children lets the next `up` or `down` end them.
    """

    def before_exec() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died between fork and here
                os._exit(0)

    return before_exec


def end(identity: Identity, *, patience_s: float, sign: signal.Signals = signal.SIGTERM) -> bool:
    """Ask a process to end, wait, then kill it. Returns False when it had to be killed."""
    for number, seconds in ((sign, patience_s), (signal.SIGKILL, 5.0)):
        if not identity.is_alive:
            return True
        try:
            os.kill(identity.pid, number)
        except ProcessLookupError:
            return True
        if wait_gone([identity], seconds):
            return number is not signal.SIGKILL
    return False


def wait_gone(identities: Iterable[Identity], seconds: float) -> bool:
    """Wait until none of them is alive. Returns whether that came within `seconds`."""
    deadline = time.monotonic() + seconds
    left = list(identities)
    while left := [identity for identity in left if identity.is_alive]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def tasks_below(folder: Path) -> int:
    """Count the running tasks whose work folder lies below `folder`, of the studio's own user.

    Training goes on while the studio is down; who stops the studio should be told so.
    """
    place = os.fsencode(folder) + b"/"
    works = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = environ.read_bytes().split(b"\0")
        except OSError:  # another user's, or gone meanwhile
            continue
        works |= {
            variable for variable in variables if variable.startswith(b"TRAINYARD_WORK=" + place)
        }
    return len(works)

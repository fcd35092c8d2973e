"""A process of the script: started in a group of its own; and the end of what such left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Sequence

from trainyard._driver import failure

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# What a script left behind gets so long to go by itself once the script is done.
LEFT_BEHIND_S = 2.0
# Who has printed a traceback may take so long to be gone: it has connections and workers to end.
DYING_S = 30.0
# Times of files are told in ticks of up to 10 ms. Who fails for want of a peer failed after that
# one, also when both wrote in one tick.
TICKS_S = 0.05


def _prctl() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None


# Bound here: between fork and exec nothing may be imported or looked up.
PRCTL = _prctl()


class Script:
    """A started script. `exit_code` or `signal` say how it ended.

    started_at, ended_at: monotonic.   failed_at: when it had printed why it failed, else ended_at.
    Its peers lose the connection to one that fails, and may well be gone before it.
    """

    def __init__(
        self,
        command: List[str],
        folder: str,
        environ: Dict[str, str],
        log: str,
        *,
        rank: int = 0,
        on_exit: Callable[[], None],
    ):
        """Start `command` in `folder`; all it prints is appended to the file `log`.

        Raises OSError when it cannot be started.
        """
        if PRCTL is not None:
            # Orphans of the script become our children, so that none of them can get away.
            PRCTL(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.exit_code: Optional[int] = None
        self.signal: Optional[int] = None
        self.rank = rank
        self.log = log
        self.printed_from = _size(log)  # what is in it before is ours
        self.started_at = self.ended_at = self.failed_at = time.monotonic()
        self._on_exit = on_exit
        with open(log, "ab") as out, open(os.devnull, "rb") as nothing:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environ,
                stdin=nothing,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
            )
        self.pid = self._process.pid
        threading.Thread(target=self._wait, name="script", daemon=True).start()

    def _wait(self) -> None:
        code = self._process.wait()
        self.ended_at = self.failed_at = time.monotonic()
        if code == 1 and self.is_dying:
            later_s = TICKS_S if failure.is_of_a_peer(self.log) else 0.0
            self.failed_at -= max(0.0, self._silent_s() - later_s)
        if code < 0:
            self.signal = -code
        else:
            self.exit_code = code
        self._on_exit()

    @property
    def has_ended(self) -> bool:
        """Whether it has, by itself or by a signal."""
        return self.exit_code is not None or self.signal is not None

    @property
    def has_failed(self) -> bool:
        """Whether it ended by a signal, or with another code than 0."""
        return self.has_ended and self.exit_code != 0

    @property
    def is_dying(self) -> bool:
        """Whether it has just printed a traceback: maybe its last words, maybe not."""
        return self._silent_s() < DYING_S and failure.are_last_words(self.log)

    def _silent_s(self) -> float:
        try:
            return max(0.0, time.time() - os.stat(self.log).st_mtime)
        except OSError:
            return 0.0

    @property
    def end(self) -> Dict[str, Optional[int]]:
        """How it ended, as the studio is told."""
        return {"exit_code": self.exit_code, "signal": self.signal}

    @property
    def ran_s(self) -> float:
        """How long it ran, in seconds; for one that has ended."""
        return self.ended_at - self.started_at

    def tell(self, number: int) -> None:
        """Send a signal to the script's whole group; nothing happens when it is gone."""
        _tell_group(self.pid, number)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def end_left(groups: Sequence[int]) -> int:
    """End what ended scripts left: their groups, and children that left those.

    All children of this process count as left, so no script may be running any more.
    Returns how many processes there were.
    """
    left = _left(groups)
    if not left:
        return 0
    _tell_all(groups, left, signal.SIGTERM)
    deadline = time.monotonic() + LEFT_BEHIND_S
    while _left(groups) and time.monotonic() < deadline:
        time.sleep(0.01)
    for _ in range(100):
        rest = _left(groups)
        if not rest:
            break
        _tell_all(groups, rest, signal.SIGKILL)
        time.sleep(0.02)
    return len(left)


def _left(groups: Sequence[int]) -> List[int]:
    """Return the processes that are still there, of the groups or below us; bury the dead."""
    children = _children()
    if children is None:
        return [group for group in groups if _is_there(group)]
    alive = []
    for pid, group, parent, state in children:
        is_ours = group in groups or parent == os.getpid()
        if is_ours and state == "Z":
            _bury(pid)
        elif is_ours:
            alive.append(pid)
    return alive


def _tell_all(groups: Sequence[int], pids: Sequence[int], number: int) -> None:
    for group in groups:
        _tell_group(group, number)
    for pid in pids:
        _tell(pid, number)


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
        return True
    except (ProcessLookupError, PermissionError):
        return False


def _die_with(parent: int) -> Optional[Callable[[], None]]:
    """Return what makes a child die when its driver is killed: a kill -9 leaves no script."""
    if PRCTL is None:
        return None

    def before_exec() -> None:
        PRCTL(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(255)

    return before_exec


def _children() -> Optional[List[Any]]:
    """Return (pid, group, parent, state) of every process; None where there is no /proc."""
    if not os.path.exists("/proc/self/stat"):
        return None
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/{}/stat".format(name), "rb") as file:
                # The name may hold spaces and brackets; what follows the last ")" is plain.
                words = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        found.append((int(name), int(words[2]), int(words[1]), words[0].decode()))
    return found


def _bury(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def _tell_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass


def _tell(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass

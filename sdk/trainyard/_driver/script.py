"""The script's process: started in a group of its own, ended with everything it left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# What a script left behind gets so long to go by itself once the script is done.
LEFT_BEHIND_S = 2.0


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
    """A started script. `exit_code` and `signal` are set once it has ended."""

    def __init__(
        self,
        command: List[str],
        folder: str,
        environ: Dict[str, str],
        log: str,
        *,
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
        if code < 0:
            self.signal = -code
        else:
            self.exit_code = code
        self._on_exit()

    @property
    def has_ended(self) -> bool:
        return self.exit_code is not None or self.signal is not None

    def tell(self, number: int) -> None:
        """Send a signal to the script's whole group; nothing happens when it is gone."""
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def end_all(self) -> int:
        """End what the ended script left: its group, and children that left the group.

        Returns how many processes there were.
        """
        left = self._left()
        if not left:
            return 0
        self.tell(signal.SIGTERM)
        for pid in left:
            _tell(pid, signal.SIGTERM)
        deadline = time.monotonic() + LEFT_BEHIND_S
        while self._left() and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(100):
            rest = self._left()
            if not rest:
                break
            self.tell(signal.SIGKILL)
            for pid in rest:
                _tell(pid, signal.SIGKILL)
            time.sleep(0.02)
        return len(left)

    def _left(self) -> List[int]:
        """Return the processes that are still there, of the group or below us; bury the dead."""
        children = _children()
        if children is None:
            try:
                os.killpg(self.pid, 0)
                return [self.pid]
            except (ProcessLookupError, PermissionError):
                return []
        alive = []
        for pid, group, parent, state in children:
            is_ours = group == self.pid or parent == os.getpid()
            if is_ours and state == "Z":
                _bury(pid)
            elif is_ours:
                alive.append(pid)
        return alive


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


def _tell(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass

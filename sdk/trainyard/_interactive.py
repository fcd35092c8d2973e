"""What is logged to a run that has no driver here, brought from this process as a driver brings it.

    run.log ──► spool in a folder of ours ──► the driver's own threads, here ──► studio

The threads are started with the run and end with complete() or fail(); what a script leaves behind
that calls neither is brought when its process ends, and its run stays Running.

To a run that somebody else began and ends (a step's pipeline run, one that was submitted) each
process logs the same way, from its first call to its end: Outside.
"""

import atexit
import os
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from trainyard import _errors
from trainyard._client import Client
from trainyard._driver.link import Link, Patience
from trainyard._driver.metrics import MetricShipper
from trainyard._driver.outputs import OutputShipper
from trainyard._driver.shipper import Shipper
from trainyard._lazy import shutil, tempfile
from trainyard._spool import Spool
from trainyard._transport import Transport

DELIVER_S = 600.0
AT_EXIT_S = 60.0
LOOK_S = 0.2  # how soon flush() sees that a run has ended


class Session:
    """The spool of an interactive run, and what empties it.

    token: the run's own.   outputs: the folder whose files become outputs/… at the end.
    """

    def __init__(self, client: Client, run_id: str, token: str, outputs: str):
        self._run_id = run_id
        self._pid = os.getpid()
        self._folder = tempfile.mkdtemp(prefix="trainyard-")
        self._patience = Patience()
        self._is_over = False
        self.has_ended = False
        self.spool = self._spool_in(self._folder)

        def link() -> Link:
            transport = Transport(client.url, token, client._socket_path, patience_s=0)
            return Link(transport, self._patience)

        metrics = os.path.join(self._folder, "metrics")
        uploads = os.path.join(self._folder, "uploads")
        self._shippers: List[Shipper] = [
            MetricShipper(link(), self._on_ended, metrics, ""),
            _Files(link(), self._on_ended, outputs, uploads),
        ]
        for shipper in self._shippers:
            shipper.start()
        atexit.register(self._at_exit)

    def _spool_in(self, folder: str) -> Spool:
        return Spool(folder)

    def _on_ended(self) -> None:
        """The studio takes nothing more: somebody canceled or ended the run elsewhere."""
        was_said, self.has_ended = self.has_ended, True
        if not self._is_over and not was_said:
            self._say("run {} has ended; nothing more is kept of it".format(self._run_id))

    def finish(self, within_s: float = DELIVER_S) -> None:
        """Bring the rest, outputs with it; say on stderr what could not be brought."""
        if self._is_over or os.getpid() != self._pid:
            return
        self._is_over = True
        atexit.unregister(self._at_exit)
        self._patience.ends_in(within_s)
        for shipper in self._shippers:
            shipper.finish()
        for shipper in self._shippers:
            shipper.join()
        for note in [note for shipper in self._shippers for note in shipper.notes]:
            self._say(note)
        left = "; ".join(shipper.undelivered for shipper in self._shippers if shipper.undelivered)
        if left:
            self._say("not brought to the studio: {}".format(left))
        else:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _at_exit(self) -> None:
        if os.getpid() == self._pid and not self._is_over:
            self.finish(AT_EXIT_S)
            self._say(
                "run {} is Running still: call run.complete() at the end of the script, or use"
                " `with experiment.start_logging() as run:`".format(self._run_id)
            )

    def _say(self, text: str) -> None:
        sys.stderr.write("trainyard: {}\n".format(text))


class Outside(Session):
    """What this process logs to a run that goes on without it.

    Nothing is kept of ./outputs, and the run's end is not its business.
    Raises UserErrorException for a run that has ended, NotAllowed.
    """

    def __init__(self, client: Client, run_id: str):
        try:
            token = client.post("runs/{}/logging".format(run_id), {})["token"]
        except _errors.Conflict as error:
            raise _errors.UserErrorException(error.message) from None
        super().__init__(client, run_id, token, os.devnull)
        _at_end_of_worker(self._at_exit)

    def _spool_in(self, folder: str) -> Spool:
        return _SpoolOutside(folder)

    def flush(self, timeout_s: float) -> bool:
        """Wait until the studio has all points, or takes no more; False when time is over."""
        deadline = time.monotonic() + timeout_s
        while not self.has_ended and not self.spool.flush(min(timeout_s, LOOK_S)):
            if time.monotonic() > deadline:
                return False
        return True

    def _at_exit(self) -> None:
        self.finish(AT_EXIT_S)


class _SpoolOutside(Spool):
    """A spool whose files have names that no other process chooses, nor the run's own script."""

    def take_path(self, *wanted: str) -> str:
        mark = "_" + os.urandom(4).hex()
        head, dot, ending = wanted[-1].rpartition(".")
        if "/" in ending or not head:
            return super().take_path(wanted[-1] + mark)
        return super().take_path(head + mark + dot + ending)


_sessions: Dict[Tuple[int, str, str], Outside] = {}
# By process: the lock of a forked child's parent may be held by a thread that the fork left behind.
_locks: Dict[int, Any] = {}


def outside(client: Client, run_id: str, is_new: bool = False) -> Outside:
    """Return the session by which this process logs to a run from outside; begin it if need be.

    is_new: ask the studio for another, as where the run seems to have ended.
    Raises UserErrorException for a run that has ended, NotAllowed.
    """
    key = (os.getpid(), client.url, run_id)
    with _locks.setdefault(os.getpid(), threading.Lock()):
        found = _sessions.get(key)
        if found is None or found.has_ended or is_new:
            found = _sessions[key] = Outside(client, run_id)
        return found


def begun(client: Client, run_id: str) -> Optional[Outside]:
    """Return the session that outside() has begun in this process; None where it has not."""
    return _sessions.get((os.getpid(), client.url, run_id))


def _at_end_of_worker(call: Callable[[], Any]) -> None:
    """Have a process of multiprocessing make this call at its end: it does nothing of atexit."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, call, exitpriority=0)


class _Files(OutputShipper):
    """Brings files that were handed over by name as they come, those of a folder at the end."""

    def step(self, is_last: bool) -> bool:
        return super().step(True) if is_last else self._bring_uploads()

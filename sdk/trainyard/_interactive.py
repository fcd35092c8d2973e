"""What an interactive run logs, brought to the studio from this process, as a driver brings it.

    run.log ──► spool in a folder of ours ──► the driver's own threads, here ──► studio

The threads are started with the run and end with complete() or fail(); what a script leaves behind
that calls neither is brought when its process ends, and its run stays Running.
"""

import atexit
import os
import sys
from typing import List

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
        self.spool = Spool(self._folder)

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

    def _on_ended(self) -> None:
        """The studio takes nothing more: somebody canceled or ended the run elsewhere."""
        if not self._is_over:
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


class _Files(OutputShipper):
    """Brings files that were handed over by name as they come, those of a folder at the end."""

    def step(self, is_last: bool) -> bool:
        return super().step(True) if is_last else self._bring_uploads()

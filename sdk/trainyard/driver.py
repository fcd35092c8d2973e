"""The driver: what a node runs instead of the script, and beside it. `python -m trainyard.driver`

    say Starting ─► fetch the job ─► lay out its code ─► start the script ─► say Running
                                                             │  (once for each of the node's ranks)
      heartbeat · logs · metrics · outputs, a thread each ───┤
                                                             │  cancel, SIGTERM, or one rank failed:
                                                             ▼  TERM, grace, KILL to all others
    say Finalizing ─► bring the rest ─► finish with exit code, signal, error

The script never waits for the studio: what it prints and logs goes to files, and is brought from
there. When the studio is away the calls are repeated; what could not be brought is said at the end.
Standard library only. Variables: docs/api.md, "Driver"; TRAINYARD_DELIVER_SECONDS (600) is how long
the rest is tried to be brought after the script has ended.
"""

import os
import shutil
import signal
import sys
import threading
import time
from typing import Any, Dict, Optional, Tuple

from trainyard import _errors
from trainyard._client import Client
from trainyard._driver import failure, layout, telling, variables
from trainyard._driver.bell import Bell
from trainyard._driver.inputs import Stopped
from trainyard._driver.link import Link, Patience, RunEnded, Undelivered
from trainyard._driver.logs import LogShipper
from trainyard._driver.metrics import MetricShipper
from trainyard._driver.monitor import Monitor, offer_first
from trainyard._driver.outputs import OutputShipper
from trainyard._driver.part import Part
from trainyard._driver.preparation import Preparation
from trainyard._driver.ranks import Ranks
from trainyard._driver.script import Script
from trainyard._driver.telling import SIGNAL, STUDIO
from trainyard._driver.written import Written
from trainyard._transport import Transport

HEARTBEAT_S = 1.0
# Whoever ends the task gives it the same grace: the script must be gone a little earlier, so that
# its last lines still reach the studio.
SHARE_OF_GRACE = 0.7
NOT_DELIVERED = 3
NOT_KEPT = "OutputNotKept"
STOPS = (signal.SIGTERM, signal.SIGINT)

Shippers = Tuple[LogShipper, MetricShipper, OutputShipper]


class Driver:
    """One task of a run, from its environment variables to its end."""

    def __init__(self, environ: Dict[str, str]):
        self.environ = environ
        self.task = environ.get("TRAINYARD_TASK", "")
        self.work = os.path.abspath(environ["TRAINYARD_WORK"])
        self.code = os.path.join(self.work, "code")
        self.spool = os.path.join(self.work, "spool")
        self.deliver_s = float(environ.get("TRAINYARD_DELIVER_SECONDS") or 600)
        self.patience = Patience()
        self.link = self._link()
        self.bell = Bell()
        self.asked_by = ""
        self.run_ended = False
        self.job: Dict[str, Any] = {}
        self.part = Part({})
        self.ranks: Optional[Ranks] = None
        self.written = Written({}, self.work, say=lambda line: None)
        self.monitor: Optional[Monitor] = None
        # What the heartbeat tells from then on: the other nodes must not wait for our last words.
        self._failed: Dict[str, Any] = {}
        self._ended_others = False
        # Said by the heartbeat's thread: a studio that is away must not keep us from a cancel.
        self._unsaid: Optional[Dict[str, str]] = None
        self._saying = threading.Lock()  # "Running" goes before "Finalizing", however short it was
        self._beat_now = threading.Event()
        self._done = False
        self._unwritten = ""
        self._began = time.monotonic()

    def _link(self) -> Link:
        """Return a line for one thread."""
        environ = self.environ
        url, token = environ["TRAINYARD_URL"], environ["AZUREML_RUN_TOKEN"]
        transport = Transport(url, token, environ.get("TRAINYARD_SOCKET"), patience_s=0)
        return Link(transport, self.patience)

    def _call(self, method: str, path: str, data: Any = None) -> Dict[str, Any]:
        """Make a call about this task, from the main thread."""
        return self.link.call(method, path, self._named(), data=data)

    def _named(self) -> Optional[Dict[str, Any]]:
        return {"task": self.task} if self.task else None

    # --- from start to end ------------------------------------------------------------
    def drive(self) -> int:
        """Do all of it; return the driver's exit code."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        self.patience.ends_in(self.deliver_s)
        self.job = self._call("GET", "job")
        self.part = Part(self.job)
        if self.job.get("cancel"):
            self._on_cancel()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        self._fresh_folders()
        shippers = self._shippers()
        try:
            shippers[0].start()  # laying out large inputs takes a while, and says how far it is
            prepared = self._lay_out(shippers[2])
            if self.asked_by or self.run_ended:
                return self._do_not_start(shippers)
            self.monitor = self._monitor()
            ranks = self._start(prepared, shippers[2])
        except (layout.NotLaid, OSError) as error:
            return self._could_not_start(shippers, error)
        for script in ranks:
            offer_first(script.pid)
        self.monitor.start()
        # From here on the script is what counts: the studio may be away as long as it likes.
        self.patience.forever()
        for shipper in shippers[1:]:
            shipper.start()
        self._unsaid = {"state": "Running", "text": ""}
        self._beat_now.set()
        is_canceled = self._watch(ranks)
        self.monitor.finish()
        return self._end(ranks, shippers, is_canceled)

    def _fresh_folders(self) -> None:
        for folder in (self.code, self.spool):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)

    def _shippers(self) -> Shippers:
        gone = self._on_run_ended
        part = self.part
        sizes = self.job.get("logs")
        log = LogShipper(self._link(), gone, os.path.join(self.code, "logs"), part.own_log, sizes)
        # In the order in which people read them: what comes before is whole when the next begins.
        for own in (part.node_log, part.preparation):
            log.follow(own, self._place(own))
        for rank in part.numbers:
            log.follow_printed(part.log(rank), self._place(part.log(rank)))
        metrics = MetricShipper(self._link(), gone, os.path.join(self.spool, "metrics"), self.task)
        outputs = OutputShipper(
            self._link(),
            gone,
            os.path.join(self.code, "outputs"),
            os.path.join(self.spool, "uploads"),
        )
        return log, metrics, outputs

    def _place(self, log: str) -> str:
        """Return the file in the spool that becomes this log."""
        return os.path.join(self.spool, os.path.basename(log))

    def _write(self, log: str, text: str) -> None:
        """Add a line to one of the driver's own logs, with the seconds since it began."""
        line = "[{:8.3f} s] {}\n".format(time.monotonic() - self._began, text)
        try:
            with open(self._place(log), "a", encoding="utf-8", errors="replace") as file:
                file.write(line)
        except OSError:
            self._unwritten += line  # The disk is full: it is brought without a file.

    # --- before the script ------------------------------------------------------------
    def _lay_out(self, outputs: OutputShipper) -> Preparation:
        """Write the code, what an earlier task of this run has kept, and the inputs."""
        environ = self.environ
        client = Client(
            environ["TRAINYARD_URL"],
            environ["AZUREML_RUN_TOKEN"],
            environ.get("TRAINYARD_SOCKET"),
            self.deliver_s,
        )
        prepared = Preparation(
            self.job,
            self.part,
            self.work,
            write=self._write,
            place=self._place,
            is_stopped=lambda: bool(self.asked_by) or self.run_ended,
        )
        try:
            prepared.lay(client, outputs)
        except Stopped:
            pass  # Who called looks whether that was asked.
        client.close()
        return prepared

    def _start(self, prepared: Preparation, outputs: OutputShipper) -> Ranks:
        command, self.written = prepared.command(), prepared.written
        self.ranks = Ranks(self.part, self.bell, self._place, outputs.look_at_open)
        self.ranks.start(command, self.code, prepared.environ(self.environ, self.spool))
        return self.ranks

    def _monitor(self) -> Monitor:
        environ = dict(self.environ, **(self.job.get("variables") or {}))
        return Monitor(self.spool, int(self.job.get("node_number") or 1), environ)

    def _do_not_start(self, shippers: Shippers) -> int:
        """End a run that was canceled before its script began."""
        shippers[0].finish()
        shippers[0].join()
        if self.run_ended:
            return 0
        return self._finish({"exit_code": None, "signal": None, "canceled": True})

    def _could_not_start(self, shippers: Shippers, error: Exception) -> int:
        self._write(self.part.preparation, "could not start: {}".format(error))
        shippers[0].finish()
        shippers[0].join()
        message = str(error)
        if self.part.nodes > 1:
            message = "node {}: {}".format(self.job.get("node_number"), message)
        said = {"type": "StartFailed", "message": message}
        return self._finish({"exit_code": None, "signal": None, "error": said})

    # --- while it runs ------------------------------------------------------------
    def _watch(self, ranks: Ranks) -> bool:
        """Wait for the end of all ranks; end them when one fails, or when that is asked.

        Returns whether they ended because it was asked.
        """
        while not (ranks.have_ended or ranks.failed or self.asked_by or self.run_ended):
            self.bell.wait(None)
        failed = ranks.failed
        if failed is not None and self.part.is_several:
            self._failed = self._failure(failed)
            self._beat_now.set()
        if ranks.have_ended:
            return False
        self._ended_others = failed is not None
        return not ranks.end(SHARE_OF_GRACE * float(self.job.get("cancel_grace_s") or 10))

    def _beat(self) -> None:
        link = self._link()
        while not self._done:
            self._beat_now.wait(HEARTBEAT_S)
            self._beat_now.clear()
            try:
                with self._saying:
                    said, self._unsaid = self._unsaid, None
                    path = "state" if said else "heartbeat"
                    answer = link.call("POST", path, self._named(), data=said or self._beat_of())
                if answer["cancel"]:
                    self._on_cancel()
            except RunEnded:
                self._on_run_ended()
            except Undelivered:
                return
            except _errors.StudioError as error:
                sys.stderr.write("driver: heartbeat: {}\n".format(error.message))

    def _beat_of(self) -> Dict[str, Any]:
        """Return what a heartbeat says: nothing, or that a rank has failed."""
        return {"failed": self._failed} if self._failed else {}

    def _on_signal(self, number: int, frame: Any) -> None:
        self.asked_by = self.asked_by or SIGNAL
        self.bell.ring()

    def _on_cancel(self) -> None:
        # Also after a signal: a studio that wants the end has sent that, too.
        self.asked_by = STUDIO
        self.bell.ring()

    def _on_run_ended(self) -> None:
        self.run_ended = True
        self.bell.ring()

    def _say_state(self, state: str, text: str) -> None:
        answer = self._call("POST", "state", {"state": state, "text": text})
        if answer.get("cancel"):
            self._on_cancel()

    # --- after it ------------------------------------------------------------
    def _end(self, ranks: Ranks, shippers: Shippers, is_canceled: bool) -> int:
        """Bring what is left, then say how it ended."""
        for script in ranks:
            if script.signal is not None:
                shippers[2].was_killed(_unix(script.ended_at))
        left = ranks.end_left()
        self.patience.ends_in(self.deliver_s)
        for shipper in shippers:
            shipper.finish()
        with self._saying:
            if self._unsaid and not self.run_ended:
                self._say_state("Running", "")
                self._unsaid = None
            if not self.run_ended:
                self._say_state("Finalizing", "")
        for shipper in shippers:
            shipper.join()
        undelivered = "; ".join(shipper.undelivered for shipper in shippers if shipper.undelivered)
        if self.run_ended:
            sys.stderr.write("driver: the studio has closed this run; {}\n".format(undelivered))
            return NOT_DELIVERED if undelivered else 0
        told = ranks.told
        # A signal to all that runs here may have reached a script a moment before it reached us.
        is_canceled = is_canceled or bool(self.asked_by and told.signal in STOPS)
        error = None if is_canceled else self._error(ranks, told)
        is_well = not (told.has_failed or is_canceled)
        lines, refused = self.written.bring(self.link, is_well)
        if refused and is_well:
            error = {"type": NOT_KEPT, "message": "; ".join(refused)}
        self._write_end(ranks, shippers, left, is_canceled)
        for line in lines:
            self._write(self.part.end, line)
        shippers[0].follow(self.part.end, self._place(self.part.end))
        shippers[0].bring_rest()
        if self._unwritten:
            shippers[0].tell(self.part.end, self._unwritten)
        said = self._failure(told) if told.has_failed and not is_canceled else told.end
        return self._finish(
            dict(said, error=error, canceled=is_canceled, undelivered=undelivered[:2000])
        )

    def _failure(self, script: Script) -> Dict[str, Any]:
        """Say which process failed, how, and when: the studio finds the first of all nodes."""
        rank = script.rank if self.part.is_several else None
        return dict(script.end, rank=rank, failed_at=_unix(script.failed_at))

    def _error(self, ranks: Ranks, script: Script) -> Optional[Dict[str, str]]:
        """Say why a script failed, as far as its node or its log knows."""
        error, log = None, script.log
        if script.exit_code:
            error = failure.of_log(log) if script.exit_code == 1 else None
            error = error or failure.of_last_line(log, script.exit_code, script.printed_from)
        memory = self.monitor and self.monitor.out_of_memory(script.exit_code, script.signal)
        if memory:
            self._write(self.part.end, memory)
            error = dict(error or {}, type="OutOfMemory", message=memory)
        elif script.has_failed:
            error = failure.of_full_disk(self.work, error) or error
        if not self.part.is_several or not script.has_failed:
            return error
        if error is None:
            return {"type": "ScriptFailed", "message": ranks.how(script)}
        message = "{}: {}".format(self.part.called(script.rank), error["message"])
        return dict(error, message=message)

    def _write_end(self, ranks: Ranks, shippers: Shippers, left: int, is_canceled: bool) -> None:
        by = self.asked_by if is_canceled else ""
        lines = telling.of_ends(ranks.ends(self._ended_others), left, by, self.part.processes)
        for line in lines + telling.of_shippers(shippers):
            self._write(self.part.end, line)

    def _finish(self, said: Dict[str, Any]) -> int:
        self.patience.ends_in(self.deliver_s)
        words: Dict[str, Any] = {"error": None, "canceled": False, "undelivered": "", "rank": None}
        words.update(said)
        words["told"] = self.asked_by if words["canceled"] else ""
        try:
            self._call("POST", "finish", words)
        finally:
            self._done = True
        if words["undelivered"]:
            sys.stderr.write("driver: not delivered: {}\n".format(words["undelivered"]))
        return NOT_DELIVERED if words["undelivered"] else 0


def _unix(monotonic: float) -> float:
    """Return the Unix time of a moment of the clock that never jumps."""
    return time.time() - (time.monotonic() - monotonic)


def main() -> int:
    """Drive the run that the environment names; say on stderr what went wrong with that."""
    if sys.getfilesystemencoding() == "ascii" and os.environ.get("LC_ALL") != variables.UTF_8:
        # Python 3.6 in the C locale could not even name a file "ä": begin again in UTF-8.
        os.environ["LC_ALL"] = variables.UTF_8
        os.execv(sys.executable, [sys.executable, "-m", "trainyard.driver"])
    driver: Optional[Driver] = None
    try:
        driver = Driver(dict(os.environ))
        return driver.drive()
    except KeyError as error:
        sys.stderr.write("driver: the variable {} is not set\n".format(error))
    except RunEnded as error:
        sys.stderr.write("driver: the studio has closed this run: {}\n".format(error))
    except Undelivered as error:
        sys.stderr.write("driver: the end of the run was not delivered: {}\n".format(error))
    except (_errors.AzureMLException, OSError) as error:
        sys.stderr.write("driver: {}: {}\n".format(type(error).__name__, error))
    finally:
        if driver is not None and driver.ranks is not None:
            driver.ranks.kill()
    return NOT_DELIVERED


if __name__ == "__main__":
    sys.exit(main())

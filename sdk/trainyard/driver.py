"""The driver: what a node runs instead of the script, and beside it. `python -m trainyard.driver`

    say Starting ─► fetch the job ─► lay out its code ─► start the script ─► say Running
                                                             │
      heartbeat · logs · metrics · outputs, a thread each ───┤  cancel or SIGTERM: TERM, grace, KILL
                                                             ▼
    say Finalizing ─► bring the rest ─► finish with exit code, signal, error

The script never waits for the studio: what it prints and logs goes to files, and is brought from
there. When the studio is away the calls are repeated; what could not be brought is said at the end.
Standard library only. Variables: docs/api.md, "Driver"; TRAINYARD_DELIVER_SECONDS (600) is how long
the rest is tried to be brought after the script has ended.
"""

import os
import select
import shutil
import signal
import sys
import threading
import time
from typing import Any, Dict, List, Optional, Tuple

from trainyard import _errors
from trainyard._client import Client
from trainyard._driver import failure, layout, logs
from trainyard._driver.link import Link, Patience, RunEnded, Undelivered
from trainyard._driver.logs import LogShipper
from trainyard._driver.metrics import MetricShipper
from trainyard._driver.monitor import Monitor, offer_first
from trainyard._driver.outputs import OutputShipper
from trainyard._driver.script import Script
from trainyard._transport import Transport

HEARTBEAT_S = 1.0
# Whoever ends the task gives it the same grace: the script must be gone a little earlier, so that
# its last lines still reach the studio.
SHARE_OF_GRACE = 0.7
NOT_DELIVERED = 3
LOCALES, UTF_8 = ("LC_ALL", "LC_CTYPE", "LANG"), "C.UTF-8"

Shippers = Tuple[LogShipper, MetricShipper, OutputShipper]


class Bell:
    """Wakes the main thread: rung by threads and by signal handlers, where no lock may be taken."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        os.set_blocking(self._in, False)

    def ring(self) -> None:
        try:
            os.write(self._in, b".")
        except BlockingIOError:
            pass  # It is ringing already.

    def wait(self, timeout_s: Optional[float]) -> None:
        if select.select([self._out], [], [], timeout_s)[0]:
            os.read(self._out, 4096)


class Driver:
    """One run of one task, from its environment variables to its end."""

    def __init__(self, environ: Dict[str, str]):
        self.environ = environ
        self.work = os.path.abspath(environ["TRAINYARD_WORK"])
        self.code = os.path.join(self.work, "code")
        self.spool = os.path.join(self.work, "spool")
        self.deliver_s = float(environ.get("TRAINYARD_DELIVER_SECONDS") or 600)
        self.patience = Patience()
        self.link = self._link()
        self.bell = Bell()
        self.cancel_asked = False
        self.run_ended = False
        self.job: Dict[str, Any] = {}
        self.script: Optional[Script] = None
        self.monitor: Optional[Monitor] = None
        # Said by the heartbeat's thread: a studio that is away must not keep us from a cancel.
        self._unsaid: Optional[Dict[str, str]] = None
        self._saying = threading.Lock()  # "Running" goes before "Finalizing", however short it was
        self._beat_now = threading.Event()
        self._done = False
        self._began = time.monotonic()

    def _link(self) -> Link:
        """Return a line for one thread."""
        environ = self.environ
        url, token = environ["TRAINYARD_URL"], environ["AZUREML_RUN_TOKEN"]
        transport = Transport(url, token, environ.get("TRAINYARD_SOCKET"), patience_s=0)
        return Link(transport, self.patience)

    # --- from start to end ------------------------------------------------------------
    def drive(self) -> int:
        """Do all of it; return the driver's exit code."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        self.patience.ends_in(self.deliver_s)
        self._say_state("Starting", "")
        self.job = self.link.call("GET", "job")
        self.cancel_asked = self.cancel_asked or bool(self.job.get("cancel"))
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        self._fresh_folders()
        shippers = self._shippers()
        try:
            self._lay_out(shippers[2])
            if self.cancel_asked:
                return self._finish({"exit_code": None, "signal": None, "canceled": True})
            self.monitor = self._monitor()
            self.script = self._start()
        except (layout.NotLaid, OSError) as error:
            return self._could_not_start(shippers, error)
        offer_first(self.script.pid)
        self.monitor.start()
        # From here on the script is what counts: the studio may be away as long as it likes.
        self.patience.forever()
        for shipper in shippers:
            shipper.start()
        self._unsaid = {"state": "Running", "text": ""}
        self._beat_now.set()
        was_ended_by_us = self._watch(self.script)
        self.monitor.finish()
        return self._end(self.script, shippers, was_ended_by_us)

    def _fresh_folders(self) -> None:
        for folder in (self.code, self.spool):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)

    def _shippers(self) -> Shippers:
        gone = self._on_run_ended
        log = LogShipper(self._link(), gone, os.path.join(self.code, "logs"))
        for path in (logs.PREPARATION, logs.DRIVER):
            log.follow(path, self._place(path))
        metrics = MetricShipper(self._link(), gone, os.path.join(self.spool, "metrics"))
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
        with open(self._place(log), "a", encoding="utf-8", errors="replace") as file:
            file.write("[{:8.3f} s] {}\n".format(time.monotonic() - self._began, text))

    # --- before the script ------------------------------------------------------------
    def _lay_out(self, outputs: OutputShipper) -> None:
        """Write the code and what an earlier task of this run has kept."""
        job, environ = self.job, self.environ
        self._write(
            logs.PREPARATION,
            "run {} on node {} of {}".format(
                job["run_id"], job.get("node_number", "-"), job.get("cluster", "-")
            ),
        )
        client = Client(
            environ["TRAINYARD_URL"],
            environ["AZUREML_RUN_TOKEN"],
            environ.get("TRAINYARD_SOCKET"),
            self.deliver_s,
        )
        laid = layout.lay(client, self.code, job["files"])
        kept = layout.lay(client, self.code, job.get("outputs") or [])
        client.close()
        for name in ("outputs", "logs"):
            os.makedirs(os.path.join(self.code, name), exist_ok=True)
        for one in kept:
            outputs.known(one.path, one.place, one.sha256)
        size = sum(one.size for one in laid)
        words = "code laid out: {} files, {:,} bytes".format(len(laid), size)
        if kept:
            words += "; {} earlier outputs restored".format(len(kept))
        self._write(logs.PREPARATION, words)

    def _start(self) -> Script:
        command = self._command()
        self._write(logs.PREPARATION, "starting: " + " ".join(map(_quoted, command)))
        return Script(
            command,
            self.code,
            self._script_environ(),
            self._place(logs.DRIVER),
            on_exit=self.bell.ring,
        )

    def _monitor(self) -> Monitor:
        environ = dict(self.environ, **(self.job.get("variables") or {}))
        return Monitor(self.spool, int(self.job.get("node_number") or 1), environ)

    def _command(self) -> List[str]:
        program = "bash" if self.job["script"].endswith(".sh") else sys.executable
        return [program, self.job["script"]] + [str(word) for word in self.job["arguments"]]

    def _script_environ(self) -> Dict[str, str]:
        job, environ = self.job, dict(self.environ)
        variables = job.get("variables") or {}
        environ.update(variables)
        # The code first, then the client; what the environment adds must not take them away.
        more = [self.environ.get("PYTHONPATH", ""), variables.get("PYTHONPATH", "")]
        paths = [self.code] + [p for text in more for p in text.split(os.pathsep) if p]
        environ.update(
            AZUREML_RUN_ID=job["run_id"],
            AZUREML_ARM_SUBSCRIPTION=job.get("subscription_id", "trainyard"),
            AZUREML_ARM_RESOURCEGROUP=job.get("resource_group", "trainyard"),
            AZUREML_ARM_WORKSPACE_NAME=job["workspace"],
            AZUREML_ARM_PROJECT_NAME=job["experiment"],
            AZUREML_EXPERIMENT_ID=job["experiment"],
            AZUREML_WORKSPACE_ID=job["workspace"],
            AZUREML_SERVICE_ENDPOINT=environ["TRAINYARD_URL"],
            AZUREML_OUTPUT_DIRECTORY=os.path.join(self.code, "outputs"),
            TRAINYARD_SPOOL=self.spool,
            PYTHONPATH=os.pathsep.join(sorted(set(paths), key=paths.index)),
            PYTHONUNBUFFERED="1",
        )
        if all(environ.get(name) in (None, "", "C", "POSIX") for name in LOCALES):
            # Without one, Python 3.6 takes ASCII for what it prints and for names of files.
            environ["LC_ALL"] = UTF_8
        return environ

    def _could_not_start(self, shippers: Shippers, error: Exception) -> int:
        self._write(logs.PREPARATION, "could not start: {}".format(error))
        shippers[0].bring_rest()
        said = {"type": "StartFailed", "message": str(error)}
        return self._finish({"exit_code": None, "signal": None, "error": said})

    # --- while it runs ------------------------------------------------------------
    def _watch(self, script: Script) -> bool:
        """Wait for the script's end; end it when that is asked. True when it was asked."""
        while not script.has_ended and not self.cancel_asked and not self.run_ended:
            self.bell.wait(None)
        if script.has_ended:
            return False
        grace_s = SHARE_OF_GRACE * float(self.job.get("cancel_grace_s") or 10)
        deadline = time.monotonic() + grace_s
        script.tell(signal.SIGTERM)
        while not script.has_ended and time.monotonic() < deadline:
            self.bell.wait(deadline - time.monotonic())
        if not script.has_ended:
            script.tell(signal.SIGKILL)
        while not script.has_ended:
            self.bell.wait(None)
        return True

    def _beat(self) -> None:
        link = self._link()
        while not self._done:
            self._beat_now.wait(HEARTBEAT_S)
            self._beat_now.clear()
            try:
                with self._saying:
                    said, self._unsaid = self._unsaid, None
                    path = "state" if said else "heartbeat"
                    answer = link.call("POST", path, data=said or {})
                if answer["cancel"]:
                    self._on_cancel()
            except RunEnded:
                self._on_run_ended()
            except Undelivered:
                return
            except _errors.StudioError as error:
                sys.stderr.write("driver: heartbeat: {}\n".format(error.message))

    def _on_signal(self, number: int, frame: Any) -> None:
        self._on_cancel()

    def _on_cancel(self) -> None:
        self.cancel_asked = True
        self.bell.ring()

    def _on_run_ended(self) -> None:
        self.run_ended = True
        self.bell.ring()

    def _say_state(self, state: str, text: str) -> None:
        answer = self.link.call("POST", "state", data={"state": state, "text": text})
        if answer.get("cancel"):
            self._on_cancel()

    # --- after it ------------------------------------------------------------
    def _end(self, script: Script, shippers: Shippers, was_ended_by_us: bool) -> int:
        """Bring what is left, then say how it ended."""
        ran_s = time.monotonic() - self._began
        left = script.end_all()
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
        is_canceled = was_ended_by_us or (self.cancel_asked and script.signal is not None)
        self._write_end(script, shippers, ran_s, left)
        error = None if is_canceled else self._error(script)
        shippers[0].follow(logs.END, self._place(logs.END))
        shippers[0].bring_rest()
        return self._finish(
            {
                "exit_code": script.exit_code,
                "signal": script.signal,
                "error": error,
                "canceled": is_canceled,
                "undelivered": undelivered[:2000],
            }
        )

    def _error(self, script: Script) -> Optional[Dict[str, str]]:
        """Say why the script failed, as far as its node or its log knows."""
        error = failure.of_log(self._place(logs.DRIVER)) if script.exit_code == 1 else None
        memory = self.monitor and self.monitor.out_of_memory(script.exit_code, script.signal)
        if not memory:
            return error
        self._write(logs.END, memory)
        return dict(error or {}, type="OutOfMemory", message=memory)

    def _write_end(self, script: Script, shippers: Shippers, ran_s: float, left: int) -> None:
        _, metrics, outputs = shippers
        if script.signal is not None:
            how = "was ended by signal {}".format(script.signal)
        else:
            how = "ended with exit code {}".format(script.exit_code)
        lines = ["the script {} after {:.1f} s".format(how, ran_s)]
        if left:
            lines.append("{} processes that it left behind were ended".format(left))
        lines.append("{:,} metric points kept".format(metrics.count))
        lines.append("{} files kept, {:,} bytes".format(outputs.count, outputs.size_bytes))
        lines += [note for shipper in shippers for note in shipper.notes]
        lines += ["not delivered: " + s.undelivered for s in shippers if s.undelivered]
        for line in lines:
            self._write(logs.END, line)

    def _finish(self, said: Dict[str, Any]) -> int:
        self.patience.ends_in(self.deliver_s)
        words = dict({"error": None, "canceled": False, "undelivered": ""}, **said)
        try:
            self.link.call("POST", "finish", data=words)
        finally:
            self._done = True
        if words["undelivered"]:
            sys.stderr.write("driver: not delivered: {}\n".format(words["undelivered"]))
        return NOT_DELIVERED if words["undelivered"] else 0


def _quoted(word: str) -> str:
    return "'{}'".format(word) if " " in word or not word else word


def main() -> int:
    """Drive the run that the environment names; say on stderr what went wrong with that."""
    if sys.getfilesystemencoding() == "ascii" and os.environ.get("LC_ALL") != UTF_8:
        # Python 3.6 in the C locale could not even name a file "ä": begin again in UTF-8.
        os.environ["LC_ALL"] = UTF_8
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
        if driver is not None and driver.script is not None:
            driver.script.tell(signal.SIGKILL)
            driver.script.end_all()
    return NOT_DELIVERED


if __name__ == "__main__":
    sys.exit(main())

"""What is done before the script: its code, what it kept earlier and its inputs are laid out."""

import json
import os
import platform
import sys
import time
from typing import Any, Callable, Dict, List

from trainyard._client import Client
from trainyard._driver import inputs, layout, variables
from trainyard._driver.inputs import Inputs
from trainyard._driver.outputs import OutputShipper
from trainyard._driver.part import Part
from trainyard._driver.written import Written

LOG_SIZES = "log-sizes.json"

Write = Callable[[str, str], None]


class Preparation:
    """Lays out a job in the task's folder `work`.

    write(log, line): adds a line to one of the driver's own logs.
    place(log): the file of this node that becomes a log.   is_stopped: whether the run is to end.
    """

    def __init__(
        self,
        job: Dict[str, Any],
        part: Part,
        work: str,
        *,
        write: Write,
        place: Callable[[str], str],
        is_stopped: Callable[[], bool],
    ):
        self._job = job
        self._part = part
        self._code = os.path.join(work, "code")
        self._write = write
        self._place = place
        self._first: List[str] = []
        self.inputs = Inputs(job, work, self._code, say=self._say_input, is_stopped=is_stopped)
        self.written = Written(job, work, say=self._say_input)

    def _say(self, line: str) -> None:
        self._write(self._part.preparation, line)

    def _say_input(self, line: str) -> None:
        """Also where the script's own lines come: that is where people look for a path."""
        self._say(line)
        self._first.append(line)

    def _write_first(self) -> None:
        """Begin the script's log, once the one before is whole: who follows them reads in order."""
        try:
            place = self._place(self._part.log(self._part.first))
            with open(place, "a", encoding="utf-8", errors="replace") as file:
                file.write("".join(line + "\n" for line in self._first))
        except OSError:
            pass  # The disk is full: the other log is brought without a file.

    def lay(self, client: Client, outputs: OutputShipper) -> None:
        """Lay out everything. Raises NotLaid, OSError, and Stopped where the run is to end."""
        job = self._job
        self._write_node()
        self._say("run {} on node {} of {}".format(*self._where()))
        if self._part.distribution:
            self._say(self._part.in_words())
        self._lay_code(client, outputs)
        # For whoever brings the rest when we are killed: where logs began, and what is older.
        with open(self._place(LOG_SIZES), "w") as file:
            json.dump(job.get("logs") or {}, file)
        began = time.monotonic()
        self.inputs.lay(client)
        if self.inputs:
            self._say("inputs laid out in {:.2f} s".format(time.monotonic() - began))
        self.written.make()

    def _write_node(self) -> None:
        """Say what the job runs on."""
        job, node = self._job, self._job.get("node") or {}
        lines = ["run {} on node {} of {}".format(*self._where())]
        if int(job.get("attempt") or 1) > 1:
            lines[0] += ", started again: attempt {}".format(job["attempt"])
        if node:
            lines.append("size {size}, by the backend {backend}".format(**node))
            lines.append("image {image}".format(**node))
            gpus = ", ".join(str(number) for number in node["gpus"])
            lines.append("GPUs of the machine: " + (gpus or "none"))
        lines.append("{} {}, {}".format(platform.system(), platform.release(), platform.machine()))
        lines.append("Python {} at {}".format(platform.python_version(), sys.executable))
        lines.append("{} CPUs seen by the task".format(_cpus()))
        disk = os.statvfs(self._code)
        free = disk.f_bavail * disk.f_frsize / 1e9
        lines.append("folder {}, {:,.1f} GB free".format(os.path.dirname(self._code), free))
        for line in lines:
            self._write(self._part.node_log, line)

    def _where(self) -> List[Any]:
        job = self._job
        return [job["run_id"], job.get("node_number", "-"), job.get("cluster", "-")]

    def _lay_code(self, client: Client, outputs: OutputShipper) -> None:
        job = self._job
        laid = layout.lay(client, self._code, job["files"])
        kept = layout.lay(client, self._code, job.get("outputs") or [])
        for name in ("outputs", "logs"):
            os.makedirs(os.path.join(self._code, name), exist_ok=True)
        for one in kept:
            outputs.known(one.path, one.place, one.sha256)
        size = sum(one.size for one in laid)
        words = "code laid out: {} files, {:,} bytes".format(len(laid), size)
        if kept:
            words += "; {} earlier outputs restored".format(len(kept))
        self._say(words)

    def command(self) -> List[str]:
        """Return the words that start the script, and write them down."""
        job = self._job
        arguments = self.written.arguments(self.inputs.arguments(job["arguments"]))
        if self.inputs or self.written:
            words = "Preparing to call script [ {} ] with arguments: {}"
            self._first.append(words.format(job["script"], inputs.shortened(job["arguments"])))
            words = "After variable expansion, calling script [ {} ] with arguments: {}\n"
            self._first.append(words.format(job["script"], arguments))
        command = variables.command(dict(job, arguments=arguments))
        each = self._part.processes
        times = "{} processes of ".format(each) if each > 1 else ""
        self._say("starting: {}{}".format(times, variables.in_words(command)))
        self._write_first()
        return command

    def environ(self, environ: Dict[str, str], spool: str) -> Dict[str, str]:
        """Return the environment that all processes of the node share."""
        found = variables.of_script(environ, self._job, self._code, spool)
        found.update(self.inputs.variables(found))
        found.update(self.written.variables(found))
        return found


def _cpus() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1

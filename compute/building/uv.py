"""Runs uv: its lines go to the log as they come, and how far its downloads are to the page."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import IO, Any

from compute.building import ending, log, own_wheels, received
from compute.building.faults import KILLED

LOOK_EVERY_S = 0.5
UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
STARTED = re.compile(r"Downloading (\S+) \(([\d.]+) ?([KMG]?i?B)\)")
FINISHED = re.compile(r"\s*Downloaded (\S+)")
PREPARED = re.compile(r"Prepared (\d+) packages? in (.+)")
INSTALLED = re.compile(r"Installed (\d+) packages? in (.+)")
# What the builder says itself, in words of its own.
NOT_FOR_THE_LOG = (
    *("Checked ", "Using Python ", "Using CPython ", "Resolved "),
    "Creating virtual environment",
)


def run(job: dict[str, Any], arguments: list[str], *, doing: str) -> tuple[int, str]:
    """Run uv and return its exit code and what it said.

    doing: what the page shows while nothing is downloaded, such as `solving 3 requirements`.
    """
    log.progress(doing)
    where: list[str] = []
    if arguments[0] != "venv":
        if not job.get("may_build", True):  # on the command line it wins over the definition's own
            arguments = [*arguments, "--no-build"]
        where = [word for folder in job["find_links"] for word in ("--find-links", folder)]
    process = subprocess.Popen(
        [job["uv"], *arguments, *where],
        env=_environment(job),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=ending.killed_with_parent,
    )
    lines = []
    watch = _Watch(process.pid, doing)
    assert process.stderr is not None
    for said_line in _lines(process.stderr, watch.look):
        line = own_wheels.to_addresses(job, said_line)
        lines.append(line)
        if said := watch.heard(line.rstrip()):
            log.say(said)
    code = process.wait()
    log.progress("")
    if code < 0:
        lines.append(f"error: {KILLED} by {signal.Signals(-code).name}\n")
    return code, "".join(lines)


def _environment(job: dict[str, Any]) -> dict[str, str]:
    environment = {
        **os.environ,
        "UV_CACHE_DIR": job["uv_cache"],
        "UV_NO_CONFIG": "1",  # settings of some project around the images folder are not ours
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
    }
    # In the environment, not on the command line: addresses may carry a password.
    if job["index_url"]:
        environment["UV_DEFAULT_INDEX"] = job["index_url"]
    if job["extra_index_urls"]:
        environment["UV_INDEX"] = " ".join(job["extra_index_urls"])
    return environment


def _lines(pipe: IO[bytes], look: Any) -> Iterator[str]:
    """Yield lines as they come; `look` is called twice a second meanwhile."""
    rest, is_open = b"", True
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        while is_open:
            if ready.select(LOOK_EVERY_S):
                data = os.read(pipe.fileno(), 65536)
                *whole, rest = (rest + data).split(b"\n")
                is_open = bool(data)
                for line in whole:
                    yield line.decode(errors="replace") + "\n"
            look()
    if rest:
        yield rest.decode(errors="replace") + "\n"


class _Watch:
    """What uv downloads now: announced sizes, what has come, and the kernel's count of bytes."""

    def __init__(self, pid: int, doing: str):
        self._pid = pid
        self._doing = doing
        self._sizes: dict[str, float] = {}
        self._coming: list[str] = []
        self._began = time.monotonic()
        self._before = 0
        self._received = 0

    def look(self) -> None:
        """Tell the page how far the downloads are."""
        self._received = max(self._received, received.bytes_of(self._pid))
        if not self._coming:
            log.progress(self._doing)
            return
        whole = sum(self._sizes.values())
        came = whole - sum(self._sizes[name] for name in self._coming)
        done = max(came, min(self._received - self._before, whole))
        log.progress(log.downloading(sorted(self._coming), done, whole))

    def heard(self, line: str) -> str:
        """Take notice of one line; return what the log says of it, "" for nothing."""
        if started := STARTED.fullmatch(line):
            if not self._sizes:
                self._began, self._before = time.monotonic(), self._received
            self._sizes[started[1]] = float(started[2]) * UNITS[started[3]]
            self._coming.append(started[1])
        elif (finished := FINISHED.fullmatch(line)) and finished[1] in self._coming:
            self._coming.remove(finished[1])
        elif prepared := PREPARED.fullmatch(line):
            self._doing = f"installing {log.count(int(prepared[1]), 'package')}"
            return self._fetched(int(prepared[1]), _seconds(prepared[2]))
        elif installed := INSTALLED.fullmatch(line):
            packages = log.count(int(installed[1]), "package")
            return f"Installed {packages} in {_seconds(installed[2]):.1f} s"
        elif not line.strip() or line.startswith(NOT_FOR_THE_LOG):
            return ""
        return "  " + line

    def _fetched(self, packages: int, seconds: float) -> str:
        size = max(self._received, sum(self._sizes.values()))
        if size < 2**10:  # from folders, or from the cache
            return f"Prepared {log.count(packages, 'package')} in {seconds:.1f} s"
        return f"Downloaded {log.size(size)} in {seconds:.1f} s"


def _seconds(words: str) -> float:
    """Read uv's times: `59ms`, `1.81s`, `2m 03s`."""
    units = {"ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
    parts = re.findall(r"([\d.]+)\s*([a-zµ]+)", words)
    return sum(float(number) * units.get(unit, 0.0) for number, unit in parts)

"""What a script says goes to files; the driver beside it reads them and tells the studio.

    run.log() ── one line, one write ──► metrics/<pid>-<8 hex>.points ──► driver ──► studio
                                         metrics/<pid>-<8 hex>.at     ◄── bytes the studio has

A line is `kind TAB step TAB unix-seconds TAB value TAB name NEWLINE`; kind is f, i, b or t; name,
and the value of kind t, are JSON in ASCII. One process writes one file, in one system call per
line, so a killed script loses nothing that it has logged, and a fork or a thread needs no care.
"""

import itertools
import json
import os
import shutil
import sys
import threading
import time
from os import getpid, write
from time import time as now
from typing import Any, Dict, Iterator, Optional, Set, Tuple

from trainyard import _errors

MOST_NAME = 255
MOST_TEXT = 10000
NO_LIST = "`run.log` does not support list type. Use run.log_list instead"
LISTS = (list, tuple, set, frozenset, dict, range)


class Spool:
    """Appends points to this process's own file below `folder`.

    Only a wrong call (a list as a value) raises; a full disk costs points, says so once on stderr
    and lets the training go on.
    """

    def __init__(self, folder: str):
        self._folder = folder
        self._pid = 0
        self._handle = -1
        self._path = ""
        self._series: Dict[str, Tuple[str, Iterator[int]]] = {}
        self._lock = threading.Lock()
        self._lock_pid = os.getpid()
        self._lost = 0
        self._is_torn = False
        self._said: Set[str] = set()
        self._uploaded: Set[str] = set()

    def point(self, name: str, value: Any, step: Optional[int] = None) -> None:
        """Append one point; step None counts from 0 for each name in each process.

        Raises UserErrorException for a list.
        """
        # The one hot path of the SDK: at most 5 µs, so it is one straight line for a float.
        if type(value) is float:
            text = "f\t%d\t%r\t%r\t%s\n"
        else:
            text, value = self._other(value)
        if getpid() != self._pid:
            self._open()
        series = self._series.get(name) or self._add(name)
        if step is None:
            step = next(series[1])
        try:
            line = (text % (step, now(), value, series[0])).encode("ascii")
        except (TypeError, ValueError):
            line = self._odd_step(text, step, value, series)
        try:
            if not self._is_torn and write(self._handle, line) == len(line):
                return
        except OSError as error:
            self._lose(error)
            return
        self._write_torn(line)

    def _other(self, value: Any) -> Tuple[str, Any]:
        """Return (line format, value) for what is no plain float."""
        if isinstance(value, bool):
            return "b\t%d\t%r\t%d\t%s\n", value
        if isinstance(value, int):
            return "i\t%d\t%r\t%d\t%s\n", value
        if isinstance(value, str):
            value = _clean(value)[:MOST_TEXT]
            return "t\t%d\t%r\t%s\t%s\n", json.dumps(value)
        if isinstance(value, float):
            return "f\t%d\t%r\t%r\t%s\n", float(value)
        if isinstance(value, LISTS) or hasattr(value, "__next__"):
            raise _errors.UserErrorException(NO_LIST)
        item = getattr(value, "item", None)
        if item is not None:
            # A scalar of numpy, torch, jax, …; one with several values has no item.
            try:
                return self._other(item())
            except (TypeError, ValueError, RuntimeError):
                raise _errors.UserErrorException(NO_LIST) from None
        if hasattr(value, "__float__") and not isinstance(value, complex):
            return "f\t%d\t%r\t%r\t%s\n", float(value)
        self._say("type", "run.log keeps a {} as its text".format(type(value).__name__))
        return self._other(repr(value))

    def _odd_step(
        self, text: str, step: Any, value: Any, series: Tuple[str, Iterator[int]]
    ) -> bytes:
        """Format a line whose step was no number: counted instead, rather than stop a training."""
        self._say("step", "run.log: the step {!r} is no whole number; counting".format(step))
        return (text % (next(series[1]), time.time(), value, series[0])).encode("ascii")

    def _add(self, name: Any) -> Tuple[str, Iterator[int]]:
        """Return (name as JSON, its step counter), kept for the next point."""
        kept = _clean(str(name)).replace("\0", "") or "unnamed"
        if len(kept) > MOST_NAME:
            self._say("name", "a metric's name is cut at {} characters".format(MOST_NAME))
            kept = kept[:MOST_NAME]
        series = (json.dumps(kept), itertools.count())
        return self._series.setdefault(name, series)

    def _open(self) -> None:
        """Open this process's file: at its first point, and again in a forked child."""
        pid = os.getpid()
        if self._lock_pid != pid:
            # The lock may have been held by a thread that the fork did not copy.
            self._lock, self._lock_pid = threading.Lock(), pid
        with self._lock:
            if self._pid == pid:
                return
            try:
                folder = os.path.join(self._folder, "metrics")
                os.makedirs(folder, exist_ok=True)
                name = "{}-{}.points".format(pid, os.urandom(4).hex())
                self._path = os.path.join(folder, name)
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
                self._handle = os.open(self._path, flags, 0o600)
            except OSError as error:
                self._handle = -1
                self._lose(error)
            self._series = {}
            self._pid = pid

    def _write_torn(self, line: bytes) -> None:
        """Write again after a write that was cut short: the reader skips the torn line."""
        try:
            whole = b"\n" + line
            self._is_torn = os.write(self._handle, whole) != len(whole)
        except OSError as error:
            self._is_torn = True
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        self._lost += 1
        self._say("lost", "run.log: points are lost, the spool cannot be written: {}".format(error))

    def _say(self, key: str, text: str) -> None:
        """Say something once, where it cannot disturb."""
        if key not in self._said:
            self._said.add(key)
            try:
                sys.stderr.write("trainyard: " + text + "\n")
            except (OSError, ValueError, AttributeError):
                pass

    def upload(self, name: str, source: str) -> None:
        """Hand a copy of the file `source` to the driver, to be kept as the run's file `name`.

        Raises UserErrorException when `name` was used already, OSError when it cannot be read.
        """
        if name in self._uploaded:
            raise _errors.UserErrorException(
                "a file {} was uploaded by this run already; choose another name".format(name)
            )
        folder = os.path.join(self._folder, "uploads")
        os.makedirs(folder, exist_ok=True)
        place = os.path.join(folder, "{}-{}".format(os.getpid(), os.urandom(4).hex()))
        shutil.copyfile(source, place)
        # The order is complete once it has its name; the driver looks for nothing else.
        with open(place + ".part", "w") as file:
            json.dump({"name": name, "file": os.path.basename(place)}, file)
        os.rename(place + ".part", place + ".json")
        self._uploaded.add(name)

    def flush(self, timeout_s: float) -> bool:
        """Wait until the studio has all points of this process; False when time is over."""
        if self._pid != os.getpid() or self._handle < 0:
            return True
        size = os.fstat(self._handle).st_size
        deadline = time.monotonic() + timeout_s
        while _acknowledged(self._path) < size:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def _acknowledged(path: str) -> int:
    try:
        with open(path[: -len(".points")] + ".at") as file:
            return int((file.read().split() or ["0"])[0])
    except (OSError, ValueError):
        return 0


def _clean(text: str) -> str:
    """Return text that can be encoded: half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")

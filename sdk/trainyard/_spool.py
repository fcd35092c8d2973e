"""What a script says goes to files; the driver beside it reads them and tells the studio.

    run.log() ── one line, one write ──► metrics/<pid>-<8 hex>.points ──► driver ──► studio
                                         metrics/<pid>-<8 hex>.at     ◄── bytes the studio has

A line is `kind TAB step TAB unix-seconds TAB value TAB name NEWLINE`; kind is f, i, b, t or j, with
`:form` behind it for what was not logged by run.log (f:list, j:table, t:image); name, and the value
of kinds t and j, are JSON in ASCII. Metrics that are files have a spool file of their own, files-…:
the driver tells of them once it has brought what they name, and nothing else waits for that.

One process writes one file, in one system call per line, so a killed script loses nothing that it
has logged, and a fork or a thread needs no care.
"""

import atexit
import errno
import itertools
import json
import os
import sys
import threading
import time
from os import getpid, write
from time import time as now
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

from trainyard import _errors
from trainyard._lazy import hashlib, shutil
from trainyard._values import NO_LIST, Several, clean, number_of, plain, text_of

MOST_NAME = 255
WRITTEN_AT_ONCE = 256 * 1024
FILES = "files-"
LINE = "%s\t%d\t%r\t%s\t%s\n"
RETRY_S = 1.0
MOST_STEP = 2**63 - 1

Series = Tuple[str, Iterator[int]]  # a name as JSON, and what counts its steps


class Spool:
    """Appends points to this process's own file below `folder`.

    Only a wrong call (a list as a value) raises; a full disk costs points, says so once on stderr
    and lets the training go on. mark: what the file's name begins with.
    """

    def __init__(self, folder: str, mark: str = ""):
        self._folder = folder
        self._mark = mark
        self._pid = 0
        self._handle = -1
        self._path = ""
        self._retry_at = 0.0
        self._series: Dict[Any, Series] = {}
        self._classes: Dict[str, str] = {}
        self._lock = threading.Lock()
        self._lock_pid = os.getpid()
        self._lost = 0
        self._is_torn = False
        self._said: Set[str] = set()
        self._uploaded: Set[str] = set()
        self._of_files = Spool(folder, FILES) if not mark else self

    def __reduce__(self) -> Any:
        # What is sent to a worker process writes a file of its own there.
        return type(self), (self._folder, self._mark)

    def point(self, name: str, value: Any, step: Optional[int] = None) -> None:
        """Append one point; step None counts from 0 for each name in each process.

        Raises UserErrorException for a list.
        """
        # The one hot path of the SDK: at most 5 µs, so it is one straight line for a float.
        if type(value) is float:
            text = "f\t%d\t%r\t%r\t%s\n"
        else:
            text, value = self._other(value)
            if not text:
                self._text(name, value, step)
                return
        if getpid() != self._pid:
            self._open()
        try:
            series = self._series.get(name) or self._add(name, "number")
            if step is None:
                step = next(series[1])
            elif type(step) is not int or not -MOST_STEP <= step <= MOST_STEP:
                step = self._step(step, series)
            line = (text % (step, now(), value, series[0])).encode("ascii")
        except Exception:  # of a name or a step of any library
            line = self._odd_call(text, step, value, self._called(name))
        done = -1
        try:
            if not self._is_torn:
                done = write(self._handle, line)
                if done == len(line):
                    return
        except OSError as error:
            self._lose(1, error)
            return
        self._append(line, done)

    def _odd_call(self, text: str, step: Any, value: Any, name: str) -> bytes:
        """Format a line whose name was odd (a list), or whose step has thousands of digits."""
        series = self._series.get(name) or self._add(name, "number")
        return (text % (self._step(step, series), now(), value, series[0])).encode("ascii")

    def _other(self, value: Any) -> Tuple[str, Any]:
        """Return (line format, value) for what is no plain float; "" for a text."""
        try:
            value = plain(value)
        except Several:
            raise _errors.UserErrorException(NO_LIST) from None
        except Exception:  # Odd, or what an object of any library raised at being looked at
            self.say("type", "run.log keeps a {} as its text".format(type(value).__name__))
            value = _shown(value)
        if isinstance(value, bool):
            return "b\t%d\t%r\t%d\t%s\n", value
        if isinstance(value, int):
            return "i\t%d\t%r\t%s\t%s\n", number_of(value)
        if isinstance(value, float):
            return "f\t%d\t%r\t%r\t%s\n", value
        return "", str(value)

    def _text(self, name: Any, value: str, step: Any) -> None:
        if getpid() != self._pid:
            self._open()
        name = self._called(name)
        series = self._series_of(name, "text", "text")
        values = ("t", self._step(step, series), now(), text_of(value, name, self.say), series[0])
        self._append((LINE % values).encode("ascii"))

    def points(self, name: Any, kind: str, values: List[str], form: str) -> None:
        """Append values, as they stand in a line, as points of a form, in as few writes as can be.

        kind: f, i, b, t or j.   form: of what call they are, list, table, image, ….
        """
        if getpid() != self._pid:
            self._open()
        holds = "numbers" if kind in "fib" else "texts" if kind == "t" else "mixed values"
        what = "list of " + holds if form == "list" else form
        quoted, counter = self._series_of(name, form, what)
        lines: List[bytes] = []
        size = 0
        for value in values:
            head = "{}:{}".format(kind, form)
            lines.append((LINE % (head, next(counter), now(), value, quoted)).encode("ascii"))
            size += len(lines[-1])
            if size >= WRITTEN_AT_ONCE:
                self._append(b"".join(lines))
                lines, size = [], 0
        if lines:
            self._append(b"".join(lines))

    def file_point(self, name: Any, form: str, address: str) -> None:
        """Append where the file is that was logged under `name`, in the file of such points."""
        name = self._called(name)
        self._classed(name, form)
        self._of_files.points(name, "t", [text_of(address, name, self.say)], form)

    def _series_of(self, name: Any, form: str, what: str) -> Series:
        name = self._called(name)
        key = (form, name)
        series = self._series.get(key) or self._add(name, what, key)
        self._classed(name, what)
        return series

    def _called(self, name: Any) -> str:
        """Return a name as a text, whatever was given: nothing odd shall stop a training."""
        try:
            return str(name)
        except Exception as error:
            words = "the name of a metric, a {}, has no text ({}); it is called unnamed"
            self.say("text of name", words.format(type(name).__name__, type(error).__name__))
            return "unnamed"

    def _classed(self, name: str, what: str) -> None:
        """Warn of a name that was used for something else: the studio keeps what came first."""
        first = self._classes.setdefault(name, what)
        if first != what:
            self.say(
                "class " + name,
                "Conflicting metric types, logged metric of type: {}; {} was a {} before, and"
                " keeps only that".format(what, name, first),
            )

    def _step(self, step: Any, series: Series) -> int:
        """Return a step as a whole number, or the next one: nothing odd shall stop a training."""
        if step is None:
            return next(series[1])
        try:
            number = int(step)
            if not -MOST_STEP <= number <= MOST_STEP:
                raise OverflowError
            if number != step and not isinstance(step, str):
                self.say("whole", "run.log: the step {!r} is taken as {}".format(step, number))
            return number
        except Exception:  # of a number of any library
            words = "run.log: the step {} is no whole number of 64 bits; counting"
            self.say("step", words.format(_shown(step)[:80]))
            return next(series[1])

    def _add(self, name: Any, what: str, key: Any = None) -> Series:
        """Return (name as JSON, its step counter), kept for the next point."""
        kept = clean(str(name)).replace("\0", "")
        kept = kept if kept.strip() else "unnamed"
        if len(kept) > MOST_NAME:
            self.say("name", "a metric's name is cut at {} characters".format(MOST_NAME))
            kept = kept[:MOST_NAME]
        self._classed(str(name), what)
        series = (json.dumps(kept), itertools.count())
        return self._series.setdefault(name if key is None else key, series)

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
                name = "{}{}-{}.points".format(self._mark, pid, os.urandom(4).hex())
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
                path = os.path.join(folder, name)
                self._handle, self._path = os.open(path, flags, 0o600), path
            except OSError as error:
                self._handle = -1
                self._retry_at = time.monotonic() + RETRY_S
                self.say(
                    "lost", "run.log: points are lost, the spool cannot be opened: {}".format(error)
                )
            self._series, self._classes, self._is_torn = {}, {}, False
            self._pid = pid

    def _append(self, data: bytes, done: int = -1) -> None:
        """Write whole lines.   done: how much of them an earlier write brought, cut short."""
        try:
            if done < 0:
                data = b"\n" + data if self._is_torn else data
                done = write(self._handle, data)
            if done < len(data):
                # Lines that are there are not written again; the reader skips the torn one.
                self._is_torn = True
                there = data.rfind(b"\n", 0, done) + 1
                is_whole = data[done : done + 1] == b"\n"
                data = data[done:] if is_whole else b"\n" + data[there:]
                done = -1
                done = write(self._handle, data)
            self._is_torn = done < len(data)
            if self._is_torn:
                raise OSError(errno.ENOSPC, "a write was cut short")
        except OSError as error:
            self._lose(max(1, data[max(0, done) :].count(b"\n")), error)

    def _lose(self, count: int, error: OSError) -> None:
        if not self._lost:
            atexit.register(self._say_lost, os.getpid())
        self._lost += count
        self.say("lost", "run.log: points are lost, the spool cannot be written: {}".format(error))
        if self._handle < 0 and time.monotonic() > self._retry_at:
            self._pid = 0  # the next point tries to open it again

    def _say_lost(self, pid: int) -> None:
        if pid == os.getpid():
            self.say("count", "{:,} points were lost: see above".format(self._lost))

    def say(self, key: str, text: str) -> None:
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
        self._order(name, lambda place: shutil.copyfile(source, place))

    def keep(self, name: str, content: bytes) -> None:
        """Hand `content` to the driver as the run's file `name`, as take_path() gave it."""

        def write_to(place: str) -> None:
            with open(place, "wb") as file:
                file.write(content)

        self._order(name, write_to)

    def _order(self, name: str, make: Callable[[str], Any]) -> None:
        folder = os.path.join(self._folder, "uploads")
        os.makedirs(folder, exist_ok=True)
        place = os.path.join(folder, "{}-{}".format(os.getpid(), os.urandom(4).hex()))
        make(place)
        # The order is complete once it has its name; the driver looks for nothing else.
        with open(place + ".part", "w") as file:
            json.dump({"name": name, "file": os.path.basename(place)}, file)
        os.rename(place + ".part", place + ".json")
        self._uploaded.add(name)
        try:
            self._take(name)
        except OSError:
            pass  # It is on its way; only the mark is not there.

    def take_path(self, *wanted: str) -> str:
        """Return the first of the paths that nobody has, and have it; else the last, counted.

        Of all processes of this node; those of other nodes choose other names.
        """
        head, dot, ending = wanted[-1].rpartition(".")
        counted = ("{}_{}{}{}".format(head, n, dot, ending) for n in itertools.count(1))
        if "/" in ending or not head:
            counted = ("{}_{}".format(wanted[-1], n) for n in itertools.count(1))
        return next(path for path in itertools.chain(wanted, counted) if self._take(path))

    def _take(self, path: str) -> bool:
        """Mark a path as had, for all processes of this node; False when it was already."""
        folder = os.path.join(self._folder, "uploads", "names")
        try:
            os.makedirs(folder, exist_ok=True)
            mark = os.path.join(
                folder, hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()
            )
            os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        return True

    def flush(self, timeout_s: float) -> bool:
        """Wait until the studio has all points of this process; False when time is over."""
        deadline = time.monotonic() + timeout_s
        for spool in (self, self._of_files):
            if spool._pid != os.getpid() or spool._handle < 0:
                continue
            size = os.fstat(spool._handle).st_size
            while _acknowledged(spool._path) < size:
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


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # of any library: it must not end a training
        return "<{} without a text: {}>".format(type(value).__name__, type(error).__name__)

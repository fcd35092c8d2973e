"""Metric points, from the spool files of the script's processes to the studio, exactly once.

A batch is cut once and kept, with its number, until the studio has acknowledged it; a repeat after
a lost answer is the same batch, which the studio then acknowledges without storing it again.
"""

import json
import os
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from trainyard import _errors
from trainyard._driver.link import Link
from trainyard._driver.shipper import Shipper

MOST_POINTS = 20000
MOST_NAMES = 500  # what the studio takes in one batch
READ_BYTES = 1024 * 1024
BATCHES_A_STEP = 8
KINDS = {b"f": "float", b"i": "int", b"b": "bool", b"t": "text"}
ENDING = ".points"
# What the monitor writes is no metric of the script: its names, and its files, begin with these.
RESERVED, SYSTEM = "trainyard/", "system-"
# Each batch costs the studio much the same, of how many samples it may be.
SYSTEM_EVERY_S = 2.0
MOST_STEP = 2**63 - 1
MOST_MARK = 40  # the studio takes 80 characters as a writer's name

# `end` is the offset behind the batch in the spool file.
Batch = NamedTuple("Batch", [("sequence", int), ("series", List[Dict[str, Any]]), ("end", int)])


def of_few_names(lines: List[bytes]) -> List[bytes]:
    """Return the first of `lines`, up to where a batch would have too many metrics."""
    names: Set[bytes] = set()
    for number, line in enumerate(lines):
        names.add(line.rpartition(b"\t")[2])
        if len(names) > MOST_NAMES:
            return lines[:number]
    return lines


class Reader:
    """One spool file: how much of it the studio has, and the batch that is on its way.

    task: the node's mark. Batches are counted by writer in the whole run, and processes of two
    containers have the same numbers: with it, no two files are ever taken for one.
    """

    def __init__(self, place: str, task: str = ""):
        name = os.path.basename(place)[: -len(ENDING)]
        self.place = place
        self.writer = "{}/{}".format(task[:MOST_MARK], name) if task else name
        self.offset = 0
        self.sequence = 0
        self.pending: Optional[Batch] = None
        self.malformed = 0
        self.is_system = name.startswith(SYSTEM)
        self.due_at = 0.0
        # Where the batch ends that was under way when an earlier driver was killed.
        self.cut_at = 0

    def size(self) -> int:
        try:
            return os.stat(self.place).st_size
        except OSError:
            return self.offset


class MetricShipper(Shipper):
    """Brings the points of every spool file below `folder`, which the node `task` has written."""

    def __init__(self, link: Link, on_ended: Callable[[], None], folder: str, task: str):
        super().__init__("metrics", link, on_ended)
        self._folder = folder
        self._task = task
        self._readers: Dict[str, Reader] = {}
        self._names: Dict[bytes, str] = {}
        self._is_text: Dict[str, bool] = {}
        self.count = 0

    def go_on(self) -> None:
        """Go on where a driver that was killed has stopped, with the batch that it had cut."""
        for reader in self._found():
            try:
                with open(_beside(reader)) as file:
                    said = [int(word) for word in file.read().split()]
                reader.offset, reader.sequence, reader.cut_at = said
            except (OSError, ValueError):
                pass  # Nothing was sent of it yet.

    def step(self, is_last: bool) -> bool:
        came = False
        for reader in self._found():
            if reader.is_system and time.monotonic() < reader.due_at and not is_last:
                continue
            batches = 0
            while self._bring(reader):
                # A sample a second is no reason to look for the script's points more often.
                came = came or not reader.is_system
                reader.due_at = time.monotonic() + SYSTEM_EVERY_S
                batches += 1
                if batches >= BATCHES_A_STEP and not is_last:
                    break
        return came

    def left(self) -> str:
        waiting = [reader for reader in self._readers.values() if reader.offset < reader.size()]
        size = sum(reader.size() - reader.offset for reader in waiting)
        return "{} bytes of metrics (spool {})".format(size, self._folder) if size else ""

    def _found(self) -> List[Reader]:
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return []
        for name in names:
            if name.endswith(ENDING) and name not in self._readers:
                self._readers[name] = Reader(os.path.join(self._folder, name), self._task)
        return list(self._readers.values())

    def _bring(self, reader: Reader) -> bool:
        """Send the next batch of a file; False when there is none."""
        if reader.pending is None:
            reader.pending = self._cut(reader)
        batch = reader.pending
        if batch is None:
            return False
        if batch.series:
            _note_progress(reader, batch.end)
            self._send(reader, batch)
        reader.offset, reader.pending = batch.end, None
        _note_progress(reader, batch.end)
        return True

    def _send(self, reader: Reader, batch: Batch) -> None:
        data = {"writer": reader.writer, "sequence": batch.sequence, "series": batch.series}
        points = sum(len(one["steps"]) for one in batch.series)
        try:
            self.link.call("POST", "metrics", data=data)
            reader.sequence = batch.sequence
            self.count += 0 if reader.is_system else points
        except _errors.WrongOffset as error:
            # The studio has fewer batches than it acknowledged: it was set back. Go on from there.
            reader.sequence = int(error.facts["at"])
            reader.pending = batch._replace(sequence=reader.sequence + 1)
            self.note("the studio lost metric batches of {}".format(reader.writer))
            self._send(reader, reader.pending)
        except _errors.StudioError as error:
            # Its number was not used up: the next batch takes it.
            self.note("{} points were not kept: {}".format(points, error.message))

    def _cut(self, reader: Reader) -> Optional[Batch]:
        """Read the next whole lines of a file as one batch."""
        if reader.size() <= reader.offset:
            return None
        with open(reader.place, "rb") as file:
            file.seek(reader.offset)
            most = reader.cut_at - reader.offset if reader.cut_at > reader.offset else READ_BYTES
            lines = of_few_names(file.read(most).split(b"\n")[:-1][:MOST_POINTS])
        if not lines:
            return None
        end = reader.offset + sum(len(line) + 1 for line in lines)
        return Batch(reader.sequence + 1, self._series(reader, lines), end)

    def _series(self, reader: Reader, lines: List[bytes]) -> List[Dict[str, Any]]:
        found: Dict[str, Dict[str, Any]] = {}
        for line in lines:
            try:
                name, kind, step, at, value = self._point(line)
            except (ValueError, KeyError, OverflowError):
                if line:
                    reader.malformed += 1
                    self.note("a line of {} is no point: {!r}".format(reader.writer, line[:80]))
                continue
            if name.startswith(RESERVED) and not reader.is_system:
                self.note("{} was not kept: {}… is the studio's own".format(name, RESERVED))
                continue
            if self._is_text.setdefault(name, kind == "text") != (kind == "text"):
                self.note(
                    "Conflicting metric types: {} was logged as a number and as text; the kind"
                    " that came second was dropped".format(name)
                )
                continue
            series = found.get(name)
            if series is None:
                series = found[name] = {
                    "name": name,
                    "kind": kind,
                    "steps": [],
                    "times": [],
                    "values": [],
                }
            elif series["kind"] != kind:
                series["kind"] = "float"
            series["steps"].append(step)
            series["times"].append(at)
            series["values"].append(value)
        return list(found.values())

    def _point(self, line: bytes) -> Tuple[str, str, int, float, Any]:
        """Read one line. Raises ValueError, KeyError or OverflowError for what is none."""
        kind, step, at, value, quoted = line.split(b"\t")
        name = self._names.get(quoted)
        if name is None:
            name = self._names[quoted] = json.loads(quoted.decode("ascii"))
        number = int(step)
        if not -MOST_STEP <= number <= MOST_STEP:
            raise ValueError("a step has 64 bits")
        return name, KINDS[kind], number, float(at), _read(kind, value)


def _read(kind: bytes, value: bytes) -> Any:
    if kind == b"t":
        return json.loads(value.decode("ascii"))
    if kind != b"f":
        whole = int(value)
        float(whole)
        return whole
    number = float(value)
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _beside(reader: Reader) -> str:
    return reader.place[: -len(ENDING)] + ".at"


def _note_progress(reader: Reader, cut_at: int) -> None:
    """Say beside the file how much the studio has; run.flush() in the script waits for that.

    With the number of the last batch, and where the one ends that is under way: who goes on after
    us cuts the same.
    """
    place = _beside(reader)
    try:
        with open(place + ".new", "w") as file:
            file.write("{} {} {}".format(reader.offset, reader.sequence, cut_at))
        os.replace(place + ".new", place)
    except OSError:
        pass

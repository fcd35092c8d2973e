"""Metric points, from the spool files of the script's processes to the studio, exactly once.

A batch is cut once and kept, with its number, until the studio has acknowledged it; a repeat after
a lost answer is the same batch, which the studio then acknowledges without storing it again.

    a point after a while of none ──► sent at the next look, within 50 ms
    points all the time           ──► batches, fewer and larger ones when the studio is busy
    more than a batch holds       ──► full batches one after the other, until there is no more
"""

import os
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set

from trainyard import _errors
from trainyard._driver.link import Link
from trainyard._driver.points import Lines, Series, as_json, packed
from trainyard._driver.shipper import Shipper

MOST_POINTS = 50000
MOST_NAMES = 500  # what the studio takes in one batch
READ_BYTES = 4 * 1024 * 1024
BATCHES_A_STEP = 8
PACKED = "application/x-trainyard-points"
ENDING = ".points"
# What the monitor writes is no metric of the script: its names, and its files, begin with these.
RESERVED, SYSTEM = "trainyard/", "system-"
# Metrics that are files, as the spool (trainyard/_spool.py) names its file of them.
FILES = "files-"
# Each batch costs the studio much the same, of how many samples it may be.
SYSTEM_EVERY_S = 2.0
# After points, a pause so many times as long as the studio took for them: runs that log all the
# time send fewer batches the busier it is.
PAUSES, LONGEST_PAUSE_S = 2, 0.2
# How long points wait, once the script has ended, for the files that they name to be brought.
FILES_WITHIN_S = 10.0
MOST_MARK = 40  # the studio takes 80 characters as a writer's name

# `end` is the offset behind the batch in the spool file; is_full: more may follow at once.
Batch = NamedTuple(
    "Batch", [("sequence", int), ("series", List[Series]), ("end", int), ("is_full", bool)]
)


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
        # Uploads that the batch waits for: a page that hears of a picture asks for it at once.
        self.waits_for: Set[str] = set()
        self.malformed = 0
        self.is_system = name.startswith(SYSTEM)
        self.is_of_files = name.startswith(FILES)
        self.due_at = 0.0
        # Where the batch ends that was under way when an earlier driver was killed.
        self.cut_at = 0

    def size(self) -> int:
        """Bytes of the spool file; what was read of it where it is gone."""
        try:
            return os.stat(self.place).st_size
        except OSError:
            return self.offset


class MetricShipper(Shipper):
    """Brings the points of every spool file below `folder`, which the node `task` has written."""

    idle_s = 0.05

    def __init__(self, link: Link, on_ended: Callable[[], None], folder: str, task: str):
        super().__init__("metrics", link, on_ended)
        self._folder = folder
        self._uploads = os.path.join(os.path.dirname(folder), "uploads")
        self._task = task
        self._readers: Dict[str, Reader] = {}
        self._lines = Lines()
        # Of what sort each metric is that the studio has.
        self._taken: Dict[str, str] = {}
        self._packs, self._has_packed = True, False
        self._holds = True
        self._due_at = 0.0
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
        if time.monotonic() < self._due_at and not is_last:
            return False
        came, began = False, time.monotonic()
        readers = self._found()
        for reader in readers:
            if reader.is_system and time.monotonic() < reader.due_at and not is_last:
                continue
            came = self._bring_some(reader, is_last) or came
        if came:
            pause = min(LONGEST_PAUSE_S, PAUSES * (time.monotonic() - began))
            self._due_at = time.monotonic() + pause
        if is_last:
            self._bring_held([reader for reader in readers if reader.waits_for])
        return came

    def bring_rest(self) -> None:
        """Bring what is left; nobody brings files meanwhile, so that no point waits for them."""
        self._holds = False
        super().bring_rest()

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

    # --- one file ------------------------------------------------------------
    def _bring_some(self, reader: Reader, is_last: bool) -> bool:
        """Send what there is of a file; of much, a few batches. Whether a script's points came."""
        batches = 0
        while is_last or batches < BATCHES_A_STEP:
            is_more = self._bring(reader)
            if is_more is None:
                break
            batches += 1
            reader.due_at = time.monotonic() + SYSTEM_EVERY_S
            if not is_more and not is_last:
                break
        # A sample a second is no reason to look for the script's points more often.
        return batches > 0 and not reader.is_system

    def _bring(self, reader: Reader) -> Optional[bool]:
        """Send the next batch of a file; return whether it was full, None when there is none."""
        if reader.pending is None:
            reader.pending = self._cut(reader)
            # In this order: what the points name was handed over before they were written.
            if reader.pending and reader.is_of_files and self._holds:
                reader.waits_for = self._orders()
        batch = reader.pending
        if batch is None or self._waits(reader):
            return None
        if batch.series:
            _note_progress(reader, batch.end)
            self._send(reader, batch)
        reader.offset, reader.pending = batch.end, None
        _note_progress(reader, batch.end)
        return batch.is_full

    def _waits(self, reader: Reader) -> bool:
        if reader.waits_for:
            reader.waits_for &= self._orders() if self._holds else set()
        return bool(reader.waits_for)

    def _orders(self) -> Set[str]:
        """Return the uploads that are not brought yet."""
        try:
            return {name for name in os.listdir(self._uploads) if name.endswith(".json")}
        except OSError:
            return set()

    def _bring_held(self, readers: List[Reader]) -> None:
        """Bring the points that wait for files, when these are there or will not come."""
        until = time.monotonic() + FILES_WITHIN_S
        for reader in readers:
            while self._waits(reader) and time.monotonic() < until:
                time.sleep(self.busy_s)
        self._holds = False
        for reader in readers:
            self._bring_some(reader, True)

    # --- one batch ------------------------------------------------------------
    def _send(self, reader: Reader, batch: Batch) -> None:
        points = sum(len(one.steps) for one in batch.series)
        try:
            self._deliver(reader.writer, batch)
            reader.sequence = batch.sequence
            self._taken.update((one.name, one.what) for one in batch.series)
            self.count += 0 if reader.is_system else points
        except _errors.WrongOffset as error:
            # The studio has fewer batches than it acknowledged: it was set back. Go on from there.
            reader.sequence = int(error.facts["at"])
            reader.pending = batch._replace(sequence=reader.sequence + 1)
            self.note("the studio lost metric batches of {}".format(reader.writer))
            self._send(reader, reader.pending)
        except _errors.StudioError as error:
            # Its number was not used up: the next batch takes it. Metrics that the studio has must
            # not suffer from a new one, as when there are too many.
            known = [one for one in batch.series if one.name in self._taken]
            refused = [one for one in batch.series if one.name not in self._taken] or batch.series
            lost = sum(len(one.steps) for one in refused)
            self.note("{} points were not kept: {}".format(lost, error.message))
            if 0 < len(known) < len(batch.series):
                self._send(reader, batch._replace(series=known))

    def _deliver(self, writer: str, batch: Batch) -> None:
        """Make the call: packed, and as JSON to a studio that takes nothing else."""
        if self._packs:
            try:
                body = packed(writer, batch.sequence, batch.series)
                answer = self.link.call("POST", "metrics", body=body, content_type=PACKED)
                self._has_packed = True
                self._note_dropped(answer)
                return
            except _errors.StudioError as error:
                if error.status == 415:
                    self._packs = self._has_packed = False
                elif error.status != 400 or self._has_packed:
                    raise
        said = as_json(writer, batch.sequence, batch.series)
        self._note_dropped(self.link.call("POST", "metrics", data=said))
        # What it refused packed, and takes so, it could not read packed.
        self._packs = self._packs and self._has_packed

    def _note_dropped(self, answer: Dict[str, Any]) -> None:
        """Say of which metrics nothing is kept; here the two kinds met on different nodes."""
        for name in answer.get("dropped") or ():
            self.note(
                "Conflicting metric types: {} was logged in two ways by this run; what came second"
                " was dropped".format(name)
            )

    def _cut(self, reader: Reader) -> Optional[Batch]:
        """Read the next whole lines of a file as one batch."""
        if reader.size() <= reader.offset:
            return None
        with open(reader.place, "rb") as file:
            file.seek(reader.offset)
            most = reader.cut_at - reader.offset if reader.cut_at > reader.offset else READ_BYTES
            lines = file.read(most).split(b"\n")[:-1]
        if not lines:
            return None
        chosen = lines[:MOST_POINTS]
        series, count = self._lines.read(chosen, MOST_NAMES)
        for line in self._lines.malformed:
            reader.malformed += 1
            self.note("a line of {} is no point: {!r}".format(reader.writer, line[:80]))
        end = reader.offset + sum(map(len, chosen[:count])) + count
        kept = self._kept(reader, series)
        is_full = count < len(lines) or end - reader.offset > READ_BYTES // 2
        return Batch(reader.sequence + 1, kept, end, is_full)

    def _kept(self, reader: Reader, many: List[Series]) -> List[Series]:
        """Return the series without those whose names are, or were before, something else."""
        found: Dict[str, Series] = {}
        for one in many:
            before = found.get(one.name)
            first = before.what if before else self._taken.get(one.name, one.what)
            if one.name.startswith(RESERVED) and not reader.is_system:
                self.note("{} was not kept: {}… is the studio's own".format(one.name, RESERVED))
            elif first != one.what:
                self.note(
                    "Conflicting metric types: {} was logged as {} and as {}; the kind that came"
                    " second was dropped".format(one.name, first, one.what)
                )
            else:
                found[one.name] = one
        return list(found.values())


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

"""Logs, followed by byte offset: what the script prints and writes to ./logs, and our own."""

import os
import time
from typing import Callable, Dict, Iterator, Optional, Tuple

from trainyard import _errors
from trainyard._driver import holes
from trainyard._driver.link import Link
from trainyard._driver.paths import trouble_with, walk
from trainyard._driver.shipper import Shipper

# A call takes longer for itself than for a mebibyte.
PIECE_BYTES = 1024 * 1024
PIECES_A_STEP = 8
SCAN_EVERY_S = 0.5
# A script may have thousands of files in ./logs: those that rest are looked at with the scan.
GROWING_FOR_S = 3.0


class Tail:
    """One file and the log it becomes.

    base: the size that the studio's log had before this file's first byte; None: not asked yet.
    position: how many bytes of the file the studio has.
    is_kept_empty: whether it becomes a log though nothing was written.
    is_ours: whether the driver made the file: what the studio has of it need not stay on the disk.
    is_full: whether the studio's log has reached its limit, so that nothing more of it is sent.
    freed: how many bytes at the file's beginning take no room any more.
    number: the file's own in its file system: another has taken its name when that is another.
    """

    def __init__(self, path: str, place: str, base: Optional[int], is_kept_empty: bool):
        self.path = path
        self.place = place
        self.base: Optional[int] = base
        self.is_kept_empty = is_kept_empty
        self.is_ours = False
        self.is_full = False
        self.is_sent = False
        self.position = 0
        self.freed = 0
        self.is_refused = False
        self.number = 0
        self.grew_at = time.monotonic()


class LogShipper(Shipper):
    """Follows the files given by follow(), and every file below `folder`.

    called: what the log of a file there is called, by its path below the folder.
    sizes: how many bytes the studio has of each log when this task begins; None: it is asked.
    """

    def __init__(
        self,
        link: Link,
        on_ended: Callable[[], None],
        folder: str,
        called: Callable[[str], str],
        sizes: Optional[Dict[str, int]],
    ):
        super().__init__("logs", link, on_ended)
        self._folder = folder
        self._called = called
        self._sizes = sizes
        self._tails: Dict[str, Tail] = {}
        self._scanned_at = 0.0

    def tell(self, path: str, text: str) -> None:
        """Add text at the end of a log which has no file, for there was no room for it."""
        tail = Tail(path, "", None, False)
        self._append(tail, self._append(tail, 0, b""), text.encode("utf-8", "replace"))

    def follow(self, path: str, place: str, is_kept_empty: bool = False) -> None:
        """Bring the file `place` as the log `path`."""
        base = None if self._sizes is None else self._sizes.get(path, 0)
        self._tails.setdefault(path, Tail(path, place, base, is_kept_empty))

    def follow_printed(self, path: str, place: str) -> None:
        """Bring what a process prints; its file gives back the room of what the studio has."""
        self.follow(path, place, is_kept_empty=True)
        self._tails[path].is_ours = True

    def step(self, is_last: bool) -> bool:
        now = time.monotonic()
        is_scan = is_last or now - self._scanned_at > SCAN_EVERY_S
        if is_scan:
            self._scan()
            self._scanned_at = time.monotonic()
        came = False
        for tail in list(self._tails.values()):
            if is_scan or tail.is_kept_empty or now - tail.grew_at < GROWING_FOR_S:
                came = self.ship(tail, is_last) or came
        return came

    def left(self) -> str:
        words = []
        for tail in self._tails.values():
            rest = _size(tail.place) - tail.position
            if rest > 0 and not tail.is_refused and not tail.is_full:
                words.append("{} bytes of {}".format(rest, tail.path))
        return ", ".join(words)

    def _scan(self) -> None:
        """Find new files in ./logs."""
        for name, place, _ in walk(self._folder, self._refuse_inside):
            path = self._called(name)
            if path in self._tails:
                continue
            trouble = trouble_with(path)
            if trouble:
                self.refuse(path, trouble)
                continue
            self.follow(path, place)

    def _refuse_inside(self, name: str, why: str) -> None:
        self.refuse(self._called(name), why)

    def ship(self, tail: Tail, is_last: bool) -> bool:
        """Send what is new in one file, at most a few pieces unless it is the last time."""
        if tail.is_refused:
            return False
        try:
            return self._ship(tail, is_last)
        except _errors.StudioError as error:
            tail.is_refused = True
            self.note("{} was not kept: {}".format(tail.path, error.message))
            return False

    def _ship(self, tail: Tail, is_last: bool) -> bool:
        size, number = _size_and_number(tail.place)
        if size < tail.position or (number != tail.number and size and tail.position):
            # The file was begun anew. A log only grows: what is in it now follows what was.
            tail.base = (tail.base or 0) + tail.position
            tail.position = tail.freed = 0
        tail.number = number
        if size <= tail.position:
            if is_last and tail.is_kept_empty and not tail.is_sent:
                self._append(tail, tail.base or 0, b"")
            return False
        if tail.base is None:
            tail.base = self._append(tail, 0, b"")
        came = self._send(tail, is_last)
        if tail.is_full:
            tail.position = size
        if tail.is_ours:
            tail.freed = holes.free(tail.place, tail.freed, tail.position)
        return came

    def _send(self, tail: Tail, is_last: bool) -> bool:
        pieces = 0
        for piece in [] if tail.is_full else self._pieces(tail, is_last):
            assert tail.base is not None
            at = self._append(tail, tail.base + tail.position, piece)
            if at < tail.base:
                # The studio has less than before this run's task began: it was set back.
                tail.base, tail.position = at, 0
            else:
                tail.position = at - tail.base
            pieces += 1
            tail.grew_at = time.monotonic()
            if tail.is_full or (pieces >= PIECES_A_STEP and not is_last):
                break
        return pieces > 0

    def _pieces(self, tail: Tail, is_last: bool) -> Iterator[bytes]:
        with open(tail.place, "rb") as file:
            while True:
                file.seek(tail.position)
                piece = file.read(PIECE_BYTES)
                kept = whole_characters(piece)
                if not kept and piece and is_last:
                    kept = piece
                if not kept:
                    return
                yield kept

    def _append(self, tail: Tail, offset: int, piece: bytes) -> int:
        """Send a piece and return where the studio wants the next: it decides, also after a
        lost answer.
        """
        query = {"path": tail.path, "offset": offset}
        tail.is_sent = True
        try:
            answer = self.link.call("POST", "log", query, piece)
            tail.is_full = bool(answer.get("is_cut"))
            return int(answer["at"])
        except _errors.WrongOffset as error:
            return int(error.facts["at"])


def whole_characters(piece: bytes) -> bytes:
    """Return `piece` without an unfinished UTF-8 character at its end."""
    for back in range(1, min(3, len(piece)) + 1):
        byte = piece[-back]
        if byte & 0xC0 == 0x80:
            continue
        needs = 2 if byte >= 0xC0 else 1
        needs = 3 if byte >= 0xE0 else needs
        needs = 4 if byte >= 0xF0 else needs
        return piece[:-back] if needs > back else piece
    return piece


def _size(place: str) -> int:
    return _size_and_number(place)[0]


def _size_and_number(place: str) -> Tuple[int, int]:
    try:
        status = os.stat(place)
    except OSError:
        return 0, 0
    return status.st_size, status.st_ino


def last_lines(place: str, most_bytes: int) -> Tuple[str, int]:
    """Return (the end of a file as text, the file's size)."""
    size = _size(place)
    if not size:
        return "", 0
    with open(place, "rb") as file:
        file.seek(max(0, size - most_bytes))
        return file.read().decode("utf-8", "replace"), size

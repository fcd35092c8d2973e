"""Files of ./outputs, and files uploaded by name: brought while the script runs, once complete.

A file is complete when nothing changed for a second and nobody has it open for writing. One that
stays open is brought when it only got longer, as a table or an event file does, or was left alone
for longer. Where the script was killed while it wrote a file anew, the earlier version stays.
"""

import hashlib
import json
import os
import time
import unicodedata
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from trainyard import _batches, _errors
from trainyard._client import file_sha256
from trainyard._driver.link import Link
from trainyard._driver.paths import trouble_with, walk
from trainyard._driver.shipper import Shipper
from trainyard._driver.writing import open_below, sha256_of_first
from trainyard._transport import UPLOAD_TIMEOUT_S

# A file counts as complete when nothing changed for so long; the end of the script completes all.
STILL_S = 1.0
OPEN_STILL_S = 10.0
SCAN_EVERY_S = 1.0
MOST_COMPARED_BYTES = 256 * 1024 * 1024
LISTED_AT_ONCE = 200
LISTED_BYTES = 64 * 1024 * 1024
LAST_TRIES = 3
# Small files go together: so large at most, and so much at a time.
SMALL_BYTES, SENT_TOGETHER_BYTES = 128 * 1024, 4 * 1024 * 1024

Signature = Tuple[int, int]
Found = NamedTuple("Found", [("path", str), ("place", str), ("signature", Signature)])


def is_passing(error: Exception) -> bool:
    """Whether another try may help: the file was changing, or its bytes were damaged on the way."""
    is_closed = isinstance(error, PermissionError)
    return isinstance(error, (OSError, _errors.BadInput)) and not is_closed


def said_of(error: Exception) -> str:
    """Return why a file could not be read or sent, without the path that the driver has for it."""
    return str(getattr(error, "message", "") or getattr(error, "strerror", "") or error)


class OutputShipper(Shipper):
    """Brings files below `folder` as `outputs/…`, and orders that the script put into `uploads`."""

    busy_s = idle_s = 0.25

    def __init__(self, link: Link, on_ended: Callable[[], None], folder: str, uploads: str):
        super().__init__("outputs", link, on_ended)
        self._folder = folder
        self._uploads = uploads
        self._kept: Dict[str, Signature] = {}
        self._seen: Dict[str, Signature] = {}
        self._not_before: Dict[str, float] = {}
        self._sent: Set[str] = set()
        self._contents: Dict[str, Tuple[int, str]] = {}
        self._opened: Optional[Set[str]] = None
        self._opened_at = self._killed_at = 0.0
        self._scanned_at = 0.0
        self.count, self.size_bytes = 0, 0
        self._is_full = False  # the run keeps no further file

    def known(self, path: str, place: str, sha256: str) -> None:
        """Say that the studio has this file already (it was restored from there)."""
        status = os.stat(place)
        self._kept[path] = (status.st_size, status.st_mtime_ns)
        self._sent.add(sha256)
        self._contents[path] = status.st_size, sha256

    def leave(self, path: str, status: os.stat_result) -> None:
        """Say that this file, as it is now, is not to be brought."""
        self._kept[path] = (status.st_size, status.st_mtime_ns)

    def look_at_open(self) -> None:
        """Note which files the script is writing: it is about to be ended."""
        self._opened, self._opened_at = open_below(self._folder), time.time()

    def was_killed(self, at: float) -> None:
        """Say that the script ended by a signal then (Unix time), maybe in the middle of a file."""
        self._killed_at = min(at, self._killed_at or at)
        if self._killed_at < self._opened_at:
            self._opened = None  # it was gone before we looked

    def step(self, is_last: bool) -> bool:
        came = self._bring_uploads()
        if is_last:
            for _ in range(LAST_TRIES):
                if not self._bring(self._scan(True)):
                    break
            self._note_twins()
            return True
        if time.monotonic() - self._scanned_at < SCAN_EVERY_S:
            return came
        began = time.monotonic()
        found = self._scan(False)
        # A folder of a hundred thousand files must not keep a core busy with being looked at.
        self._scanned_at = time.monotonic() + 20 * (time.monotonic() - began)
        return self._bring(found) or came

    def _note_twins(self) -> None:
        """Say which names are one on some computers: a model or dataset cannot have both."""
        composed: Dict[str, str] = {}
        for path in sorted(self._contents):
            other = composed.setdefault(unicodedata.normalize("NFC", path), path)
            if other != path:
                self.note(
                    "{!a} and {!a} look the same and are one name on some computers: both are kept,"
                    " but a model or dataset of both is refused; rename one".format(other, path)
                )

    def left(self) -> str:
        missing = [found.path for found in self._scan(True)] + self._waiting_uploads()
        more = " and {} more".format(len(missing) - 10) if len(missing) > 10 else ""
        return ", ".join(missing[:10]) + more

    def _refuse_inside(self, name: str, why: str) -> None:
        self.refuse("outputs/" + name, why)

    def _scan(self, is_last: bool) -> List[Found]:
        """Return the files that changed since they were kept, and seem complete."""
        found, seen = [], {}
        for name, place, status in walk(self._folder, self._refuse_inside):
            path = "outputs/" + name
            signature = (status.st_size, status.st_mtime_ns)
            seen[path] = signature
            if self._kept.get(path) == signature:
                continue
            trouble = trouble_with(path)
            if trouble:
                self.refuse(path, trouble)
                continue
            is_still = (
                self._seen.get(path) == signature and abs(time.time() - status.st_mtime) >= STILL_S
            )
            one = Found(path, place, signature)
            if self._has_no_room(path):
                continue
            if is_last and self._is_spoilt(one, status):
                self._kept[path] = signature
            elif is_last or (is_still and time.monotonic() >= self._not_before.get(path, 0)):
                found.append(one)
        self._seen = seen
        if is_last or not found:
            return found
        opened = open_below(self._folder) or set()
        return [one for one in found if not self._is_half(one, opened)]

    def _is_half(self, one: Found, opened: Set[str]) -> bool:
        """Whether more is to come of a file that has not changed for a moment."""
        if os.path.realpath(one.place) not in opened or self._grew(one):
            return False
        return abs(time.time() - one.signature[1] / 1e9) < OPEN_STILL_S

    def _is_spoilt(self, one: Found, status: os.stat_result) -> bool:
        """Whether the script was killed while it wrote a file anew that is kept as it was before.

        Where it was not seen which files were open: by ctime, for a program may set the other times
        as it likes.
        """
        if not self._killed_at:
            return False
        if self._opened is None:
            if status.st_ctime <= self._killed_at - STILL_S:
                return False
        elif os.path.realpath(one.place) not in self._opened:
            return False
        if one.path in self._contents and not self._grew(one):
            self.refuse(one.path, "it was being written when the script was killed; the version"
                        " from before is kept")  # fmt: skip
            return True
        if one.path not in self._contents:
            self.note("{!r} may be half: the script was killed while it wrote it".format(one.path))
        return False

    def _grew(self, one: Found) -> bool:
        """Whether a file begins with all that is kept of it."""
        size, sha256 = self._contents.get(one.path, (0, ""))
        if not sha256 or not size <= one.signature[0] or size > MOST_COMPARED_BYTES:
            return False
        try:
            return sha256_of_first(one.place, size) == sha256
        except OSError:
            return False

    def _bring(self, found: List[Found]) -> bool:
        """Send contents, then list them, in portions; return whether any was kept."""
        ready: List[Tuple[Found, str]] = []
        small: Dict[str, bytes] = {}
        size, kept = 0, False
        for one in found:
            if self._has_no_room(one.path):
                continue
            began = time.monotonic()
            try:
                sha256 = self._read(one, small) or self._send(one)
            except (OSError, _errors.StudioError) as error:
                self._failed(one, error)  # One file must never keep the others back.
                continue
            # A checkpoint that is written again and again must not fill the line by itself.
            took = time.monotonic() - began
            self._not_before[one.path] = time.monotonic() + 10 * took
            ready.append((one, sha256))
            size += one.signature[0]
            is_much = sum(map(len, small.values())) >= SENT_TOGETHER_BYTES
            if len(ready) >= LISTED_AT_ONCE or size >= LISTED_BYTES or is_much:
                self._send_together(small)
                self._list(ready)
                ready, small, size, kept = [], {}, 0, True
        if ready:
            self._send_together(small)
            self._list(ready)
        return kept or bool(ready)

    def _failed(self, one: Found, error: Exception) -> None:
        """Note a file that could not be read or sent.

        What changed or went while it was read is taken again by the next look.
        """
        if not is_passing(error):
            self.refuse(one.path, said_of(error))
            self._kept[one.path] = one.signature

    def _read(self, one: Found, small: Dict[str, bytes]) -> str:
        """Take a small file to those that go together, and return its SHA-256; "" for others."""
        if one.signature[0] > SMALL_BYTES:
            return ""
        with open(one.place, "rb") as file:
            content = file.read(SMALL_BYTES + 1)
            status = os.fstat(file.fileno())
        if (status.st_size, status.st_mtime_ns) != one.signature:
            raise FileNotFoundError(one.place)
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 not in self._sent:
            small[sha256] = content
        return sha256

    def _send_together(self, small: Dict[str, bytes]) -> None:
        """Send small contents. What is refused is missing from the list, and comes again."""
        if not small:
            return
        try:
            self.link.call(
                "POST",
                "blobs/batch",
                body=_batches.body(small.items()),
                timeout_s=UPLOAD_TIMEOUT_S,
            )
        except _errors.StudioError as error:
            self.note("{} small files have to be sent again: {}".format(len(small), error.message))
            return
        self._sent.update(small)

    def _send(self, one: Found) -> str:
        """Send the content of a file unless the studio has it; return its SHA-256."""
        sha256 = file_sha256(one.place)
        status = os.stat(one.place)
        if (status.st_size, status.st_mtime_ns) != one.signature:
            raise FileNotFoundError(one.place)
        if sha256 not in self._sent:
            with open(one.place, "rb") as file:
                self.link.call(
                    "PUT",
                    "blobs/" + sha256,
                    body=file,
                    size=status.st_size,
                    timeout_s=UPLOAD_TIMEOUT_S,
                )
            self._sent.add(sha256)
        return sha256

    def _list(self, ready: List[Tuple[Found, str]]) -> bool:
        """Say which content has which path; False when contents must be sent again.

        If a list is refused, each file is tried alone, and the guilty one noted.
        """
        try:
            self.link.call(
                "POST", "files", data={"files": [[one.path, sha256] for one, sha256 in ready]}
            )
        except _errors.MissingBlobs as error:
            self._sent -= set(error.facts.get("missing") or [sha256 for _, sha256 in ready])
            return False
        except _errors.StudioError as error:
            if error.facts.get("most_files"):
                return self._list_first(ready, error.facts["most_files"], error.facts["room"])
            if len(ready) > 1:
                answers = [self._list([entry]) for entry in ready]
                return all(answers)
            self.note("{} was not kept: {}".format(ready[0][0].path, error.message))
            self._kept[ready[0][0].path] = ready[0][0].signature
            return True
        for one, sha256 in ready:
            self._kept[one.path] = one.signature
            self._contents[one.path] = one.signature[0], sha256
            self.count += 1
            self.size_bytes += one.signature[0]
        return True

    def _list_first(self, ready: List[Tuple[Found, str]], most: int, room: int) -> bool:
        """List what replaces a file, and as many others as the run has room for; note it once."""
        new = [one.path for one, _ in ready if one.path not in self._contents]
        beyond = set(new[room:])
        if not beyond:
            return False  # another node of the run took the room at this moment
        if not self._is_full:
            self.note(
                "a run keeps at most {:,} files: {!r} and all new ones after it were not kept; pack"
                " them into one".format(most, new[room])
            )
        self._is_full = True
        rest = [entry for entry in ready if entry[0].path not in beyond]
        return self._list(rest) if rest else True

    def _has_no_room(self, path: str) -> bool:
        return self._is_full and path not in self._contents

    def _bring_uploads(self) -> bool:
        """Bring what the script handed over by name, and remove the copies."""
        try:
            orders = sorted(name for name in os.listdir(self._uploads) if name.endswith(".json"))
        except FileNotFoundError:
            return False
        for order in orders:
            place = os.path.join(self._uploads, order)
            try:
                self._bring_upload(place)
            except (ValueError, KeyError, TypeError, OSError, _errors.StudioError) as error:
                self.refuse("upload " + order, getattr(error, "message", None) or str(error))
                os.replace(place, place + ".refused")
        return bool(orders)

    def _waiting_uploads(self) -> List[str]:
        try:
            return ["an upload, " + n for n in os.listdir(self._uploads) if n.endswith(".json")]
        except FileNotFoundError:
            return []

    def _bring_upload(self, order: str) -> None:
        with open(order) as file:
            said: Dict[str, Any] = json.load(file)
        place = os.path.join(self._uploads, os.path.basename(said["file"]))
        status = os.stat(place)
        one = Found(str(said["name"]), place, (status.st_size, status.st_mtime_ns))
        if self._list([(one, self._send(one))]):
            os.remove(order)
            os.remove(place)

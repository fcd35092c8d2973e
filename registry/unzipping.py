"""An uploaded zip becomes a tree: checked before and while it is unpacked, nothing half kept."""

import contextlib
import hashlib
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from studio.errors import BadInput, UnsafePath
from studio.files import blobs, trees
from studio.models import Tree

MOST_FILES = 200_000
# Each file has a record in the zip's directory, which is read at once.
MOST_DIRECTORY_BYTES = 64 * 2**20
# What is made of text comes out ten or twenty times as large; a bomb a thousand times.
MOST_TIMES, ALWAYS_ALLOWED_BYTES = 200, 2**30
# The records at a zip's end, as the format's description has them.
END, END_64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
LONGEST_END = END.size + 65535
# What a zip writes of each file besides its bytes and, twice, its name.
RECORD_BYTES = 30 + 46
WRONG = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError)
# So many small files at a time are written, reach the disk, and get their names.
FEW, SMALL_BYTES, AT_ONCE, IN_ONE_TRANSACTION = 64, 2**20, 2000, 200
# Folders that macOS adds beside what one has packed.
JUNK = ("__MACOSX/",)


def unzip(sha256: str, note: Callable[[int], None]) -> Tree:
    """Return the tree of the files in a zip, below its single top folder if it has one.

    note: told how many of the zip's bytes are worked off; may raise to stop.
    Raises UnsafePath for a path out of the tree, a link, or names that only differ in their
    Unicode form; BadInput for what is no zip, holds too much, or is a zip bomb.
    """
    with blobs.open_blob(sha256) as file:
        try:
            _check_directory(file)
            with zipfile.ZipFile(file) as archive:
                entries = _entries(archive)
                most = _most_bytes(entries.values(), file)
                return trees.make(_kept(archive, entries, most, note))
        except WRONG as error:
            raise BadInput(
                f"this is not a zip that can be read ({error}); make a plain one, without a"
                " password"
            ) from None


def _check_directory(file: BinaryIO) -> None:
    """Refuse a directory that would not fit in memory, before anything reads it."""
    size = file.seek(0, 2)
    start = max(0, size - LONGEST_END)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + END.size:
        raise zipfile.BadZipFile("it has no directory at its end")
    length = END.unpack_from(tail, at)[5]
    before = at - LOCATOR_64.size
    if before >= 0 and tail[before : before + 4] == b"PK\6\7":
        file.seek(min(LOCATOR_64.unpack_from(tail, before)[2], size))
        record = file.read(END_64.size)
        if len(record) == END_64.size:
            length = max(length if length != 0xFFFFFFFF else 0, END_64.unpack(record)[8])
    if length > MOST_DIRECTORY_BYTES:
        raise BadInput(f"the zip lists more than {MOST_FILES:,} files; make several of it")
    file.seek(0)


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Path → entry of every file, below the single top folder."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        # orig_filename: Python would quietly turn a backslash or a NUL into something else.
        path = entry.orig_filename
        if entry.is_dir() or path.startswith(JUNK):
            continue
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UnsafePath(f"{path[:200]} in the zip is a symbolic link; put the file there")
        if trees.safe_path(path) in entries:
            raise BadInput(f"{path[:200]} is in the zip twice")
        entries[path] = entry
    if not entries:
        raise BadInput("there is no file in the zip")
    if len(entries) > MOST_FILES:
        raise BadInput(f"the zip has {len(entries):,} files; {MOST_FILES:,} at most")
    trees.safe_listing((path, "0" * 64) for path in entries)  # before anything is unpacked
    tops = {path.partition("/")[0] for path in entries}
    if len(tops) == 1 and all("/" in path for path in entries):
        return {path.partition("/")[2]: entry for path, entry in entries.items()}
    return entries


def _most_bytes(entries: Iterable[zipfile.ZipInfo], file: BinaryIO) -> int:
    """How much may come out of a zip. Raises BadInput for one whose entries share their bytes."""
    size = file.seek(0, 2)
    if sum(entry.compress_size for entry in entries) > size:
        raise BadInput("entries of the zip lie upon each other, as in a zip bomb; it is not read")
    return min(settings.FETCH_MAX_BYTES, max(ALWAYS_ALLOWED_BYTES, MOST_TIMES * size))


def _kept(
    archive: zipfile.ZipFile,
    entries: dict[str, zipfile.ZipInfo],
    most: int,
    note: Callable[[int], None],
) -> list[tuple[str, str]]:
    """Keep every file as a blob; (path, SHA-256) of each."""
    unpacking = _Unpacking(archive, most, note)
    batch: dict[str, zipfile.ZipInfo] = {}
    kept = []
    for path, entry in entries.items():
        if len(entries) < FEW or entry.file_size > SMALL_BYTES:
            kept.append((path, blobs.put(unpacking.pieces(entry)).sha256))
            continue
        batch[path] = entry
        if len(batch) == AT_ONCE:
            kept += unpacking.small(batch)
            batch = {}
    return kept + unpacking.small(batch)


class _Unpacking:
    """Brings bytes out of a zip, and counts what really comes, whatever its directory claims."""

    def __init__(self, archive: zipfile.ZipFile, most: int, note: Callable[[int], None]):
        self.archive, self.note = archive, note
        self.left, self.done = most, 0

    def pieces(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """The bytes of one file. Raises BadInput once more comes than may."""
        with self.archive.open(entry) as file:
            while chunk := file.read(blobs.READ_BYTES):
                self.left -= len(chunk)
                if self.left < 0:
                    raise BadInput(
                        f"more than {MOST_TIMES} times its size, or too much for this studio,"
                        " come out of the zip; it is not unpacked"
                    )
                self.note(self.done)
                yield chunk
        self.done += entry.compress_size + RECORD_BYTES + 2 * len(entry.filename)

    def small(self, entries: dict[str, zipfile.ZipInfo]) -> list[tuple[str, str]]:
        """Keep many small files: they reach the disk together, which is what takes the time."""
        made: list[tuple[str, str, Path]] = []
        try:
            for path, entry in entries.items():
                handle, name = tempfile.mkstemp(prefix=blobs.ARRIVING, dir=blobs.arrivals())
                made.append((path, "", Path(name)))
                digest = hashlib.sha256()
                with os.fdopen(handle, "wb") as out:
                    for piece in self.pieces(entry):
                        digest.update(piece)
                        out.write(piece)
                made[-1] = (path, digest.hexdigest(), Path(name))
                self.note(self.done)
            os.sync()
            self._name({sha256: file for _, sha256, file in made})
        finally:
            for _, _, file in made:
                file.unlink(missing_ok=True)
        return [(path, sha256) for path, sha256, _ in made]

    def _name(self, files: dict[str, Path]) -> None:
        """Make blobs of files that reached the disk, those that are new, in few transactions."""
        new = sorted(files.keys() - blobs.use(files))
        for start in range(0, len(new), IN_ONE_TRANSACTION):
            part = new[start : start + IN_ONE_TRANSACTION]
            # Where bytes have to be brought elsewhere, that takes long: not within a transaction.
            is_here = bool(part) and blobs.local_path(part[0]) is not None
            with transaction.atomic() if is_here else contextlib.nullcontext():
                for sha256 in part:
                    file = files[sha256]
                    blobs.keep(file, sha256, file.stat().st_size)
            self.note(self.done)

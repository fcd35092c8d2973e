"""An uploaded zip becomes a tree: checked before and while it is unpacked, nothing half kept."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from django.conf import settings
from django.utils.timezone import now

from studio.errors import BadInput, StudioError, UnsafePath
from studio.files import blobs, collecting, many, room, trees
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
# A small file takes this much of a disk.
BLOCK_BYTES = 4096
WHAT = "what is in the zip"
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
    """Keep every file as a blob; (path, SHA-256) of each. Nothing is left where one is refused."""
    unpacking = _Unpacking(archive, most, note)
    small = [path for path, entry in entries.items() if entry.file_size <= many.SMALL_BYTES]
    large = [path for path, entry in entries.items() if entry.file_size > many.SMALL_BYTES]
    _need_room(entries.values(), most)
    watch = room.Watch(blobs.arrivals(), WHAT)
    began = now()
    kept: list[str] = []
    try:
        for path in large:
            watch.comes(entries[path].file_size)
            blob = blobs.put(unpacking.pieces(entries[path]))
            kept.append(blob.sha256)
        for portion in many.portions(unpacking.whole(entries[path]) for path in small):
            watch.comes(sum(map(_on_disk, map(len, portion))))
            kept += many.put_many(portion)
            note(unpacking.done)
    except (StudioError, OSError, *WRONG):
        collecting.forget(kept, began)
        raise
    return list(zip(large + small, kept, strict=True))


def _need_room(entries: Iterable[zipfile.ZipInfo], most: int) -> None:
    """Raise DiskFull where the disk has no room for what the zip says it holds."""
    size = sum(_on_disk(entry.file_size) for entry in entries)
    room.need(blobs.arrivals(), min(size, most), WHAT)


def _on_disk(size: int) -> int:
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


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

    def whole(self, entry: zipfile.ZipInfo) -> bytes:
        """All bytes of a small file."""
        return b"".join(self.pieces(entry))

"""Zip archives: .npz, .keras, and what torch.save writes. Only as much as is asked is unpacked."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from registry.inspecting.found import shown
from registry.inspecting.reading import Source, Unreadable, source_in

MAGIC = b"PK\x03\x04"
MOST_MEMBERS = 50_000
# The list of members of so many; zipfile reads it at once, whatever a file says its length is.
MOST_DIRECTORY_BYTES = 4 * 2**20
END = b"PK\x05\x06"
END_BYTES = 22
# What zipfile and zlib raise of an archive that is damaged, encrypted or of a newer kind.
BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, ValueError,
    EOFError, OSError, OverflowError,
)  # fmt: skip
MOST_COMMENT_BYTES = 65_535
HEADER_BYTES = 30
READ_BYTES = 2**20
MOST_UNPACKED_BYTES = 64 * 2**20


def open_zip(source: Source) -> zipfile.ZipFile:
    """Open an archive by its list of members. Raises Unreadable for one that is broken or huge."""
    _check_directory(source)
    try:
        archive = zipfile.ZipFile(source)
    except BROKEN as error:
        raise Unreadable(f"it is no whole zip archive ({error})") from None
    if len(archive.filelist) > MOST_MEMBERS:
        raise Unreadable(f"it is a zip archive of more than {MOST_MEMBERS:,} files")
    return archive


def _check_directory(source: Source) -> None:
    """Raise Unreadable where the list of members says it is larger than is looked at."""
    tail_bytes = min(source.size_bytes, END_BYTES + MOST_COMMENT_BYTES)
    source.seek(source.size_bytes - tail_bytes)
    tail = source.read(tail_bytes)
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < END_BYTES:
        raise Unreadable("it is no whole zip archive: its list of files is missing")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    # All ones: the true length stands in another record; the limits of `source` hold it then.
    if MOST_DIRECTORY_BYTES < length < 0xFFFFFFFF:
        raise Unreadable(f"its list of files has {length:,} bytes, too much to look at")
    source.seek(0)


@contextmanager
def opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """Read a member from its beginning. Raises Unreadable where it cannot be.

    Bytes come unpacked as they are asked for, so a bomb unpacks no further than that. Other ways
    of packing than these two unpack all of a piece at once.
    """
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable(f"{shown(member.filename)} is packed in a way that is not looked into")
    try:
        with archive.open(member) as file:
            yield file
    except BROKEN as error:
        raise Unreadable(f"{shown(member.filename)} in it is damaged ({error})"[:800]) from None


def content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """Return all of a member. Raises Unreadable for more than `most` bytes, whatever it says."""
    with opened(archive, member) as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise Unreadable(f"{shown(member.filename)} in it has more than {most:,} bytes")
    return found


def member_source(source: Source, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Source:
    """Return a member as a file that can be read anywhere: a part of the archive where it is not
    packed, else unpacked, up to a limit. Raises Unreadable.
    """
    if member.compress_type != zipfile.ZIP_STORED:
        return source_in(_unpacked(archive, member))
    with opened(archive, member):  # its own header is there, it is not encrypted
        source.seek(member.header_offset)
        head = source.exactly(HEADER_BYTES)
    name_bytes, extra_bytes = struct.unpack("<HH", head[26:30])
    start = member.header_offset + HEADER_BYTES + name_bytes + extra_bytes
    if start + member.file_size > source.size_bytes:
        raise Unreadable(f"{shown(member.filename)} in it says it is larger than the archive")
    return source.part(start, member.file_size)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    found = bytearray()
    with opened(archive, member) as file:
        while piece := file.read(READ_BYTES):
            found += piece
            if len(found) > MOST_UNPACKED_BYTES:
                most = f"{MOST_UNPACKED_BYTES // 2**20} MiB"
                raise Unreadable(f"it is packed, and unpacked larger than the {most} looked at")
    return bytes(found)

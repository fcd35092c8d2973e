"""The bytes of a file, so many and no more: whoever reads a hostile file runs into a limit."""

import io
import time
from collections.abc import Callable

from studio.files import blobs

MIB = 2**20
MOST_READ_BYTES = 64 * MIB
MOST_AT_ONCE_BYTES = 8 * MIB
MOST_SECONDS = 10.0
WINDOW_BYTES = 32 * 1024

ReadRange = Callable[[int, int], bytes]


class Unreadable(Exception):
    """The file is not what it looks like, or too large to look into: one sentence says which."""


class Source(io.RawIOBase):
    """A file that can be read anywhere, in small pieces, up to a limit of bytes and seconds.

    It reads ahead by a window, so that a walk through small records costs few reads.
    """

    def __init__(self, read: ReadRange, size_bytes: int):
        super().__init__()
        self.size_bytes = size_bytes
        self._read = read
        self._at = 0
        self._left_bytes = MOST_READ_BYTES
        self._until = time.monotonic() + MOST_SECONDS
        self._window = b""
        self._window_at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """Return at most `size` bytes; fewer only at the end. Raises Unreadable past the limits."""
        left = max(0, self.size_bytes - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > MOST_AT_ONCE_BYTES:
            raise Unreadable(
                f"one part of it has {wanted:,} bytes; at most {MOST_AT_ONCE_BYTES:,} are looked at"
            )
        found = self._from_window(wanted)
        self._at += len(found)
        return found

    def exactly(self, size: int) -> bytes:
        """Return `size` bytes. Raises Unreadable where the file ends before."""
        found = self.read(size)
        if len(found) != size:
            raise Unreadable("it ends in the middle: it was cut off, or is something else")
        return found

    def part(self, start: int, size_bytes: int) -> "Source":
        """A part of it as a file of its own, with limits of its own."""
        return Source(lambda at, length: self._read(start + at, length), size_bytes)

    def _from_window(self, wanted: int) -> bytes:
        start = self._at - self._window_at
        if start >= 0 and start + wanted <= len(self._window):
            return self._window[start : start + wanted]
        if time.monotonic() > self._until:
            raise Unreadable("it has too many parts to look at all of them")
        length = min(max(wanted, WINDOW_BYTES), max(0, self.size_bytes - self._at))
        self._left_bytes -= length
        if self._left_bytes < 0:
            raise Unreadable(
                f"more than {MOST_READ_BYTES // MIB} MiB would have to be read to say what is in it"
            )
        self._window, self._window_at = self._read(self._at, length), self._at
        return self._window[:wanted]


def source_of(sha256: str, size_bytes: int) -> Source:
    """Return the bytes of a kept blob. Raises NotFound when they are gone."""
    return Source(
        lambda start, length: b"".join(blobs.read_range(sha256, start, length)), size_bytes
    )


def source_in(content: bytes) -> Source:
    """Return bytes in memory, read with the same limits."""
    return Source(lambda start, length: content[start : start + length], len(content))

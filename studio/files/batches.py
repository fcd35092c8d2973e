"""Many small contents in one body: `<sha256> <bytes>`, an end of line, the bytes; and the next."""

import hashlib
from collections.abc import Iterable

from studio.errors import BadInput
from studio.files import blobs, many

MOST, MOST_BYTES = 2000, 16 * 1024 * 1024
# 64 digits, a space, at most eight more, an end of line.
LONGEST_HEAD = 64 + 1 + 8 + 1


def keep(body: Iterable[bytes | memoryview]) -> int:
    """Keep the contents of a body and return how many there were; all of them, or none.

    Raises BadInput for a body that is not as said above, or a content that has another hash.
    """
    contents = _read(_whole(body))
    many.keep_all(contents)
    return len(contents)


def _whole(body: Iterable[bytes | memoryview]) -> bytes:
    pieces, size = [], 0
    for piece in body:
        size += len(piece)
        if size > MOST_BYTES:
            raise BadInput(f"a batch has {MOST_BYTES:,} bytes at most; send several of them")
        pieces.append(bytes(piece))
    return b"".join(pieces)


def _read(data: bytes) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    at = 0
    while at < len(data):
        end = data.find(b"\n", at, at + LONGEST_HEAD)
        name, _, size = data[at : max(end, at)].decode("ascii", "replace").partition(" ")
        if end < 0 or not blobs.SHA256.fullmatch(name) or not (size.isascii() and size.isdigit()):
            raise BadInput(
                f"at byte {at:,} of the batch there is no `<sha256> <number of bytes>` and end of"
                " line"
            )
        at = end + 1 + int(size)
        content = data[end + 1 : at]
        if len(content) < int(size):
            raise BadInput(f"the batch ends before all {int(size):,} bytes of {name[:12]}… came")
        contents[blobs.same(hashlib.sha256(content).hexdigest(), name)] = content
        if len(contents) > MOST:
            raise BadInput(f"a batch has {MOST:,} contents at most; send several of them")
    return contents

"""Archives of strangers, opened within bounds of memory."""

import struct
import zipfile
from typing import BinaryIO

from studio.errors import BadInput

# Python keeps a list of all members: about ten bytes of memory for each byte of it.
MOST_LIST_BYTES = 24 * 1024 * 1024
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_TAIL = 65_535 + _END.size + 20 + _END_64.size


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open a zip whose list of members is of a bearable size.

    Raises BadInput for a longer list, zipfile.BadZipFile for what is no zip.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    listed = _list_bytes(file.read(_TAIL))
    if listed > MOST_LIST_BYTES:
        raise BadInput(
            f"the zip's own list of its files takes {listed / 1024**2:.0f} MB, more than the"
            f" {MOST_LIST_BYTES // 1024**2} MB that are read; pack what is needed only"
        )
    return zipfile.ZipFile(file)


def _list_bytes(tail: bytes) -> int:
    """How large the list of members says it is; 0 where no end of a zip is found."""
    found = 0
    for mark, shape, field in ((b"PK\x05\x06", _END, 5), (b"PK\x06\x06", _END_64, 8)):
        at = tail.find(mark)
        # Any of them may be the one that counts: the largest decides.
        while at >= 0:
            if at + shape.size <= len(tail):
                said = shape.unpack_from(tail, at)[field]
                found = max(found, 0 if said == 0xFFFFFFFF else said)
            at = tail.find(mark, at + 1)
    return found

"""NumPy's .npy and .npz: shape, dtype, first values, from their headers. Nothing is unpickled."""

import io
import itertools
import tokenize
import zipfile
import zlib
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from studio.errors import BadInput
from studio.previewing.sources import Source
from studio.previewing.zips import open_zip

FIRST_VALUES = 60
CORNER = 12
MOST_MEMBERS = 200
MOST_ITEM_BYTES = 1024
MOST_HEAD_BYTES = 64 * 1024
MOST_AXES = 64
LONGEST_AXIS = 2**63
# As NumPy packs them; what else a ZIP archive may hold takes memory that its list does not tell.
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
WRONG = (
    ValueError, OverflowError, EOFError, OSError, RuntimeError,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
OBJECTS = "It holds Python objects, which only code could bring back: its values are not opened."


class _Head(NamedTuple):
    shape: tuple[int, ...]
    is_fortran: bool
    dtype: "np.dtype[Any]"

    @property
    def length(self) -> int:
        """How many values it has."""
        found = 1
        for axis in self.shape:
            found *= axis
        return found


def describe(source: Source) -> dict[str, Any]:
    """Return {"arrays": [{"name", "shape", "dtype", "order", "size_bytes", "remark", …}], "more"}.

    "values": the first of them, as text; an .npy of two or more axes has "corner" instead, the
    first rows and columns of its last two.   Raises BadInput for what is damaged.
    """
    try:
        with source.open() as file:
            if file.read(2) == b"PK":
                return _archive(file)
            file.seek(0)
            return {"arrays": [_array("", file, is_seekable=True)], "more": 0}
    except WRONG as error:
        raise BadInput(f"{source.path} is no array that can be read: {error}") from None


def _archive(file: BinaryIO) -> dict[str, Any]:
    with open_zip(file) as archive:
        members = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
        arrays = []
        for entry in members[:MOST_MEMBERS]:
            if entry.compress_type not in PACKED:
                raise ValueError("it is packed in a way that NumPy does not know")
            with archive.open(entry) as member:
                name = entry.filename.removesuffix(".npy")
                arrays.append(_array(name, member, is_seekable=False))
    return {"arrays": arrays, "more": max(0, len(members) - MOST_MEMBERS)}


def _array(name: str, file: Any, *, is_seekable: bool) -> dict[str, Any]:
    head = _head(file)
    told: dict[str, Any] = {
        "name": name,
        "shape": list(head.shape),
        "dtype": str(head.dtype),
        "order": "Fortran" if head.is_fortran else "C",
        "size_bytes": head.length * head.dtype.itemsize,
        "remark": "",
    }
    if head.dtype.hasobject:
        return {**told, "remark": OBJECTS}
    if head.dtype.itemsize > MOST_ITEM_BYTES or not head.dtype.itemsize:
        return {**told, "remark": "One value of it is too long to show."}
    if is_seekable and len(head.shape) > 1 and head.length:
        return {**told, "corner": _corner(file, head)}
    data = file.read(min(FIRST_VALUES, head.length) * head.dtype.itemsize)
    return {**told, "values": _texts(data, head.dtype)}


def _head(file: Any) -> _Head:
    version = np.lib.format.read_magic(file)
    one = version == (1, 0)
    read = np.lib.format.read_array_header_1_0 if one else np.lib.format.read_array_header_2_0
    # NumPy reads all of what a header says it has before it looks how much that is.
    said = file.read(2 if one else 4)
    length = int.from_bytes(said, "little")
    if length > MOST_HEAD_BYTES:
        raise ValueError(f"its header says that it has {length:,} bytes")
    head = _Head(*read(io.BytesIO(said + file.read(length))))
    if any(axis < 0 for axis in head.shape):  # to read less than nothing is to read all of it
        raise ValueError("an axis of it has less than no values")
    if len(head.shape) > MOST_AXES or any(axis > LONGEST_AXIS for axis in head.shape):
        raise ValueError("it says of itself that it is larger than any array can be")
    return head


def _corner(file: BinaryIO, head: _Head) -> list[list[str]]:
    """The first rows and columns of the last two axes, where every other index is 0."""
    begin, size = file.tell(), head.dtype.itemsize
    rows, columns = (range(min(CORNER, length)) for length in head.shape[-2:])
    lengths = head.shape if head.is_fortran else head.shape[::-1]
    strides = list(itertools.accumulate(lengths[:-1], initial=1, func=lambda a, b: a * b))
    down, across = (strides[-2], strides[-1]) if head.is_fortran else (strides[1], strides[0])
    found = []
    for row in rows:
        line = []
        for column in columns:
            file.seek(begin + (row * down + column * across) * size)
            line += _texts(file.read(size), head.dtype)
        found.append(line)
    return found


def _texts(data: bytes, dtype: "np.dtype[Any]") -> list[str]:
    whole = len(data) // dtype.itemsize * dtype.itemsize
    return [_text(value) for value in np.frombuffer(data[:whole], dtype)]


def _text(value: Any) -> str:
    if isinstance(value, np.floating):
        return (
            np.format_float_positional(value, precision=6, trim="-")
            if _is_plain(value)
            else (str(value))
        )
    return str(value)[:80]


def _is_plain(value: Any) -> bool:
    return bool(value == 0 or 1e-4 <= abs(value) < 1e7)

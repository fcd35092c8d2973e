"""NumPy: the header of a .npy file, and of each one in a .npz."""

import re

import numpy as np

from registry.inspecting.found import Inside, Tensor, shape_of, shown
from registry.inspecting.reading import Source, Unreadable

MAGIC = b"\x93NUMPY"
MOST_HEADER_BYTES = 64 * 1024
# The header is a Python literal; these read it without evaluating anything.
DESCR = re.compile(r"'descr':\s*(?:'([^']{1,60})'|(\[.{1,4000}\]))")
SHAPE = re.compile(r"'shape':\s*\(([0-9,\sL]{0,1000})\)")
OBJECTS = "Python objects, which only unpickling reads"


def read(source: Source) -> Inside:
    """Say what a .npy file holds."""
    tensor = array_at(source, "array", source.size_bytes)
    return Inside("NumPy array", [tensor], warning=warning_of([tensor]))


def warning_of(tensors: list[Tensor]) -> str:
    """What loading arrays could do: those of objects hold a pickle."""
    if any(tensor.remark == OBJECTS for tensor in tensors):
        return (
            "Arrays of Python objects are pickles: loading them with allow_pickle=True runs what"
            " is written in them. Load them only from people you trust."
        )
    return ""


def array_at(source: Source, name: str, size_bytes: int) -> Tensor:
    """Read one .npy header from where `source` stands; the array has `size_bytes` with it.

    Raises Unreadable where it is none.
    """
    start = source.exactly(8)
    if start[:6] != MAGIC or start[6] not in (1, 2, 3):
        raise Unreadable("it does not begin as a NumPy array does")
    wide = 2 if start[6] == 1 else 4
    length = int.from_bytes(source.exactly(wide), "little")
    if length > MOST_HEADER_BYTES:
        raise Unreadable(f"its header has {length:,} bytes; {MOST_HEADER_BYTES:,} at most")
    text = source.exactly(length).decode("utf-8" if start[6] == 3 else "latin-1", "replace")
    descr, sizes = DESCR.search(text), SHAPE.search(text)
    if descr is None or sizes is None:
        raise Unreadable("its header does not name a dtype and a shape")
    digits = [part.strip(" L\n") for part in sizes[1].split(",")]
    # Nineteen digits are more than any file holds; Python would read thousands of them.
    if any(part and not re.fullmatch(r"\d{1,19}", part) for part in digits):
        raise Unreadable(f"its header has a shape that is none: ({sizes[1][:80]})")
    shape = shape_of([int(part) for part in digits if part], name)
    dtype, item_bytes = _dtype(descr[1])
    data_bytes = size_bytes - 8 - wide - length
    tensor = Tensor(shown(name), dtype or shown(descr[2] or ""), shape, data_bytes)
    remark = ""
    if descr[1] and "O" in descr[1]:
        remark = OBJECTS
    elif item_bytes and tensor.count * item_bytes != data_bytes:
        remark = f"its shape does not fit its {data_bytes:,} bytes"
    return Tensor(tensor.name, tensor.dtype, shape, data_bytes, remark)


def _dtype(code: str | None) -> tuple[str, int]:
    """The dtype's name and bytes an item of a plain code such as "<f4"; ("", 0) for fields."""
    if not code:
        return "", 0
    # Only codes of letters and digits: NumPy's parser takes whole languages otherwise.
    if not re.fullmatch(r"[<>|=]?[biufcmMOSUV]\d{0,6}(\[\w{1,10}\])?", code):
        return shown(code), 0
    try:
        dtype = np.dtype(code)
    except (TypeError, ValueError):
        return shown(code), 0
    return str(dtype), dtype.itemsize

"""`python -m registry.hdf5_reader`: what an HDF5 file holds, told without reading its arrays.

Bytes are asked for through standard output ("R", offset, length as 64 bits each), and come through
standard input; the last thing said is "A", a length, and one JSON object. No other file is opened:
not what links, arrays stored elsewhere or virtual arrays name. Nothing here imports the framework.
"""

import io
import json
import os
import struct
import sys
from typing import Any

import h5py

from registry.limits import limit, open_no_more

MEMORY_BYTES = 2**30
CPU_SECONDS = 15
MOST_ARRAYS = 100_000
MOST_NODES = 200_000
MOST_DEPTH = 100
MOST_FACTS = 60
MOST_FACT_CHARACTERS = 500
MOST_CONFIG_CHARACTERS = 8 * 2**20
CONFIG = "model_config"
WINDOW_BYTES = 64 * 1024


class Remote(io.RawIOBase):
    """The file, read piece by piece from whoever started this program."""

    def __init__(self, size_bytes: int):
        super().__init__()
        self.size_bytes, self._at = size_bytes, 0
        self._window, self._window_at = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size_bytes}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        found = self._get(len(view))
        view[: len(found)] = found
        self._at += len(found)
        return len(found)

    def _get(self, wanted: int) -> bytes:
        wanted = max(0, min(wanted, self.size_bytes - self._at))
        start = self._at - self._window_at
        if start < 0 or start + wanted > len(self._window):
            length = min(max(wanted, WINDOW_BYTES), max(0, self.size_bytes - self._at))
            sys.stdout.buffer.write(b"R" + struct.pack("<QQ", self._at, length))
            sys.stdout.buffer.flush()
            self._window, self._window_at = sys.stdin.buffer.read(length), self._at
            start = 0
        return self._window[start : start + wanted]


class Found:
    """What was found so far; `problem` says why it is not all."""

    def __init__(self) -> None:
        self.arrays: list[list[Any]] = []
        self.facts: list[tuple[str, str]] = []
        self.config = ""
        self.links = 0
        self.problem = ""

    def answer(self) -> dict[str, Any]:
        if self.links and not self.problem:
            self.problem = f"{self.links:,} of its entries are links, which are not followed"
        return {
            "arrays": self.arrays,
            "facts": self.facts,
            "config": self.config,
            "problem": self.problem,
        }


def read(remote: Remote) -> dict[str, Any]:
    """Walk through the file. What is damaged ends the walk, with what was found until then."""
    found = Found()
    try:
        with h5py.File(remote, "r") as file:
            _attributes(file, found)
            _walk(file, found, remote.size_bytes)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, NotImplementedError) as error:
        found.problem = f"it is no whole HDF5 file: {str(error)[:200]}"
    except (MemoryError, RecursionError, OverflowError):
        found.problem = "it takes too much memory to look at"
    return found.answer()


def _walk(file: h5py.File, found: Found, size_bytes: int) -> None:
    """Every group once, by what it is on disk: links may lead in circles."""
    seen = {h5py.h5o.get_info(file.id).addr}
    waiting: list[tuple[str, Any, int]] = [("", file, 0)]
    nodes = 0
    while waiting:
        path, group, depth = waiting.pop()
        inner = []
        for name in group:
            nodes += 1
            if nodes > MOST_NODES or len(found.arrays) >= MOST_ARRAYS:
                found.problem = f"it holds more entries than the {nodes:,} that were looked at"
                return
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                found.links += 1
                continue
            entry = group[name]
            at = f"{path}/{name}" if path else name
            if isinstance(entry, h5py.Dataset):
                found.arrays.append(_array(at, entry, size_bytes))
            elif isinstance(entry, h5py.Group) and depth < MOST_DEPTH:
                where = h5py.h5o.get_info(entry.id).addr
                if where not in seen:
                    seen.add(where)
                    inner.append((at, entry, depth + 1))
        waiting += reversed(inner)


def _array(name: str, array: h5py.Dataset, size_bytes: int) -> list[Any]:
    """[name, dtype, shape or None, bytes, what is odd about it]."""
    dtype = array.dtype
    words = _kind(dtype)
    if array.shape is None:
        return [name[:600], words, None, 0, "it is empty: it has no shape"]
    told = int(array.size) * dtype.itemsize
    if array.external or array.is_virtual:
        return [name[:600], words, list(array.shape), told, "its bytes are in other files"]
    remark = ""
    start = array.id.get_offset()
    if start is not None and (start + told > size_bytes):
        remark = f"its {told:,} bytes are more than the file holds"
    return [name[:600], words, list(array.shape), told, remark]


def _kind(dtype: Any) -> str:
    """A dtype as people write it."""
    if h5py.check_string_dtype(dtype) is not None:
        return "string"
    if h5py.check_ref_dtype(dtype) is not None:
        return "reference"
    if h5py.check_vlen_dtype(dtype) is not None:
        return "lists"
    if dtype.names:
        return "record"
    return str(dtype.name)[:60]


def _attributes(file: h5py.File, found: Found) -> None:
    """Texts and numbers that the file says of itself; of a Keras model its configuration."""
    for name in list(file.attrs)[: 5 * MOST_FACTS]:
        attribute = h5py.h5a.open(file.id, name.encode())
        kind = h5py.check_string_dtype(attribute.dtype)
        if attribute.shape not in ((), (1,)) or (
            kind is None and attribute.dtype.kind not in "iufb"
        ):
            continue
        value = file.attrs[name]
        value = value if attribute.shape == () else value[0]
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        if name == CONFIG:
            found.config = text if len(text) <= MOST_CONFIG_CHARACTERS else ""
        elif len(found.facts) < MOST_FACTS:
            found.facts.append((name[:200], text[:MOST_FACT_CHARACTERS]))


def _read_a_sound_one() -> None:
    """What the libraries load late they load now: afterwards no file can be opened."""
    kept = io.BytesIO()
    with h5py.File(kept, "w") as file:
        file.attrs["text"], file.attrs["bytes"], file["a/text"] = "é", b"e", ["é"]
    with h5py.File(kept, "r") as file:
        found = Found()
        _attributes(file, found)
        _walk(file, found, 0)
    json.dumps(found.answer()).encode("utf-8", "replace")


def main() -> None:
    """Answer, and end at once."""
    (size_bytes,) = struct.unpack("<Q", sys.stdin.buffer.read(8))
    _read_a_sound_one()
    limit(MEMORY_BYTES, CPU_SECONDS)
    open_no_more()
    answer = json.dumps(read(Remote(size_bytes))).encode("utf-8", "replace")
    sys.stdout.buffer.write(b"A" + struct.pack("<Q", len(answer)) + answer)
    sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

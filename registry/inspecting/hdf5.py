"""HDF5 files, as Keras writes weights and models: read by a program of its own.

The library that reads HDF5 was made for trusted files, so it runs apart (registry/hdf5_reader.py):
it gets the bytes that it asks for, within the limits of `source`, and can open no file itself.
"""

import json
import logging
import struct
import subprocess
import threading
from typing import IO, Any

from registry import apart
from registry.inspecting import layers
from registry.inspecting.found import MOST_TENSORS, Inside, Tensor, shape_of, shown
from registry.inspecting.reading import MOST_SECONDS, Source, Unreadable
from studio.errors import Conflict

MAGIC = b"\x89HDF\r\n\x1a\n"
FORMAT = "HDF5"
MOST_ANSWER_BYTES = 64 * 2**20
BROKEN = "the file makes its reader stop, or takes too much memory or time"
logger = logging.getLogger(__name__)


def read(source: Source) -> Inside:
    """Say what is in an HDF5 file. Raises Unreadable."""
    try:
        return _told(_asked(source))
    except Conflict as busy:
        raise Unreadable(busy.message) from None


def _asked(source: Source) -> dict[str, Any]:
    with apart.turn(), apart.started("registry.hdf5_reader") as reader:
        # Killed, it ends what waits for it here, in whichever direction.
        clock = threading.Timer(MOST_SECONDS + apart.START_S, reader.kill)
        clock.daemon = True
        clock.start()
        try:
            return _talk(reader, source)
        finally:
            clock.cancel()


def _talk(reader: "subprocess.Popen[bytes]", source: Source) -> dict[str, Any]:
    """Give the reader the bytes it asks for until it answers."""
    out, into = reader.stdout, reader.stdin
    assert out is not None and into is not None
    try:
        into.write(struct.pack("<Q", source.size_bytes))
        into.flush()
        while (asked := out.read(1)) == b"R":
            offset, length = struct.unpack("<QQ", _exactly(out, 16))
            source.seek(offset)
            into.write(source.exactly(length))
            into.flush()
        if asked != b"A":
            raise EOFError
        (length,) = struct.unpack("<Q", _exactly(out, 8))
        if length > MOST_ANSWER_BYTES:
            raise Unreadable("it holds more names than are looked at")
        said: dict[str, Any] = json.loads(_exactly(out, length))
    except (EOFError, OSError, ValueError, struct.error):
        reader.kill()
        problems = reader.stderr.read()[-2000:] if reader.stderr else b""
        logger.warning("a reader of HDF5 ended with %s: %s", reader.wait(), problems)
        raise Unreadable(BROKEN) from None
    return said


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    found = pipe.read(size)
    if len(found) != size:
        raise EOFError
    return found


def _told(said: dict[str, Any]) -> Inside:
    """What the reader said, which a file may have made it say: nothing is taken for granted."""
    found = Inside(FORMAT, problem=shown(str(said["problem"])))
    found.facts = [(shown(str(name)), shown(str(text))) for name, text in said["facts"]]
    for name, dtype, shape, size, remark in said["arrays"][:MOST_TENSORS]:
        try:
            sizes = shape_of(shape or [], name)
        except Unreadable as trouble:
            sizes, remark = (), str(trouble)
        found.tensors.append(
            Tensor(shown(name), shown(dtype), sizes, int(size) if not remark else None, remark)
        )
    if said["config"]:
        found.format = "Keras model (HDF5)"
        layers.add(found, _config(said["config"]))
    return found


def _config(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}

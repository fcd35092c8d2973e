"""Reads what BuildKit says over the engine's plain HTTP interface: steps, their log, their end.

Each message is a moby.buildkit.v1.StatusResponse in protobuf, in base64 inside a line of JSON. Of
its fields a dozen are read here, by their numbers (buildkit/api/services/control/control.proto):
the classic builder, which speaks plain text, copies every layer twice and is on its way out.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VERTEXES, STATUSES, LOGS = 1, 2, 3
VERTEX_DIGEST, VERTEX_NAME, VERTEX_CACHED, VERTEX_STARTED = 1, 3, 4, 5
VERTEX_COMPLETED, VERTEX_ERROR = 6, 7
STATUS_ID, STATUS_STARTED = 1, 7
LOG_VERTEX, LOG_TEXT = 1, 4
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
STEP = re.compile(
    r"\[(?:(?P<stage>[\w.-]+) )?(?P<number>\d+)/(?P<of>\d+)\] (?P<words>.+)", re.DOTALL
)
Fields = dict[int, Any]


@dataclass(frozen=True)
class Step:
    """One step of a Dockerfile, or of what the engine does around it.

    number: its place in its stage, 0 for what the Dockerfile does not say.
    state: "started", "cached", "done" or "failed"; `error` says why.
    """

    name: str
    number: int
    state: str
    error: str = ""


@dataclass(frozen=True)
class Output:
    """What a step wrote. `step` is its name."""

    step: str
    data: bytes


@dataclass(frozen=True)
class Doing:
    """What the engine does by itself now: `exporting layers`."""

    words: str


class Reader:
    """Turns the messages of one build into events, each once."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}
        self._seen: set[tuple[str, str]] = set()

    def read(self, aux: str) -> Iterator[Step | Output | Doing]:
        """Yield the events of one message. What cannot be read is left out."""
        try:
            parts = list(_fields(base64.b64decode(aux)))
        except (binascii.Error, ValueError, IndexError):
            return
        for field, value in parts:
            if not isinstance(value, bytes):
                continue
            one: Fields = dict(_fields(value))
            if field == VERTEXES:
                yield from self._step(one)
            elif field == LOGS:
                name = self._names.get(one.get(LOG_VERTEX, b""), "")
                yield Output(name, one.get(LOG_TEXT, b""))
            elif field == STATUSES and STATUS_STARTED in one:
                yield Doing(_text(one, STATUS_ID))

    def _step(self, one: Fields) -> Iterator[Step]:
        name = _text(one, VERTEX_NAME)
        self._names[one.get(VERTEX_DIGEST, b"")] = name
        error = _text(one, VERTEX_ERROR)
        if error:
            state = "failed"
        elif one.get(VERTEX_CACHED):
            state = "cached"
        elif VERTEX_COMPLETED in one:
            state = "done"
        elif VERTEX_STARTED in one:
            state = "started"
        else:
            return
        if (name, state) not in self._seen and not (
            state == "done" and (name, "cached") in self._seen
        ):
            self._seen.add((name, state))
            yield Step(name, _number(name), state, error)


def words_of(name: str) -> str:
    """Return a step's instruction without its number: `RUN pip install …`."""
    step = STEP.fullmatch(name)
    return " ".join(step["words"].split()) if step else name


def _number(name: str) -> int:
    step = STEP.fullmatch(name)
    return int(step["number"]) if step else 0


def _text(one: Fields, field: int) -> str:
    value = one.get(field, b"")
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (number, value) of a protobuf message. Raises ValueError or IndexError for others."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
        elif kind == BYTES:
            size, at = _varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size
        elif kind in (FIXED32, FIXED64):
            at += 4 if kind == FIXED32 else 8
        else:
            raise ValueError(f"no such kind of field: {kind}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at

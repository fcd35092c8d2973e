"""Protocol buffers read field by field from a file: what is long is stepped over, not loaded."""

from collections.abc import Iterator
from typing import NamedTuple

from registry.inspecting.reading import Source, Unreadable

MOST_FIELDS = 300_000
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Field(NamedTuple):
    """One field of a message: its number, and a number or where its bytes lie."""

    number: int
    kind: int
    value: int
    start: int
    end: int


class Message:
    """A walk through the fields of a message that lies from `start` to `end`."""

    def __init__(self, source: Source, start: int = 0, end: int | None = None):
        self.source = source
        self.start = start
        self.end = source.size_bytes if end is None else end
        self.budget = [MOST_FIELDS]

    def inside(self, field: Field) -> "Message":
        """The message that a field holds; all parts of a file share one limit of fields."""
        inner = Message(self.source, field.start, field.end)
        inner.budget = self.budget
        return inner

    def __iter__(self) -> Iterator[Field]:
        at = self.start
        while at < self.end:
            self.budget[0] -= 1
            if self.budget[0] < 0:
                raise Unreadable(f"it has more than {MOST_FIELDS:,} fields")
            key, at = self._varint(at)
            number, kind = key >> 3, key & 7
            if kind == VARINT:
                value, at = self._varint(at)
                yield Field(number, kind, value, at, at)
                continue
            if kind == BYTES:
                length, at = self._varint(at)
            elif kind in (FIXED32, FIXED64):
                length = 4 if kind == FIXED32 else 8
            else:
                raise Unreadable("it is not made of fields, as its format is")
            if at + length > self.end:
                raise Unreadable(
                    f"one of its fields says that it has {length:,} bytes, more than there are"
                )
            yield Field(number, kind, 0, at, at + length)
            at += length

    def text(self, field: Field, most: int = 500) -> str:
        """The first `most` bytes of a field as text."""
        self.source.seek(field.start)
        raw = self.source.exactly(min(field.end - field.start, most))
        return raw.decode("utf-8", "replace")

    def numbers(self, field: Field, most: int) -> list[int]:
        """The numbers of a repeated field, packed or alone. Raises Unreadable for more."""
        if field.kind == VARINT:
            return [field.value]
        found, at = [], field.start
        while at < field.end:
            value, at = self._varint(at)
            found.append(value)
            if len(found) > most:
                raise Unreadable(f"one of its lists has more than {most:,} numbers")
        return found

    def _varint(self, at: int) -> tuple[int, int]:
        """A number of seven bits a byte, and where the next field begins."""
        self.source.seek(at)
        raw = self.source.read(min(10, self.end - at))
        value = 0
        for position, byte in enumerate(raw):
            value |= (byte & 0x7F) << (7 * position)
            if byte < 0x80:
                return value, at + position + 1
        raise Unreadable("one of its numbers has no end: it was cut off, or is something else")

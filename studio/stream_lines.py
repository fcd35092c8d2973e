"""A stream by the numbers of its lines, through the index that its chunks are: `first_line`.

Nothing is read but the chunks that hold what is asked for, however long the stream, or a line, is.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from studio import streams
from studio.models import Stream

MOST_LINES = 2000
# Of what is read for one answer; fewer lines than asked for come where they are longer.
MOST_BYTES = 2 * 1024 * 1024
# Lines are mostly short: so much is looked through for what is asked for, before more is.
NEAR_BYTES = 128 * 1024
LONGEST = 64 * 1024
# A progress bar writes over itself: only what it said last is seen.
OVERWRITTEN = 4 * 1024


@dataclass(frozen=True)
class Rest:
    """What of `line` was left out: bytes [offset, end) of the stream."""

    line: int
    offset: int
    end: int


@dataclass(frozen=True)
class Lines:
    """Lines from `first` on (0-based), without their newlines: bytes [offset, next_offset).

    total: how many lines the stream has.   is_open: whether its last line has not ended yet.
    """

    first: int
    offset: int
    next_offset: int
    total: int
    texts: list[str] = field(default_factory=list)
    rests: list[Rest] = field(default_factory=list)
    is_open: bool = False


def times(stream: Stream, first: int, count: int) -> list[tuple[int, int]]:
    """When so many lines from `first` on came: (line, seconds since 1970), where it changes.

    Nothing for lines that came before times were kept.
    """
    known = stream.times.order_by("line").values_list("line", "at")
    before = known.filter(line__lte=first).last()
    found = [(first, before[1])] if before and count else []
    found += known.filter(line__gt=first, line__lt=first + count)
    return [(line, int(at.timestamp())) for line, at in found]


def total(stream: Stream) -> int:
    """How many lines there are; one that has not ended yet counts."""
    size = stream.size_bytes
    if not size:
        return 0
    last, _ = streams.read_bytes(stream, size - 1, 1)
    return stream.line_count + (last != b"\n")


def offset_of(stream: Stream, line: int) -> int:
    """Where a line begins (0-based), in bytes; the size of the stream where it has fewer lines."""
    if line <= 0:
        return 0
    if line > stream.line_count:
        return stream.size_bytes
    # The newline that ends the line before lies in the last chunk that begins with fewer of them.
    chunk = stream.chunks.get(offset=_chunk_before(stream, line))
    ends = _newlines(bytes(chunk.data))
    return int(chunk.offset + ends[line - chunk.first_line - 1] + 1)


def _chunk_before(stream: Stream, line: int) -> int:
    """The offset of the last chunk that has fewer than `line` newlines before it.

    Both columns rise together and one of them has an index. Lines are about as long as each other
    in most logs, so where it should be is looked at first; in turn with the middle, so that some 20
    steps find it in any log of 1 GB.
    """
    low, low_line, high, high_line = 0, 0, stream.size_bytes, stream.line_count
    places = stream.chunks.values_list("offset", "first_line")
    is_guess = True
    while True:
        share = (line - low_line) / max(1, high_line - low_line) if is_guess else 0.5
        is_guess = not is_guess
        middle = min(low + int(share * (high - low)), high - 1)
        near = places.filter(offset__gte=low, offset__lte=middle).order_by("-offset")
        offset, before = near[0]
        if before < line:
            after = places.filter(offset__gt=offset, offset__lt=high).order_by("offset").first()
            if after is None or after[1] >= line:
                return int(offset)
            low, low_line = after
        else:
            high, high_line = offset, before


def read(stream: Stream, first: int, count: int) -> Lines:
    """Return at most `count` lines from `first` on; a negative one counts from the end.

    Fewer come where they hold many bytes: from the end those that are nearest to it, else those
    that are nearest to `first`; at least one.
    """
    count = min(count, MOST_LINES)
    if -count <= first < 0 and (found := _of_the_end(stream, -first)):
        return found
    lines = total(stream)
    is_from_end = first < 0
    first = max(0, lines + first) if is_from_end else min(first, lines)
    count = min(count, lines - first)
    if count <= 0:
        return Lines(lines, stream.size_bytes, stream.size_bytes, lines)
    start = offset_of(stream, first)
    found = _from(stream, first, start, count, lines=lines) or _of_long_ones(
        stream, (first, start, count), lines=lines, is_from_end=is_from_end
    )
    return replace(found, is_open=lines > stream.line_count)


def _of_the_end(stream: Stream, count: int) -> Lines | None:
    """The last lines, as a page opens with; None where the last NEAR_BYTES do not hold them."""
    size = stream.size_bytes
    if not size:
        return None
    start = max(0, size - NEAR_BYTES)
    data, before = streams.read_bytes(stream, start, size - start)
    is_open = not data.endswith(b"\n")
    lines = before + data.count(b"\n") + is_open
    first = max(0, lines - count)
    begun = 0
    if first:
        known = first - before - 1  # of the newlines here, the one that ends the line before
        if known < 0:
            return None
        begun = int(_newlines(data)[known]) + 1
    elif start:
        return None
    found = _split(stream, first, start + begun, data[begun:], lines=lines)
    return replace(found, is_open=is_open)


def _from(stream: Stream, first: int, start: int, count: int, *, lines: int) -> Lines | None:
    """So many lines that begin at `start`; None where they are longer than MOST_BYTES together."""
    for most in (NEAR_BYTES, MOST_BYTES):
        data, _ = streams.read_bytes(stream, start, min(most, stream.size_bytes - start))
        ends = _newlines(data)
        if len(ends) >= count:
            return _split(stream, first, start, data[: int(ends[count - 1]) + 1], lines=lines)
        if start + len(data) >= stream.size_bytes:
            return _split(stream, first, start, data, lines=lines)
    return None


def _of_long_ones(
    stream: Stream, asked: tuple[int, int, int], *, lines: int, is_from_end: bool
) -> Lines:
    """What fits into MOST_BYTES of lines that do not; asked: their first, its place, how many."""
    first, start, count = asked
    end = offset_of(stream, first + count)
    first, start, end = (_last if is_from_end else _first)(stream, first, start, end)
    if end - start > MOST_BYTES:
        return _long_line(stream, first, start, end, lines=lines)
    data, _ = streams.read_bytes(stream, start, end - start)
    return _split(stream, first, start, data, lines=lines)


def _newlines(data: bytes) -> np.ndarray:
    """Where the newlines are."""
    return np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))


def _first(stream: Stream, first: int, start: int, end: int) -> tuple[int, int, int]:
    """The whole lines at the beginning of [start, end) that fit, or the first one."""
    data, _ = streams.read_bytes(stream, start, MOST_BYTES)
    ended = data.rfind(b"\n") + 1
    return first, start, start + ended if ended else min(end, offset_of(stream, first + 1))


def _last(stream: Stream, first: int, start: int, end: int) -> tuple[int, int, int]:
    """The whole lines at the end of [start, end) that fit, or the last one."""
    data, before = streams.read_bytes(stream, end - MOST_BYTES, MOST_BYTES)
    began = data.find(b"\n", 0, len(data) - 1) + 1
    if began:
        return before + 1, end - len(data) + began, end
    line = before  # it began before these bytes
    return line, offset_of(stream, line), end


def _split(stream: Stream, first: int, start: int, data: bytes, *, lines: int) -> Lines:
    """The bytes of whole lines, which begin at `start`, as texts."""
    end = start + len(data)
    if end == stream.size_bytes and not stream.is_complete:
        data = streams.whole_characters(data)
        end = start + len(data)
    rows = data.split(b"\n")
    if data.endswith(b"\n"):
        rows.pop()
    texts, rests, at = [], [], start
    for number, row in enumerate(rows, first):
        shown = visible(row)
        if len(shown) > LONGEST:
            shown = streams.whole_characters(shown[:LONGEST])
            rests.append(Rest(number, at + len(shown), at + len(row)))
        texts.append(shown.decode(errors="replace"))
        at += len(row) + 1
    return Lines(first, start, end, lines, texts, rests)


def visible(row: bytes) -> bytes:
    """A line without most of what a progress bar in it has written over."""
    if len(row) <= OVERWRITTEN or b"\r" not in row[:-1]:
        return row
    began = row.find(b"\r", len(row) - OVERWRITTEN, len(row) - 1)
    return row[began + 1 :] if began >= 0 else row


def _long_line(stream: Stream, line: int, start: int, end: int, *, lines: int) -> Lines:
    """A line that is too long to be read: its beginning, or what a progress bar said last."""
    tail, _ = streams.read_bytes(stream, end - OVERWRITTEN, OVERWRITTEN)
    ended = tail.endswith(b"\n")
    tail = tail.removesuffix(b"\n")
    began = tail.find(b"\r", 0, len(tail) - 1)
    if began >= 0:
        text = tail[began + 1 :].decode(errors="replace")
        return Lines(line, start, end, lines, [text])
    head, _ = streams.read_bytes(stream, start, LONGEST)
    head = streams.whole_characters(head)
    rest = Rest(line, start + len(head), end - ended)
    return Lines(line, start, end, lines, [head.decode(errors="replace")], [rest])

"""Text that grows by appending at an offset: logs. The only writer of Stream, its chunks and times.

An append names the offset it belongs at, so one that is repeated after a lost answer is noticed
and nothing is doubled. Bytes are kept as they came; reading cuts between characters. A stream that
has reached its limit takes a last line that says so; what comes later is acknowledged and dropped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now

from studio import live
from studio.errors import WrongOffset
from studio.models import Stream, StreamChunk, StreamTime

CHUNK_BYTES = 256 * 1024
# A chunk smaller than this is continued in place, so a chatty log is not a row per line.
SMALL_BYTES = 16 * 1024
LONGEST_CHARACTER = 4  # bytes of one character in UTF-8
# What a script says faster than this, a page asks for: it shows the end of it only.
MOST_LIVE_BYTES = 16 * 1024
CUT = (
    "… the log has reached its limit of {size} MB; what the script writes after this is not kept\n"
)


@dataclass(frozen=True)
class Piece:
    """Text of a stream: bytes [offset, next_offset), with `first_line` newlines before it."""

    offset: int
    next_offset: int
    first_line: int
    text: str


def create() -> Stream:
    """Make an empty stream."""
    return Stream.objects.create()


def group(stream_id: int) -> str:
    """The live group that hears the stream grow."""
    return f"stream.{stream_id}"


def append(stream_id: int, offset: int, data: bytes, *, at: datetime | None = None) -> int:
    """Add `data`, which came now or `at`, at `offset`; return the new size in bytes.

    Without data, only the size is told. Raises WrongOffset with `at` = the size when the stream
    does not end at `offset`. Once the stream is cut, all is taken and nothing kept: the answer is
    where the writer would be, so that it goes on and does not send it again.
    """
    if not data:
        return int(Stream.objects.values_list("size_bytes", flat=True).get(pk=stream_id))
    taken = offset + len(data)
    with transaction.atomic():
        stream = Stream.objects.select_for_update().get(pk=stream_id)
        if stream.is_cut:
            return taken
        if stream.size_bytes != offset:
            raise WrongOffset(
                f"the log has {stream.size_bytes} bytes, so nothing can be added at {offset}",
                at=stream.size_bytes,
            )
        data = _limited(stream, data)
        at = at or now()
        _note_time(stream, at)
        _store(stream, data)
        Stream.objects.filter(pk=stream_id).update(
            size_bytes=stream.size_bytes + len(data),
            line_count=stream.line_count + data.count(b"\n"),
            is_cut=stream.is_cut,
            updated_at=at,
        )
        _tell(stream_id, offset, data, at)
    return taken


def _note_time(stream: Stream, at: datetime) -> None:
    """Keep when the lines that end now came: a row for each second in which something came."""
    second = at.replace(microsecond=0)
    if stream.size_bytes and stream.updated_at >= second:
        return
    StreamTime.objects.bulk_create(
        [StreamTime(stream=stream, line=stream.line_count, at=second)],
        update_conflicts=True,
        unique_fields=["stream", "line"],
        update_fields=["at"],
    )


def _limited(stream: Stream, data: bytes) -> bytes:
    """What of `data` is kept: all of it, or what fits below the limit and a line that says so."""
    limit = settings.LOG_MAX_BYTES
    room = limit - stream.size_bytes
    if len(data) <= room:
        return data
    stream.is_cut = True
    kept = whole_characters(data[: max(0, room)])
    kept = kept[: kept.rfind(b"\n") + 1] or kept
    words = CUT.format(size=f"{limit // 2**20:,}").encode()
    starts_a_line = kept.endswith(b"\n") if kept else _ends_a_line(stream)
    return kept + (b"" if starts_a_line else b"\n") + words


def _ends_a_line(stream: Stream) -> bool:
    size = stream.size_bytes
    return not size or read_bytes(stream, size - 1, 1)[0] == b"\n"


def _store(stream: Stream, data: bytes) -> None:
    offset, line = stream.size_bytes, stream.line_count
    # Its offset tells how long the last chunk is; only a short one is read.
    last = stream.chunks.order_by("-offset").values_list("pk", "offset").first()
    if last is not None and offset - last[1] + len(data) <= SMALL_BYTES:
        chunk = stream.chunks.get(pk=last[0])
        chunk.data = bytes(chunk.data) + data
        chunk.save(update_fields=["data"])
        return
    chunks = []
    for start in range(0, len(data), CHUNK_BYTES):
        piece = data[start : start + CHUNK_BYTES]
        chunks.append(StreamChunk(stream=stream, offset=offset, first_line=line, data=piece))
        offset, line = offset + len(piece), line + piece.count(b"\n")
    StreamChunk.objects.bulk_create(chunks)


def _tell(stream_id: int, offset: int, data: bytes, at: datetime) -> None:
    """Publish the delta; without its text where a page should rather ask (large, or cut)."""
    text, next_offset = "", offset
    if len(data) <= MOST_LIVE_BYTES:
        try:
            text, next_offset = data.decode(), offset + len(data)
        except UnicodeDecodeError:
            pass
    live.publish(
        group(stream_id),
        "text",
        offset=offset,
        next_offset=next_offset,
        text=text,
        at=int(at.timestamp()),
    )


def finish(stream_id: int) -> None:
    """Say that nothing more will be added."""
    Stream.objects.filter(pk=stream_id).update(is_complete=True)
    live.publish(group(stream_id), "complete")


def read_bytes(stream: Stream, offset: int, limit: int) -> tuple[bytes, int]:
    """Return up to `limit` bytes from `offset` on, and how many newlines come before them."""
    places = stream.chunks.filter(offset__lte=offset).order_by("-offset")
    first = places.values_list("offset", "first_line").first()
    if first is None:
        return b"", 0
    chunks = stream.chunks.filter(offset__gte=first[0], offset__lt=offset + limit)
    found = chunks.order_by("offset").values_list("data", flat=True)
    data = b"".join(bytes(piece) for piece in found)
    start = offset - first[0]
    return data[start : start + limit], int(first[1]) + data.count(b"\n", 0, start)


def read(stream: Stream, offset: int, limit: int = CHUNK_BYTES) -> Piece:
    """Return text from `offset` on, at most `limit` bytes, cut only between characters.

    A negative offset counts from the end and moves on to the next line's start. Bytes that are
    no UTF-8 become U+FFFD; a character still incomplete at the end of the stream waits.
    """
    size = stream.size_bytes
    if offset < 0:
        start = max(0, size + offset)
        if start:
            data, _ = read_bytes(stream, start - 1, min(limit, size - start + 1))
            newline = data.find(b"\n")
            start = start + newline if newline >= 0 else start
        offset = start
    offset = min(offset, size)
    data, first_line = read_bytes(stream, offset, max(limit, LONGEST_CHARACTER))
    inside = _continued(data) if offset else 0  # the offset may lie within a character
    offset, data = offset + inside, data[inside:]
    text, used = _decode(data, whole=stream.is_complete and offset + len(data) >= size)
    return Piece(offset, offset + used, first_line, text)


def whole_characters(data: bytes) -> bytes:
    """`data` without a character at its end that is not complete."""
    return data[: len(data) - _unfinished(data)]


def _decode(data: bytes, *, whole: bool) -> tuple[str, int]:
    used = len(data) if whole else len(data) - _unfinished(data)
    return data[:used].decode(errors="replace"), used


def _continued(data: bytes) -> int:
    """How many bytes at the start go on with a character that began before them (0 to 3)."""
    count = 0
    while count < min(3, len(data)) and 0x80 <= data[count] < 0xC0:
        count += 1
    return count


def _unfinished(data: bytes) -> int:
    """How many bytes at the end begin a UTF-8 character without ending it (0 to 3)."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if length > back else 0
    return 0


def chunks_of(stream: Stream) -> Iterator[bytes]:
    """Yield the whole stream's bytes as it is now, a chunk at a time."""
    left = stream.size_bytes
    for data in stream.chunks.order_by("offset").values_list("data", flat=True).iterator(16):
        piece = bytes(data)[:left]
        left -= len(piece)
        yield piece


def range_of(stream: Stream, start: int, length: int) -> Iterator[bytes]:
    """Yield `length` bytes from `start` on, a chunk at a time."""
    end = start + length
    while start < end:
        data, _ = read_bytes(stream, start, min(CHUNK_BYTES, end - start))
        if not data:
            return
        start += len(data)
        yield data

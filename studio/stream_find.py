"""Finding text in a stream, a portion at a time: no request takes longer than a part of a second.

What is searched is what a reader sees: without the escapes that colour it, and of a line that a
progress bar has written over, what was there last. Patterns are matched by RE2, in linear time.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import re2

from studio import stream_lines, streams
from studio.errors import BadInput
from studio.models import Stream

SECONDS = 0.4
GROUP_BYTES = 2 * 1024 * 1024
# Of a group all lines are looked through before the last is known: smaller when going back.
GROUP_BACK_BYTES = 512 * 1024
# Of a line that is longer, so much is searched: its beginning, or its end when going back.
LONGEST_LINE = 16 * 1024 * 1024
MOST_IN_A_LINE = 200
ESCAPE = re.compile(
    rb"\x1b\[[0-9;:<=>?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[^\[\]\n]"
)
# From a line's start only: tried at each byte, a long line takes its length squared.
OVERWRITTEN = re.compile(rb"^[^\n\r]*\r[^\n]*", re.MULTILINE)
ERASES = re.compile(rb"(?:\x1b\[[0-9;]*m)*\x1b\[[02]?K")

Clock = Callable[[], float]


@dataclass(frozen=True)
class Hit:
    """Characters [start, end) of a line, both counted from 0."""

    line: int
    start: int
    end: int


@dataclass(frozen=True)
class Portion:
    """What was found, nearest first; `next_line` is where to go on, None at the end."""

    hits: list[Hit]
    next_line: int | None


@dataclass
class Search:
    """What to look for, how many hits are enough, and when to stop for this time."""

    pattern: Any
    limit: int
    ends_at: float
    clock: Clock = time.monotonic
    hits: list[Hit] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return len(self.hits) >= self.limit or self.clock() >= self.ends_at


def pattern_of(text: str, *, is_regex: bool, is_case: bool) -> Any:
    """Return the compiled pattern. Raises BadInput that says what is wrong with it."""
    options = re2.Options()
    options.never_nl = options.never_capture = True
    options.log_errors = False
    options.case_sensitive = is_case
    try:
        return re2.compile("(?m)" + (text if is_regex else re2.escape(text)), options)
    except re2.error as error:
        why = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise BadInput(
            f"“{text[:80]}” is no valid pattern: {why.removeprefix('(?m)')}",
            fields={"text": f"no valid pattern: {why}"},
        ) from None


def find(
    stream: Stream,
    pattern: Any,
    *,
    first: int | None,
    back: bool,
    limit: int,
    clock: Clock = time.monotonic,
) -> Portion:
    """Look through the lines from `first` on, or from `first` back, for at most a part of a second.

    first: None is where the direction begins. A line's hits are given together, so that a little
    more than `limit` may come.
    """
    lines = stream_lines.total(stream)
    first = (lines - 1 if back else 0) if first is None else min(first, lines)
    if not lines or (first >= lines and not back):
        return Portion([], None)
    search = Search(pattern, limit, clock() + SECONDS, clock)
    walk = _back if back else _on
    return Portion(search.hits, walk(stream, search, min(first, lines - 1)))


def _on(stream: Stream, search: Search, first: int) -> int | None:
    """Search forwards; return the line to go on with."""
    offset, line, open_line = stream_lines.offset_of(stream, first), first, b""
    while offset < stream.size_bytes:
        data, _ = streams.read_bytes(stream, offset, GROUP_BYTES)
        offset += len(data)
        is_end = not data or offset >= stream.size_bytes
        ended = len(data) if is_end else data.rfind(b"\n") + 1
        if not ended and len(open_line) + len(data) < LONGEST_LINE:
            open_line += data
            continue
        whole, open_line = open_line + (data[:ended] if ended else data), data[ended:]
        stopped = _look(search, whole, line)
        if stopped is not None:
            return stopped
        line += whole.count(b"\n")
        if not ended:  # the rest of a line that is too long
            line, open_line = line + 1, b""
            offset = stream_lines.offset_of(stream, line)
        if is_end:
            return None
        if search.is_over:
            return line
    return None


def _look(search: Search, body: bytes, line: int) -> int | None:
    """Find in whole lines, of which the first has the number `line`; return where it stopped."""
    for number, hits in _hits(search.pattern, cleaned(body), line):
        if search.hits and search.is_over:
            return number
        search.hits += hits
    return None


def _back(stream: Stream, search: Search, first: int) -> int | None:
    """Search backwards; return the line to go on with."""
    end, tail = stream_lines.offset_of(stream, first + 1), b""
    while end > 0:
        start = max(0, end - GROUP_BACK_BYTES)
        data, before = streams.read_bytes(stream, start, end - start)
        end = start
        begun = 0 if not start else data.find(b"\n", 0, len(data) - (not tail)) + 1
        if start and not begun and len(tail) + len(data) < LONGEST_LINE:
            tail = data + tail
            continue
        line = before + data[:begun].count(b"\n")
        whole, tail = data[begun:] + tail, data[:begun]
        if start and not begun:  # the rest of a line that is too long
            end, tail = stream_lines.offset_of(stream, line), b""
        stopped = _look_back(search, whole, line)
        if stopped is not None:
            return stopped
        if search.is_over and end:
            return line - 1
    return None


def _look_back(search: Search, body: bytes, line: int) -> int | None:
    for number, hits in reversed(list(_hits(search.pattern, cleaned(body), line))):
        if len(search.hits) >= search.limit:
            return number
        search.hits += reversed(hits)
    return None


def _hits(pattern: Any, body: bytes, line: int) -> Iterator[tuple[int, list[Hit]]]:
    """Yield (number of the line, what was found in it) for the lines that have something."""
    at = counted = 0
    while (found := pattern.search(body, at)) is not None and at < len(body):
        start = body.rfind(b"\n", 0, found.start()) + 1
        end = body.find(b"\n", found.start())
        end = len(body) if end < 0 else end
        line += body.count(b"\n", counted, start)
        at, counted = end + 1, start
        row = body[start:end]
        spans = [one.span() for one in islice(pattern.finditer(row), MOST_IN_A_LINE)]
        hits = [Hit(line, *_characters(row, span)) for span in spans if span[0] < span[1]]
        if hits:
            yield line, hits


def _characters(row: bytes, span: tuple[int, int]) -> tuple[int, int]:
    """Places in bytes as places in characters."""
    if row.isascii():
        return span
    start = len(row[: span[0]].decode(errors="replace"))
    return start, start + len(row[span[0] : span[1]].decode(errors="replace"))


def cleaned(body: bytes) -> bytes:
    """Lines as they are seen: no escapes, no carriage returns. Their number stays."""
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n")
        if b"\r" in body:
            body = OVERWRITTEN.sub(lambda found: _seen(found[0]), body)
    return ESCAPE.sub(b"", body) if b"\x1b" in body else body


def _seen(row: bytes) -> bytes:
    """What is left of a line that was written over."""
    seen = ""
    for part in stream_lines.visible(row).rstrip(b"\r").split(b"\r"):
        text = ESCAPE.sub(b"", part).decode(errors="replace")
        seen = text if ERASES.match(part) else text + seen[len(text) :]
    return seen.encode()

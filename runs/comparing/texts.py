"""Two texts line by line, within bounds of time and size.

difflib takes time that grows with the square of the lines, and worse; what it cannot align in time
is shown as one part that went and one that came.
"""

import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher
from typing import NamedTuple

MOST_SHOWN = 2000
MOST_SECONDS = 1.0
# What one look of difflib may cost: pairs of equal lines. A second of it is about so many.
MOST_PAIRS = 4_000_000
MOST_CHARACTERS = 1000
CONTEXT = 3
# difflib leaves out lines that are more often in a long text than this share of it.
POPULAR = 0.01
LONG = 200

Opcode = tuple[str, int, int, int, int]


class Line(NamedTuple):
    """kind: "added", "removed", "where" or "" for both.   old, new: its numbers, 0 for none."""

    kind: str
    old: int
    new: int
    text: str


class Lines(NamedTuple):
    """A unified diff.   added, removed: how many lines in all.   cut: how many are not shown.

    is_rough: it took too long to align them, so more is marked than differs.
    """

    lines: list[Line]
    added: int
    removed: int
    cut: int
    is_rough: bool


class TooLong(Exception):
    """Aligning two texts takes more time than a page may."""


class _Timed(SequenceMatcher[str]):
    """Gives up at `ends` instead of going on for minutes."""

    def __init__(self, a: Sequence[str], b: Sequence[str], ends: float):
        self.ends = ends
        super().__init__(None, a, b)

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        if time.monotonic() > self.ends:
            raise TooLong
        return super().find_longest_match(alo, ahi, blo, bhi)


def compare(old: str, new: str, *, seconds: float = MOST_SECONDS) -> Lines:
    """Return the differences from `old` to `new` as a unified diff with line numbers."""
    a, b = old.splitlines(), new.splitlines()
    codes, is_rough = opcodes(a, b, seconds)
    changed = [code for code in codes if code[0] != "equal"]
    lines = [line for group in _grouped(codes) for line in _shown(group, a, b)]
    return Lines(
        lines[:MOST_SHOWN],
        sum(code[4] - code[3] for code in changed),
        sum(code[2] - code[1] for code in changed),
        max(0, len(lines) - MOST_SHOWN),
        is_rough,
    )


def opcodes(
    a: Sequence[str], b: Sequence[str], seconds: float = MOST_SECONDS
) -> tuple[list[Opcode], bool]:
    """Return how to turn `a` into `b`, as difflib says it, and whether that is rough."""
    head = _same(a, b)
    tail = _same(a[head:][::-1], b[head:][::-1])
    mid_a, mid_b = a[head : len(a) - tail], b[head : len(b) - tail]
    inner, is_rough = _aligned(mid_a, mid_b, seconds)
    codes: list[Opcode] = [("equal", 0, head, 0, head)] if head else []
    codes += [(tag, i + head, j + head, k + head, n + head) for tag, i, j, k, n in inner]
    if tail:
        codes.append(("equal", len(a) - tail, len(a), len(b) - tail, len(b)))
    return codes, is_rough


def _same(a: Sequence[str], b: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
    return sum(1 for _ in pairs)


def _aligned(a: Sequence[str], b: Sequence[str], seconds: float) -> tuple[list[Opcode], bool]:
    if not a or not b:
        tag = "delete" if a else "insert"
        return ([(tag, 0, len(a), 0, len(b))] if a or b else []), False
    try:
        if _pairs(a, b) > MOST_PAIRS:
            raise TooLong
        return list(_Timed(a, b, time.monotonic() + seconds).get_opcodes()), False
    except TooLong:
        return [("replace", 0, len(a), 0, len(b))], True


def _pairs(a: Sequence[str], b: Sequence[str]) -> int:
    """How many pairs of equal lines difflib would look at."""
    there = Counter(b)
    if len(b) >= LONG:
        most = len(b) * POPULAR + 1
        there = Counter({line: count for line, count in there.items() if count <= most})
    return sum(count * there[line] for line, count in Counter(a).items())


def _grouped(codes: list[Opcode]) -> Iterator[list[Opcode]]:
    """Changes with three lines around them; those near each other together."""
    group: list[Opcode] = []
    for place, (tag, i, j, k, n) in enumerate(codes):
        if tag != "equal":
            group.append((tag, i, j, k, n))
            continue
        is_last = place == len(codes) - 1
        if group:
            if j - i > 2 * CONTEXT or is_last:
                end = min(CONTEXT, j - i)
                yield [*group, (tag, i, i + end, k, k + end)]
                group = []
            else:
                group.append((tag, i, j, k, n))
                continue
        if not is_last:
            start = max(0, j - i - CONTEXT)
            group = [(tag, i + start, j, k + start, n)]
    if any(code[0] != "equal" for code in group):
        yield group


def _shown(group: list[Opcode], a: Sequence[str], b: Sequence[str]) -> Iterator[Line]:
    first, last = group[0], group[-1]
    yield Line("where", 0, 0, f"@@ {_span(first[1], last[2])} → {_span(first[3], last[4])} @@")
    for tag, i, j, k, n in group:
        if tag == "equal":
            yield from (
                Line("", i + at + 1, k + at + 1, _cut(text)) for at, text in enumerate(a[i:j])
            )
            continue
        yield from (Line("removed", i + at + 1, 0, _cut(text)) for at, text in enumerate(a[i:j]))
        yield from (Line("added", 0, k + at + 1, _cut(text)) for at, text in enumerate(b[k:n]))


def _span(start: int, end: int) -> str:
    count = end - start
    if not count:
        return "nothing"
    return f"line {start + 1}" if count == 1 else f"lines {start + 1}–{end}"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"

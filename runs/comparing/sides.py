"""The lines of a difference side by side or one under the other, changed words marked."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from runs.comparing import texts
from runs.comparing.texts import Line, Lines

WORDS = re.compile(r"\w+|\s+|[^\w\s]")
MOST_WORDS = 400
# With less in common than this share of their letters, two lines are not one that was changed.
LIKE = 0.4
MOST_SECONDS = 0.02

Part = tuple[str, bool]


class Half(NamedTuple):
    """One line: kind "added", "removed" or "" for both; parts: (text, whether it is marked)."""

    kind: str
    number: int
    parts: list[Part]


class Row(NamedTuple):
    """left, right: the lines that stand beside each other.   where: a heading instead of both."""

    left: Half | None
    right: Half | None
    where: str = ""


def rows(lines: Lines) -> list[Row]:
    """Return the difference as rows of two sides: what went stands beside what came for it."""
    found: list[Row] = []
    gone: list[Line] = []
    come: list[Line] = []
    for line in [*lines.lines, Line("where", 0, 0, "")]:
        if line.kind == "removed" and not come:
            gone.append(line)
            continue
        if line.kind == "added":
            come.append(line)
            continue
        found += _paired(gone, come)
        gone, come = ([line], []) if line.kind == "removed" else ([], [])
        if line.kind == "where":
            found.append(Row(None, None, line.text))
        elif not line.kind:
            plain = [(line.text, False)]
            found.append(Row(Half("", line.old, plain), Half("", line.new, plain)))
    return found[:-1]


def in_one(sides: list[Row]) -> Iterator[tuple[Half | None, int, str]]:
    """Yield (line, its number on the other side, heading) of rows in one column.

    All that went stands before all that came in its place.
    """
    come: list[Half] = []
    for row in [*sides, Row(None, None)]:
        is_change = not row.where and (row.left is None or row.left.kind == "removed")
        if not is_change or (row.left is None and row.right is None):
            yield from ((half, 0, "") for half in come)
            come = []
        if row.where:
            yield None, 0, row.where
        elif is_change:
            if row.left:
                yield row.left, 0, ""
            if row.right:
                come.append(row.right)
        elif row.left and row.right:
            yield row.right, row.left.number, ""


def _paired(gone: list[Line], come: list[Line]) -> Iterator[Row]:
    for old, new in zip_longest(gone, come):
        before, after = [(old.text, False)] if old else [], [(new.text, False)] if new else []
        if old and new:
            before, after = marked(old.text, new.text)
        left = Half("removed", old.old, before) if old else None
        right = Half("added", new.new, after) if new else None
        yield Row(left, right)


def marked(old: str, new: str) -> tuple[list[Part], list[Part]]:
    """Return both lines in parts, the words marked that only one of them has.

    Nothing is marked of two lines that have little in common: all of it would be.
    """
    a, b = WORDS.findall(old), WORDS.findall(new)
    plain = [(old, False)], [(new, False)]
    if len(a) > MOST_WORDS or len(b) > MOST_WORDS:
        return plain
    codes, is_rough = texts.opcodes(a, b, MOST_SECONDS)
    same = sum(len("".join(a[i:j]).strip()) for tag, i, j, _, _ in codes if tag == "equal")
    if is_rough or same < LIKE * max(len(old.strip()), len(new.strip())):
        return plain
    before: list[Part] = []
    after: list[Part] = []
    for tag, i, j, k, n in codes:
        is_marked = tag != "equal"
        before += [("".join(a[i:j]), is_marked)] if j > i else []
        after += [("".join(b[k:n]), is_marked)] if n > k else []
    return before, after

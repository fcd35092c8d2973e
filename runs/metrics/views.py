"""Thinned views of many series at once: what is in a stretch of steps, of about so many points.

Whatever the number of series, it takes a handful of queries: which segments and thinned levels
there are, where in them the wanted steps begin and end, and then those that are needed.
"""

from collections import defaultdict
from typing import Any

import numpy as np

from runs.metrics.choosing import ALL, Chosen, Span, chosen
from runs.metrics.packing import KEYS_AT_ONCE, PAGE_BIN
from runs.metrics.segments import points_of
from runs.metrics.thinning import Points, bin_for, from_bytes, joined, thin_with_ends
from runs.models import MetricLevel, MetricSegment, MetricSeries

__all__ = ["ALL", "Span", "views"]

# While rows are read, writers may make them one: a full page, an ended run. Then we read again.
TRIES = 5


def views(many: list[MetricSeries], most: int, span: Span = ALL) -> dict[int, Points]:
    """Return the points of each series of numbers in `span`, thinned to about `most`, by key.

    most: 0 keeps every point. With one more point on each side of the span, so that a line runs to
    the edge of the picture, and always with the first and the last of what is wanted. In the order
    of their steps.
    """
    seen: dict[int, Points] = {}
    left = [one for one in many if one.count]
    for _ in range(TRIES):
        seen |= _seen(left, most, span) if left else {}
        left = [one for one in left if one.pk not in seen]
    return {one.pk: seen.get(one.pk, joined([])) for one in many}


def _seen(many: list[MetricSeries], most: int, span: Span) -> dict[int, Points]:
    """The views of those series of which all rows are still there when they are read."""
    wanted = chosen(many, most, span)
    segments = _rows(MetricSegment, [pk for one in wanted.values() for pk in one.segments])
    levels = _rows(MetricLevel, [pk for one in wanted.values() for pk in one.levels])
    seen = {}
    for key, one in wanted.items():
        rows, kept = segments[key], levels[key]
        if (len(rows), len(kept)) == (len(one.segments), len(one.levels)):
            thinned = [from_bytes(level.points) for level in kept]
            # How many points the levels stand for, beside those that they hold.
            more = sum(level.count for level in kept) - sum(map(len, thinned))
            parts = [*thinned, points_of(rows)] if rows else thinned
            seen[key] = _view(joined(parts), one, most, span, more=more)
    return seen


def _rows(model: Any, keys: list[int]) -> dict[int, list[Any]]:
    """The rows with these keys by series, in the order of their points."""
    found: dict[int, list[Any]] = defaultdict(list)
    for at in range(0, len(keys), KEYS_AT_ONCE):
        for row in model.objects.filter(pk__in=keys[at : at + KEYS_AT_ONCE]).order_by("first"):
            found[row.series_id].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: row.first)
    return found


def _view(points: Points, wanted: Chosen, most: int, span: Span, *, more: int) -> Points:
    if (np.diff(points.numbers) < 0).any():
        points = points.at(np.argsort(points.numbers, kind="stable"))
    inside = (points.numbers >= wanted.first) & (points.numbers < wanted.end)
    points = points if inside.all() else points.at(inside)
    before, points, after = _cut(points, span)
    length = wanted.length
    if span != ALL:
        length = max(_bin_for(points, more, most), PAGE_BIN if more else 1)
    thinned = joined([before, thin_with_ends(points, length), after])
    # Several processes of a run may log one metric: what came in turns is drawn in order.
    if (np.diff(thinned.steps) < 0).any():
        thinned = thinned.at(np.argsort(thinned.steps, kind="stable"))
    return thinned


def _bin_for(points: Points, more: int, most: int) -> int:
    """How long bins are for these points, of which some may lack in between.

    Of what several processes logged in turns, fewer are in a span than came from its first to its
    last.   more: how many others their levels stand for.
    """
    length = bin_for(len(points) + more, most)
    while length > 1 and 2 * np.count_nonzero(np.diff(points.numbers // length)) > most:
        length *= 2
    return length


def _cut(points: Points, span: Span) -> tuple[Points, Points, Points]:
    """The nearest point before `span`, those in it, and the nearest after it."""
    low, high = span
    steps = points.steps
    before = steps < low if low is not None else np.zeros(len(steps), dtype=bool)
    after = steps > high if high is not None else np.zeros(len(steps), dtype=bool)
    inside = points if span == ALL else points.at(~before & ~after)
    return _nearest(points.at(before), -1), inside, _nearest(points.at(after), 1)


def _nearest(points: Points, sign: int) -> Points:
    """The one with the greatest step (sign −1; the last such), or the least (1; the first)."""
    if not len(points):
        return points
    edge = points.steps.max() if sign < 0 else points.steps.min()
    where = np.flatnonzero(points.steps == edge)
    return points.at(where[[-1 if sign < 0 else 0]])

"""Which rows a view is made of: an overview, levels of full pages, or the segments themselves."""

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from runs.metrics.packing import PAGE_BIN
from runs.metrics.thinning import bin_for
from runs.models import MetricLevel, MetricSegment, MetricSeries

# First and last step wanted, None for open.
Span = tuple[int | None, int | None]
ALL: Span = (None, None)


@dataclass(frozen=True, slots=True)
class Row:
    """Where the points of a segment are; steps are null where nobody looked yet."""

    pk: int
    first: int
    count: int
    least_step: int | None
    greatest_step: int | None

    @property
    def end(self) -> int:
        return self.first + self.count

    def reaches(self, span: Span) -> bool:
        """Whether some of its steps may be in `span`."""
        low, high = span
        if self.least_step is None or self.greatest_step is None:
            return True
        return (low is None or self.greatest_step >= low) and (
            high is None or self.least_step <= high
        )

    def is_inside(self, span: Span) -> bool:
        """Whether all of its steps are in `span`."""
        low, high = span
        if self.least_step is None or self.greatest_step is None:
            return span == ALL
        return (low is None or self.least_step >= low) and (
            high is None or self.greatest_step <= high
        )


class Chosen(NamedTuple):
    """Points from number `first` to before `end` are wanted; the keys of rows that hold them."""

    first: int
    end: int
    length: int
    segments: list[int]
    levels: list[int]


def chosen(many: list[MetricSeries], most: int, span: Span) -> dict[int, Chosen]:
    """Say for each series which rows to read, by its key.

    One whose rows were made one while they were looked up is left out: ask again.
    """
    ends = {one.pk: (0, one.count) for one in many if one.count}
    rows: dict[int, list[Row]] = {}
    if span != ALL:
        rows = _rows(list(ends))
        ends = _ends(rows, {one.pk: one.count for one in many}, span)
    length = {key: bin_for(end - first, most) for key, (first, end) in ends.items()}
    overviews, pages = _levels({key: (*ends[key], length[key]) for key in ends})
    if span == ALL:
        rows = _rows([key for key in ends if key not in overviews])
    answer = {}
    for key, (first, end) in ends.items():
        if key in overviews:
            answer[key] = Chosen(first, end, length[key], [], [overviews[key]])
        else:
            of_pages = pages.get(key, {})
            answer[key] = _of_rows(rows[key], (first, end, length[key]), of_pages, span)
    return answer


def _rows(keys: list[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    columns = ("series", "pk", "first", "count", "least_step", "greatest_step")
    there = MetricSegment.objects.filter(series__in=keys).order_by("series", "first")
    for key, *row in there.values_list(*columns):
        found[key].append(Row(*row))
    return found


def _of_rows(
    rows: list[Row], wanted: tuple[int, int, int], pages: dict[int, int], span: Span
) -> Chosen:
    """A page is drawn by its level where all of it is wanted; its edges are read point by point."""
    first, end, length = wanted
    segments, levels = [], []
    for row in rows:
        if row.first >= end or row.end <= first:
            continue
        level = pages.get(row.first)
        if level and first <= row.first and row.end <= end and row.is_inside(span):
            levels.append(level)
        elif row.reaches(span) or row.first <= first < row.end or row.first < end <= row.end:
            segments.append(row.pk)
    return Chosen(first, end, length, segments, levels)


def _levels(
    wanted: dict[int, tuple[int, int, int]],
) -> tuple[dict[int, int], dict[int, dict[int, int]]]:
    """The keys of levels that may be drawn: overviews by series, those of pages by first point."""
    coarse = [key for key, (_, _, length) in wanted.items() if length > 2]
    there = MetricLevel.objects.filter(series__in=coarse)
    overviews: dict[int, int] = {}
    pages: dict[int, dict[int, int]] = defaultdict(dict)
    for pk, key, length, at, count in there.values_list("pk", "series", "bin", "first", "count"):
        first, end, longest = wanted[key]
        if length > longest:
            continue
        if length == PAGE_BIN:
            pages[key][at] = pk
        elif (first, end) == (0, count):
            # One that was made before the last points came does not end where they do.
            overviews[key] = pk
    return overviews, pages


def _ends(
    rows: dict[int, list[Row]], counts: dict[int, int], span: Span
) -> dict[int, tuple[int, int]]:
    """From which point on, and to before which, each series is in `span`, one more on each side."""
    low, high = span
    edges = {}
    for key, some in rows.items():
        begins = next((row for row in some if row.reaches((low, None))), None)
        ends = next((row for row in reversed(some) if row.reaches((None, high))), None)
        edges[key] = begins, ends
    steps = _steps([row.pk for both in edges.values() for row in both if row])
    inside = {}
    for key, (begins, ends) in edges.items():
        if any(row and row.pk not in steps for row in (begins, ends)):
            continue
        first = _first_at(begins, steps, low, counts[key])
        end = _end_at(ends, steps, high)
        first, end = min(first, end), max(first, end)
        inside[key] = max(0, first - 1), min(counts[key], end + 1)
    return inside


def _first_at(row: Row | None, steps: dict[int, np.ndarray], low: int | None, count: int) -> int:
    if row is None:
        return count
    where = np.flatnonzero(steps[row.pk] >= low) if low is not None else [0]
    return row.first + (int(where[0]) if len(where) else row.count)


def _end_at(row: Row | None, steps: dict[int, np.ndarray], high: int | None) -> int:
    if row is None:
        return 0
    where = np.flatnonzero(steps[row.pk] <= high) if high is not None else [row.count - 1]
    return row.first + (int(where[-1]) + 1 if len(where) else 0)


def _steps(keys: list[int]) -> dict[int, np.ndarray]:
    there = MetricSegment.objects.filter(pk__in=keys).values_list("pk", "steps")
    return {pk: np.frombuffer(steps, dtype=np.int64) for pk, steps in there}

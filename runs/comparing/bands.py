"""One metric of groups of runs: their mean, and how far they are apart, over steps.

Steps are put into bins of a power of two, counted from step 0, so that nothing that is drawn moves
when runs grow. A run counts in a bin with the mean of its own finite values there, and in no bin
where it has none: nothing is made up beyond its last step or in its gaps.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from runs.metrics.batches import TEXTS
from runs.metrics.views import ALL, Span
from runs.models import MetricSegment, MetricSeries, Run
from studio.errors import BadInput

# Some seconds of work; a mean of more is asked for in parts.
MOST_POINTS = 50_000_000
# So many points are held at once, whatever the number of runs.
AT_ONCE = 2_000_000
# Of a segment: its series, how many points, steps and values as they are kept.
Packed = tuple[int, int, bytes | memoryview, bytes | memoryview]


class Bins(NamedTuple):
    """`many` bins of 2 ** `shift` steps each, from bin `first` on."""

    shift: int
    first: int
    many: int

    @property
    def width(self) -> int:
        return int(1 << self.shift)

    @property
    def steps(self) -> np.ndarray:
        """The step in the middle of each bin."""
        starts = (self.first + np.arange(self.many, dtype=np.int64)) << self.shift
        return starts + (self.width - 1) // 2


def bands(
    groups: Mapping[str, Sequence[Run]],
    name: str,
    *,
    most: int = 400,
    span: Span = ALL,
    deviation: bool = False,
) -> dict[str, Any]:
    """Return {"width", "groups": {group: {"runs", "steps", "mean", "low", "high", "std", …}}}.

    most: bins, at least 2.   span: first and last step wanted; bins at its edges are whole.
    low, high: least and greatest mean of a run, or (deviation) one standard deviation around the
    mean.   counts: of how many runs each mean is.   nan_count: values left out: no numbers, and
    those of bins whose figures are beyond what a number holds.
    Raises BadInput where it would be more than MOST_POINTS points.
    """
    runs = {run.pk for members in groups.values() for run in members}
    found = MetricSeries.objects.filter(run__in=runs, name=name).exclude(kind__in=TEXTS)
    pairs = list(found.order_by("pk").values_list("pk", "run_id"))
    series = {pk: place for place, (pk, _) in enumerate(pairs)}
    rows = {run: place for place, (_, run) in enumerate(pairs)}
    bins = _bins(series, name, most, span)
    means, points, lost = _means(series, bins)
    answer = {}
    for group, members in groups.items():
        own = [rows[run.pk] for run in members if run.pk in rows]
        band, is_drawn = _band(means[own], bins, deviation=deviation)
        left_out = lost[own].sum() + points[own][:, ~is_drawn].sum()
        answer[group] = {"runs": len(own), "nan_count": int(left_out), **band}
    return {"width": bins.width, "groups": answer}


def _segments(series: Mapping[int, int], span: Span) -> QuerySet[MetricSegment]:
    low, high = span
    inside = Q(series__in=list(series))
    if low is not None:
        inside &= Q(greatest_step__gte=low) | Q(greatest_step=None)
    if high is not None:
        inside &= Q(least_step__lte=high) | Q(least_step=None)
    return MetricSegment.objects.filter(inside)


def _bins(series: Mapping[int, int], name: str, most: int, span: Span) -> Bins:
    """The narrowest bins so that at most `most` cover what is wanted."""
    there = _segments(series, span).order_by()
    found = there.aggregate(
        first=Min(Coalesce("least_step", "series__first_step")),
        last=Max(Coalesce("greatest_step", "series__last_step")),
        points=Sum("count"),
    )
    if (found["points"] or 0) > MOST_POINTS:
        raise BadInput(
            f'these runs hold {found["points"]:,} points of "{name}"; a mean is made of at most'
            f" {MOST_POINTS:,}: choose fewer runs, or a part of the steps"
        )
    if found["first"] is None:
        return Bins(0, 0, 0)
    low = found["first"] if span[0] is None else max(span[0], found["first"])
    high = found["last"] if span[1] is None else min(span[1], found["last"])
    if high < low:
        return Bins(0, 0, 0)
    shift = 0
    # Steps below and above zero are never in one bin: two are the least.
    most = max(2, most)
    while (high >> shift) - (low >> shift) + 1 > most:
        shift += 1
    return Bins(shift, low >> shift, (high >> shift) - (low >> shift) + 1)


def _means(series: Mapping[int, int], bins: Bins) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each run's mean in each bin (runs, bins), NaN for none; how many values that is the mean of;
    how many more were left out (runs).
    """
    cells = len(series) * bins.many
    sums, counts = np.zeros(cells), np.zeros(cells)
    lost = np.zeros(len(series), dtype=np.int64)
    if bins.many:
        for rows, steps, values in _points(series, bins):
            where = (steps >> bins.shift) - bins.first
            is_inside = (where >= 0) & (where < bins.many)
            is_finite = np.isfinite(values)
            if not is_finite.all():
                lost += np.bincount(rows[is_inside & ~is_finite], minlength=len(series))
            kept = is_inside & is_finite
            if not kept.all():
                rows, where, values = rows[kept], where[kept], values[kept]
            cell = rows * bins.many + where
            sums += np.bincount(cell, weights=values, minlength=cells)
            counts += np.bincount(cell, minlength=cells)
    shape = len(series), bins.many
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (sums / counts).reshape(shape)
    counts = counts.reshape(shape)
    # Values near the largest number there is have a sum beyond it.
    is_over = (counts > 0) & ~np.isfinite(means)
    lost += np.where(is_over, counts, 0).sum(axis=1).astype(np.int64)
    return np.where(is_over, np.nan, means), np.where(is_over, 0, counts), lost


def _points(
    series: Mapping[int, int], bins: Bins
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows of runs, steps and values of what may lie in the bins, so many at once."""
    ends = bins.first << bins.shift, ((bins.first + bins.many) << bins.shift) - 1
    wanted = _segments(series, ends).order_by("series", "first")
    held: list[Packed] = []
    points = 0
    for row in wanted.values_list("series_id", "count", "steps", "values").iterator(256):
        held.append(row)
        points += row[1]
        if points >= AT_ONCE:
            yield _joined(held, series)
            held, points = [], 0
    if held:
        yield _joined(held, series)


def _joined(
    held: list[Packed], series: Mapping[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.repeat([series[key] for key, *_ in held], [count for _, count, *_ in held])
    steps = np.frombuffer(b"".join(steps for *_, steps, _ in held), dtype=np.int64)
    values = np.frombuffer(b"".join(values for *_, values in held), dtype=np.float64)
    return rows, steps, values


def _band(
    own: np.ndarray, bins: Bins, *, deviation: bool
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Of the means `own` (runs, bins): their mean in each bin where a run has any, and the band.

    And which bins are drawn (bins): a bin is not where one of its figures is beyond all numbers.
    """
    there = np.isfinite(own)
    counts = there.sum(axis=0)
    some = np.where(there, own, 0.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean = some.sum(axis=0) / counts
        std = np.sqrt((np.where(there, own - mean, 0.0) ** 2).sum(axis=0) / counts)
        low = np.where(there, own, np.inf).min(axis=0, initial=np.inf)
        high = np.where(there, own, -np.inf).max(axis=0, initial=-np.inf)
        if deviation:
            low, high = mean - std, mean + std
    columns = {"mean": mean, "low": low, "high": high, "std": std}
    kept = (counts > 0) & np.all([np.isfinite(column) for column in columns.values()], axis=0)
    found = {name: column[kept] for name, column in columns.items()}
    return {"steps": bins.steps[kept], **found, "counts": counts[kept]}, kept

"""Points for tests of what a run logged: batches in, columns out."""

import itertools
from typing import Any

import numpy as np

from runs import metrics
from runs.metrics.thinning import Points
from runs.metrics.views import ALL, Span, views
from runs.models import MetricForm, MetricKind, MetricSegment, MetricSeries, Run

_writers = itertools.count(1)


def batch(
    values: Any,
    *,
    name: str = "loss",
    steps: Any = None,
    kind: MetricKind = MetricKind.FLOAT,
    form: MetricForm = MetricForm.SCALAR,
) -> metrics.Batch:
    """A batch as the API makes it of what a driver sent; steps from 0 where none are given."""
    steps = np.arange(len(values)) if steps is None else np.asarray(steps)
    kept = values if kind in (MetricKind.TEXT, MetricKind.JSON) else np.asarray(values, float)
    times = 1.7e9 + np.arange(len(values)) / 8
    return metrics.Batch(name, kind, steps.astype(np.int64), times, kept, form)


def log(run: Run, values: Any, at_once: int = 50_000, **about: Any) -> MetricSeries:
    """Append all values in batches, by a writer of their own; return the series."""
    whole = batch(values, **about)
    writer = f"writer-{next(_writers)}"
    for number, at in enumerate(range(0, len(values), at_once), 1):
        part = slice(at, at + at_once)
        columns = (whole.steps[part], whole.times[part], whole.values[part])
        piece = metrics.Batch(whole.name, whole.kind, *columns, whole.form)
        assert metrics.append(run, writer, number, [piece]).last == number
    return series_of(run, whole.name)


def series_of(run: Run, name: str = "loss") -> MetricSeries:
    return MetricSeries.objects.get(run=run, name=name)


def view(series: MetricSeries, most: int = 0, span: Span = ALL) -> Points:
    """The series as it is now, thinned to about `most`."""
    series.refresh_from_db()
    [points] = views([series], most, span).values()
    return points


def segments(series: MetricSeries) -> list[tuple[int, int]]:
    """First number and count of each segment."""
    there = MetricSegment.objects.filter(series=series).order_by("first")
    return list(there.values_list("first", "count"))

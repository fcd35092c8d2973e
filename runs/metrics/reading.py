"""Points and summaries of a run's metrics as the API gives them."""

import json
from typing import Any

import numpy as np
from django.db.models import F, Max, Min, QuerySet

from runs.metrics.batches import TEXTS, Batch
from runs.metrics.fields import logged, monitored
from runs.metrics.segments import steps_and_times, texts_of
from runs.metrics.shown import shown, values_of
from runs.metrics.thinning import Points, bin_for
from runs.metrics.views import ALL, Span, views
from runs.models import MetricForm, MetricKind, MetricSegment, MetricSeries, Run


def summaries(run: Run, *, monitoring: bool = False) -> list[dict[str, Any]]:
    """One summary per metric of the script, or (monitoring) per series of its nodes."""
    return summaries_of(run, monitored(run) if monitoring else logged(run))


def summaries_of(run: Run, chosen: QuerySet[MetricSeries]) -> list[dict[str, Any]]:
    """Summaries of some of a run's series; how far their steps reach is one query for all."""
    there = MetricSegment.objects.filter(series__run=run).order_by().values("series")
    found = there.annotate(low=Min("least_step"), high=Max("greatest_step"))
    ends = {key: (low, high) for key, low, high in found.values_list("series", "low", "high")}
    return [summary(series, ends.get(series.pk, (None, None))) for series in chosen]


def summary(series: MetricSeries, ends: tuple[int | None, int | None]) -> dict[str, Any]:
    """What tiles and tables say of a metric without its points.

    ends: its least and greatest step, None in rows of which nobody knows.
    """
    low, high = ends
    return {
        "name": series.name,
        "kind": series.kind,
        "form": series.form,
        "count": series.count,
        "first_step": series.first_step,
        "last_step": series.last_step,
        # A script that goes on from a checkpoint comes back to steps that it had.
        "least_step": min(series.first_step, series.last_step, *_known(low)),
        "greatest_step": max(series.first_step, series.last_step, *_known(high)),
        "last_time": series.last_time,
        "last": _last(series),
        "least": series.least,
        "greatest": series.greatest,
        "nan_count": series.nan_count,
        "first_nan_step": series.first_nan_step,
    }


def _known(step: int | None) -> tuple[int, ...]:
    return () if step is None else (step,)


def _last(series: MetricSeries) -> Any:
    try:
        return json.loads(series.last)
    except ValueError:  # a long text was cut
        return series.last


def read(series: MetricSeries, after: int = 0, limit: int = 0) -> Batch:
    """Return the points of a series from number `after` on, at most `limit` where that is not 0.

    None that came after `series` was read: its count is the cursor of what is returned.
    """
    limit = min(limit or series.count, max(0, series.count - after))
    ends = series.segments.annotate(end=F("first") + F("count")).filter(end__gt=after)
    rows = ends.filter(first__lt=after + limit).order_by("first") if limit else []
    return _batch(series, list(rows), after, limit)


def _batch(series: MetricSeries, rows: list[MetricSegment], after: int, limit: int) -> Batch:
    skip = max(0, after - rows[0].first) if rows else 0
    part = slice(skip, skip + limit)
    steps, times = steps_and_times(rows)
    kind = MetricKind(series.kind)
    values: Any
    if kind in TEXTS:
        values = texts_of(rows)
    else:
        values = np.frombuffer(b"".join(row.values for row in rows), dtype=np.float64)
    form = MetricForm(series.form)
    return Batch(series.name, kind, steps[part], times[part], values[part], form)


def points(
    run: Run,
    names: list[str],
    *,
    after: int = 0,
    limit: int = 0,
    most: int = 0,
    span: Span = ALL,
) -> dict[str, dict[str, Any]]:
    """Points of the named series, of the script's all when `names` is empty.

    most: thin each to about so many; 0 keeps every one.   after, limit: of all points in the order
    they came, those from that number on, and how many.   span: first and last step wanted, None for
    open; with it, or with `most`, points are in the order of their steps.
    `count` in the answer is the cursor, `bin` of how many points each two are drawn.
    """
    chosen = list(run.series.filter(name__in=names) if names else logged(run))
    is_view = (most > 0 or span != ALL) and not after and not limit
    numbers = [series for series in chosen if series.kind not in TEXTS] if is_view else []
    seen = views(numbers, most, span)
    answer = {}
    for series in chosen:
        if series.pk in seen:
            answer[series.name] = _viewed(series, seen[series.pk], most, whole=span == ALL)
        else:
            batch = read(series, after, limit)
            columns = {"steps": batch.steps, "times": batch.times}
            values = values_of(series.kind, batch.values)
            answer[series.name] = {
                **_about(series), "after": after, "thinned": False, "bin": 1,
                **columns, "values": values,
            }  # fmt: skip
    return answer


def _about(series: MetricSeries) -> dict[str, Any]:
    return {"kind": series.kind, "form": series.form, "count": series.count}


def _viewed(series: MetricSeries, view: Points, most: int, *, whole: bool) -> dict[str, Any]:
    length = bin_for(series.count, most) if most and whole else 1
    first, last = (int(view.numbers.min()), int(view.numbers.max())) if len(view) else (0, -1)
    return {
        **_about(series),
        "after": 0,
        "thinned": len(view) < last - first + 1,
        "bin": length,
        "steps": view.steps,
        "times": view.times,
        "values": values_of(series.kind, view.values),
    }


def curves(
    runs: list[Run], name: str, *, most: int, span: Span = ALL, times: bool = False
) -> dict[str, dict[str, Any]]:
    """The metric `name` of many runs, thinned each to about `most`: run id → its curve.

    times: with the wall times of the points; a chart over steps needs none.
    """
    ids = {run.pk: run.run_id for run in runs}
    many = list(MetricSeries.objects.filter(run__in=ids, name=name).exclude(kind__in=TEXTS))
    seen = views(many, most, span)
    answer = {}
    for series in many:
        view = seen[series.pk]
        answer[ids[series.run_id]] = {
            "kind": series.kind,
            "count": series.count,
            "bin": bin_for(series.count, most),
            "last": series.last_value,
            "least": series.least,
            "greatest": series.greatest,
            "first_nan_step": series.first_nan_step,
            "steps": view.steps,
            **({"times": view.times} if times else {}),
            "values": shown(view.values) if not np.isfinite(view.values).all() else view.values,
        }
    return answer

"""Values of several metrics beside each other, step by step."""

from typing import Any

import numpy as np

from runs.metrics.batches import TEXTS
from runs.metrics.reading import read
from runs.metrics.shown import values_of
from runs.metrics.views import views
from runs.models import MetricSeries


def rows(many: list[MetricSeries], *, after: int, limit: int) -> dict[str, Any]:
    """Points of the first of `many` as they came, from number `after` on, at most `limit`.

    Beside each the values that the others, of numbers, have at its step: the last where there are
    several, None where there is none, or where the values are texts.
    """
    lead = many[0]
    batch = read(lead, after, limit)
    columns: dict[str, Any] = {lead.name: values_of(lead.kind, batch.values)}
    others = [one for one in many[1:] if one.kind not in TEXTS]
    if len(batch.steps):
        span = (int(batch.steps.min()), int(batch.steps.max()))
        seen = views(others, 0, span)
        for one in others:
            columns[one.name] = _beside(one, batch.steps, seen[one.pk])
    return {"count": lead.count, "steps": batch.steps, "times": batch.times, "columns": columns}


def _beside(series: MetricSeries, steps: np.ndarray, points: Any) -> list[Any]:
    """The value of `series` at each of `steps`; points: its own, in the order of their steps."""
    found: list[Any] = [None] * len(steps)
    if not len(points):
        return found
    at = np.searchsorted(points.steps, steps, "right") - 1
    here = np.flatnonzero((at >= 0) & (points.steps[at] == steps))
    values = values_of(series.kind, points.values[at[here]])
    listed = values if isinstance(values, list) else values.tolist()
    for index, value in zip(here.tolist(), listed, strict=True):
        found[index] = value
    return found

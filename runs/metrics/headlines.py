"""What the head of a run's page says of its metrics: is it learning, and did it break."""

import json
from typing import Any

import numpy as np

from runs.metrics.batches import TEXTS
from runs.metrics.fields import logged
from runs.metrics.shown import word
from runs.metrics.views import views
from runs.models import MetricForm, MetricSeries, Run

# Curves and single values; images, tables and their kind have a tab of their own.
DRAWN = (MetricForm.SCALAR, MetricForm.LIST)


def main_metric(run: Run) -> dict[str, Any] | None:
    """The metric that answers "is it learning": the loss, or else the first number logged."""
    numbers = logged(run).exclude(kind__in=TEXTS)
    series = (
        numbers.filter(name="loss").first()
        or numbers.filter(name__icontains="loss").first()
        or numbers.first()
    )
    if series is None:
        return None
    return {"name": series.name, "last": json.loads(series.last), "last_step": series.last_step}


def first_odd(run: Run) -> dict[str, Any] | None:
    """The metric that was the first to be no number: its name, at which step, and what it was.

    `others`: how many more have a value that is none.
    """
    broken = logged(run).exclude(first_nan_step=None).order_by("first_nan_step", "id")
    first = broken.first()
    if first is None:
        return None
    return {
        "name": first.name,
        "step": first.first_nan_step,
        "what": _what(first),
        "others": broken.count() - 1,
    }


def _what(series: MetricSeries) -> str:
    """ "NaN", "+Inf" or "−Inf", whichever came first."""
    step = series.first_nan_step
    points = views([series], 0, (step, step))[series.pk]
    odd = points.at(~np.isfinite(points.values) & (points.steps == step))
    if not len(odd):
        return "NaN"
    at = int(np.argmin(odd.numbers))
    return {"NaN": "NaN", "Infinity": "+Inf", "-Infinity": "−Inf"}[word(float(odd.values[at]))]

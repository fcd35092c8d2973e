"""Runs with metrics, parameters and tags for the tests of queries and tables, made in bulk."""

import json
import math
from typing import Any

from runs import parameters
from runs.metrics.fields import fields_of
from runs.models import Experiment, FieldKind, MetricSeries, Run
from tests.factories import make_run


def make_series(run: Run, **values: Any) -> None:
    """Metrics by name: a last value, or (least, last, greatest)."""
    fields = fields_of(run.experiment, FieldKind.METRIC, values)
    MetricSeries.objects.bulk_create(
        _series(run, fields[name], value) for name, value in values.items()
    )


def _series(run: Run, field: Any, given: Any) -> MetricSeries:
    least, last, greatest = given if isinstance(given, tuple) else (given, given, given)
    text = "NaN" if isinstance(last, float) and math.isnan(last) else last
    is_number = text != "NaN" and not isinstance(last, str)
    return MetricSeries(
        run=run,
        field=field,
        name=field.name,
        kind="text" if isinstance(last, str) else "float",
        count=1,
        last=json.dumps(text),
        last_value=float(last) if is_number else None,
        least=None if isinstance(least, str) or math.isnan(least) else float(least),
        greatest=None if isinstance(greatest, str) or math.isnan(greatest) else float(greatest),
        nan_count=int(text == "NaN"),
        first_nan_step=0 if text == "NaN" else None,
    )


def make_measured(experiment: Experiment, **fields: Any) -> Run:
    """A run with `metrics`, `arguments` and `tags` as the studio keeps them."""
    metrics = fields.pop("metrics", {})
    run = make_run(experiment=experiment, **fields)
    parameters.keep(run)
    make_series(run, **metrics)
    return run

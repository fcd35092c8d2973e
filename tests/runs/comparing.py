"""What the tests of comparing share: runs with parameters, tags and points."""

from typing import Any

import numpy as np

from runs import metrics
from runs.metrics.fields import fields_of
from runs.models import Experiment, FieldKind, MetricKind, Run, RunValue
from runs.states import State
from tests.factories import AT, make_run


def logged(run: Run, writer: str = "w", sequence: int = 1, **points: Any) -> None:
    """Store points: name → values, or (steps, values)."""
    batches = []
    for name, given in points.items():
        steps, values = given if isinstance(given, tuple) else (np.arange(len(given)), given)
        columns = np.asarray(steps, dtype=np.int64), np.zeros(len(steps))
        kind = MetricKind.FLOAT
        batches.append(metrics.Batch(name, kind, *columns, np.asarray(values, dtype=np.float64)))
    metrics.append(run, writer, sequence, batches)


def given(run: Run, kind: FieldKind, /, **values: Any) -> None:
    """Give a run parameters or tags, as its submission does."""
    fields = fields_of(run.experiment, kind, values)
    RunValue.objects.bulk_create(
        RunValue(run=run, field=fields[name], text=str(value), number=number(value))
        for name, value in values.items()
    )


def number(value: Any) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def trained(
    experiment: Experiment, loss: list[float], *, tags: Any = None, **parameters: Any
) -> Run:
    """A completed run that was started with `parameters` and logged `loss`."""
    run = make_run(
        experiment=experiment, state=State.COMPLETED, created_at=AT, duration_s=10.0,
    )  # fmt: skip
    given(run, FieldKind.PARAMETER, **parameters)
    given(run, FieldKind.TAG, **(tags or {}))
    if loss:
        logged(run, loss=loss)
    return run

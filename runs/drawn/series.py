"""Which series of a run are looked at one value at a time, and not as a curve."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db.models import QuerySet

from runs.metrics.batches import TEXTS
from runs.metrics.fields import logged
from runs.metrics.reading import summaries_of
from runs.models import MetricForm, MetricSeries, Run
from studio.errors import BadInput, NotFound

# The values of these say where the file is that was uploaded for them.
FILES = (
    MetricForm.IMAGE,
    MetricForm.CONFUSION_MATRIX,
    MetricForm.ACCURACY_TABLE,
    MetricForm.RESIDUALS,
    MetricForm.PREDICTIONS,
)
TABLES = (MetricForm.TABLE,)


def drawn(run: Run) -> QuerySet[MetricSeries]:
    """The series whose values are no numbers, in the order they first appeared."""
    return logged(run).filter(kind__in=TEXTS)


def summaries(run: Run) -> list[dict[str, Any]]:
    """One summary per series, as the list of metrics has it."""
    return summaries_of(run, drawn(run))


def one(run: Run, name: str, forms: Sequence[MetricForm]) -> MetricSeries:
    """Return the series. Raises NotFound; BadInput when its form is none of `forms`."""
    series = drawn(run).filter(name=name).first()
    if series is None:
        raise NotFound(f'run {run.run_id} has no image, chart, table or text "{name[:300]}"')
    if series.form not in forms:
        wanted = ", ".join(form.value for form in forms)
        raise BadInput(f'"{series.name}" was logged as {series.form}; this is for {wanted}')
    return series


def number_at(series: MetricSeries, step: int) -> int:
    """The number of the last point at `step`; of the nearest before it when there is none."""
    packed = b"".join(series.segments.order_by("first").values_list("steps", flat=True))
    steps = np.frombuffer(packed, dtype=np.int64)
    before = steps[steps <= step]
    if not len(before):
        return 0
    return int(np.flatnonzero(steps == before.max())[-1])

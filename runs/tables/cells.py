"""What stands in the rows: a query for all metrics, one for all parameters and tags."""

import json
from collections.abc import Sequence
from typing import Any

from runs.metrics.batches import TEXTS
from runs.models import MetricKind, MetricSeries, Run, RunValue
from runs.queries import FACTS
from runs.tables.shapes import Cell, Column

AS_NUMBER = {"last": "last_value", "min": "least", "max": "greatest"}
FOUND_BY_METRIC = (
    *("run_id", "field_id", "kind", "last", "least", "greatest", "nan_count", "first_nan_step"),
)


def cells_of(runs: Sequence[Run], columns: Sequence[Column]) -> list[tuple[Cell | None, ...]]:
    """The cells of each run, in the columns' order; None where a run has nothing there."""
    keys = [run.pk for run in runs]
    metrics = _metrics(keys, [c.field_id for c in columns if c.kind == "metric" and c.field_id])
    values = _values(keys, [c.field_id for c in columns if c.kind in ("param", "tag")])
    return [tuple(_cell(run, column, metrics, values) for column in columns) for run in runs]


def _metrics(runs: list[int], fields: list[int]) -> dict[tuple[int, int], dict[str, Any]]:
    if not runs or not fields:
        return {}
    rows = MetricSeries.objects.filter(field__in=fields, run__in=runs).order_by()
    return {(row["run_id"], row["field_id"]): row for row in rows.values(*FOUND_BY_METRIC)}


def _values(runs: list[int], fields: list[int | None]) -> dict[tuple[int, int], Cell]:
    wanted = [field for field in fields if field]
    if not runs or not wanted:
        return {}
    rows = RunValue.objects.filter(field__in=wanted, run__in=runs).order_by()
    found = rows.values_list("run_id", "field_id", "text", "number")
    return {
        (run, field): Cell(text, "text" if number is None else "float")
        for run, field, text, number in found
    }


def _cell(
    run: Run,
    column: Column,
    metrics: dict[tuple[int, int], dict[str, Any]],
    values: dict[tuple[int, int], Cell],
) -> Cell | None:
    if column.kind == "own":
        return own_cell(run, column.name)
    place = (run.pk, column.field_id or 0)
    if column.kind != "metric":
        return values.get(place)
    row = metrics.get(place)
    return _metric_cell(row, column.part) if row else None


def own_cell(run: Run, name: str) -> Cell | None:
    """A run's own fact."""
    fact = FACTS[name]
    value: Any = run
    for step in fact.lookup.split("__"):
        value = getattr(value, step)
    return Cell(value, fact.kind) if value not in (None, "") else None


def _metric_cell(row: dict[str, Any], part: str) -> Cell | None:
    kind = row["kind"]
    value = _last(row["last"]) if part == "last" else row[AS_NUMBER[part]]
    if value is None:
        return None
    if part != "last" and kind not in TEXTS:
        value = _in_kind(kind, value)
    return Cell(value, kind, row["nan_count"], row["first_nan_step"])


def _in_kind(kind: str, value: float) -> Any:
    if kind == MetricKind.BOOL:
        return bool(value)
    return int(value) if kind == MetricKind.INT else value


def _last(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # a long text was cut
        return text

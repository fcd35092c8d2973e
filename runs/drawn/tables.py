"""Tables of rows that were logged one by one: their columns, lines of them, and all as CSV."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
import orjson
from django.db.models import F

from runs.metrics.batches import NOT_FINITE
from runs.metrics.segments import texts_of
from runs.metrics.thinning import Points, bin_for, thin_with_ends
from runs.models import MetricSeries

CSV_ROWS = 1000
# A column per row is a mistake; its rows are kept whole all the same.
MOST_COLUMNS = 500
MOST_LINES = 12
MOST_POINTS = 2000


@dataclass
class Columns:
    """Columns of the first `rows` rows, in the order of their first appearance.

    kinds: column → whether all its values are numbers; None while it had no value.
    more: whether there were more than MOST_COLUMNS.
    """

    rows: int = 0
    kinds: dict[str, bool | None] = field(default_factory=dict)
    more: bool = False
    lock: Lock = field(default_factory=Lock)


@lru_cache(maxsize=256)
def _known(run_id: str, name: str) -> Columns:
    """Rows are only ever added: what was read of a table once is not read again."""
    return Columns()


def columns(series: MetricSeries) -> dict[str, Any]:
    """What a table's head shows: {"count", "columns": [{"name", "is_number"}], "more"}."""
    known = _read_on(series)
    listed = [{"name": name, "is_number": kind is True} for name, kind in [*known.kinds.items()]]
    return {"count": series.count, "columns": listed, "more": known.more}


def _read_on(series: MetricSeries) -> Columns:
    known = _known(series.run.run_id, series.name)
    with known.lock:
        for row in _rows(series, known.rows):
            known.rows += 1
            _take(known, row)
    return known


def _take(known: Columns, row: dict[str, Any]) -> None:
    for name, value in row.items():
        if name not in known.kinds:
            if len(known.kinds) >= MOST_COLUMNS:
                known.more = True
                continue
            known.kinds[name] = None
        if value is not None and known.kinds[name] is not False:
            known.kinds[name] = _number(value) is not None


def _number(value: Any) -> float | None:
    """A number as a float, also NaN and ±Inf in words; None for what is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return NOT_FINITE.get(value) if isinstance(value, str) else None


def _rows(series: MetricSeries, after: int = 0) -> Iterator[dict[str, Any]]:
    """Rows from number `after` on, a segment at a time: a long table is never whole in memory."""
    ends = series.segments.annotate(end=F("first") + F("count")).filter(end__gt=after)
    for segment in ends.order_by("first").iterator(chunk_size=1):
        for text in texts_of([segment])[max(0, after - segment.first) :]:
            row = _read(text)
            yield row if isinstance(row, dict) else {"value": row}


def _read(text: str) -> Any:
    """The row; as its text where it is no JSON: one such row hides no other."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def lines(series: MetricSeries) -> dict[str, Any]:
    """The first column of numbers as x, the others as lines, thinned: no spike is lost.

    {"x": column, "is_rising", "lines": [{"name", "x": [], "y": []}], "more": lines left out}; lines
    is empty with fewer than two columns of numbers. NaN, ±Inf and what is missing are null.
    """
    return _lines(series.run.run_id, series.name, series.count)


@lru_cache(maxsize=16)
def _lines(run_id: str, name: str, count: int) -> dict[str, Any]:
    """Of the rows there were when there were `count`: they are not read again for the next look."""
    return _drawn(MetricSeries.objects.select_related("run").get(run__run_id=run_id, name=name))


def _drawn(series: MetricSeries) -> dict[str, Any]:
    names = [name for name, kind in [*_read_on(series).kinds.items()] if kind is True]
    chosen = names[: MOST_LINES + 1]
    if len(chosen) < 2:
        return {"x": "", "is_rising": True, "lines": [], "more": 0}
    found = np.array(
        [[_value(row.get(name)) for name in chosen] for row in _rows(series)], dtype=np.float64
    )
    found = np.ascontiguousarray(found.T)
    x = found[0]
    length = bin_for(len(x), MOST_POINTS)
    numbers = np.arange(len(x))
    drawn = []
    for at, name in enumerate(chosen[1:], 1):
        kept = thin_with_ends(Points(numbers, numbers, x, found[at]), length)
        drawn.append({"name": name, "x": kept.times, "y": kept.values})
    return {
        "x": chosen[0],
        "is_rising": bool((np.diff(x[np.isfinite(x)]) >= 0).all()),
        "lines": drawn,
        "more": len(names) - len(chosen),
    }


def _value(value: Any) -> float:
    number = _number(value)
    return math.nan if number is None else number


def csv_lines(series: MetricSeries) -> Iterator[bytes]:
    """Yield a table's rows as CSV, its columns above them."""
    names = [*_read_on(series).kinds]
    yield _csv([names])
    part = []
    for row in _rows(series):
        part.append([_cell(row.get(name)) for name in names])
        if len(part) == CSV_ROWS:
            yield _csv(part)
            part = []
    yield _csv(part)


def _cell(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, list | dict | bool) else value


def _csv(rows: Any) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()

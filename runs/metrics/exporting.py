"""Points of a run as CSV or JSON, made while they are sent, so that any number of them fits."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import orjson

from runs.metrics.batches import TEXTS, Batch
from runs.metrics.packing import PAGE_POINTS
from runs.metrics.reading import read
from runs.metrics.shown import values_of, word
from runs.models import MetricKind, MetricSeries

TYPES = {"csv": "text/csv", "json": "application/json"}
HEADER = b"metric,step,time,value\r\n"


def as_csv(many: Iterable[MetricSeries]) -> Iterator[bytes]:
    """A line per point: metric, step, wall time (ISO 8601, UTC), value; in the order they came.

    NaN and ±Inf are the words NaN, Infinity and -Infinity; of a page of points at a time.
    """
    yield HEADER
    for series in many:
        name = _quoted(series.name)
        for batch in _pages(series):
            rows = zip(batch.steps.tolist(), _times(batch.times), _words(batch), strict=True)
            lines = [f"{name},{step},{time}Z,{value}\r\n" for step, time, value in rows]
            yield "".join(lines).encode()


def as_json(run_id: str, many: Iterable[MetricSeries]) -> Iterator[bytes]:
    """{"run_id", "series": {name: {kind, form, count, steps, times, values}}}, as points have it.

    A series is read once for each of its three columns: whole, they would not fit.
    """
    yield b'{"run_id": %s, "series": {' % orjson.dumps(run_id)
    columns: dict[str, Callable[[Batch], Any]] = {
        "steps": lambda batch: batch.steps,
        "times": lambda batch: batch.times,
        "values": lambda batch: values_of(batch.kind, batch.values),
    }
    for at, series in enumerate(many):
        facts = {"kind": series.kind, "form": series.form, "count": series.count}
        yield b"%s\n%s: %s" % (b"," * (at > 0), orjson.dumps(series.name), orjson.dumps(facts)[:-1])
        for column, of in columns.items():
            yield b',\n"%s": [' % column.encode()
            for number, batch in enumerate(_pages(series)):
                listed = orjson.dumps(of(batch), option=orjson.OPT_SERIALIZE_NUMPY)
                yield b"," * (number > 0) + listed[1:-1]
            yield b"]"
        yield b"}"
    yield b"\n}}\n"


def _pages(series: MetricSeries) -> Iterator[Batch]:
    """The points there are now, a page at a time: what comes meanwhile is not waited for."""
    for after in range(0, series.count, PAGE_POINTS):
        yield read(series, after, min(PAGE_POINTS, series.count - after))


def _times(times: np.ndarray) -> list[str]:
    exact = np.round(times * 1e6).astype(np.int64).astype("datetime64[us]")
    listed: list[str] = np.datetime_as_string(exact).tolist()
    return listed


def _words(batch: Batch) -> list[str]:
    if batch.kind in TEXTS:
        return [_quoted(text) for text in batch.values]
    values = batch.values.tolist()
    if not np.isfinite(batch.values).all():
        finite = np.isfinite(batch.values).tolist()
        pairs = zip(values, finite, strict=True)
        return [_number(value, batch.kind) if is_one else word(value) for value, is_one in pairs]
    if batch.kind == MetricKind.FLOAT:
        return list(map(repr, values))
    return [_number(value, batch.kind) for value in values]


def _number(value: float, kind: str) -> str:
    if kind == MetricKind.BOOL:
        return "true" if value else "false"
    return str(int(value)) if kind == MetricKind.INT else repr(value)


def _quoted(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()

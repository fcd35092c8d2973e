"""A batch as a driver sends it, as JSON or packed: checked, and turned into arrays."""

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from runs.models import MetricForm, MetricKind
from studio.errors import BadInput
from studio.texts import checked, kept

# The type of a body that `unpack` reads.
PACKED = "application/x-trainyard-points"
MOST_POINTS = 200_000
# A batch of many names is many rows in one transaction, for which all other writers wait.
MOST_SERIES_AT_ONCE = 500
MOST_NAME = 255
MOST_TEXT = 10_000
MOST_HEAD_BYTES = 16 * 2**20
# Of the years 1 to 9999, in Unix seconds: others are no dates, in exports and in browsers.
FIRST_TIME, LAST_TIME = -62_135_596_800, 253_402_300_799
NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
TEXTS = (MetricKind.TEXT, MetricKind.JSON)


@dataclass(frozen=True)
class Batch:
    """Points of one series: steps int64 (n,), wall times float64 (n,) in Unix seconds, values.

    values: float64 (n,) for numbers; a list of n strings for text and json.
    """

    name: str
    kind: MetricKind
    steps: np.ndarray
    times: np.ndarray
    values: Any
    form: MetricForm = MetricForm.SCALAR


def parse(series: Any) -> list[Batch]:
    """Check what a driver sent and return its batches. Raises BadInput that names the series."""
    if not isinstance(series, list):
        raise BadInput('"series" is a list')
    return _together([_parse_one(one) for one in series])


def unpack(body: bytes) -> tuple[Any, list[Batch]]:
    """Read a packed batch: return its head (writer, sequence) and its series.

    A line of JSON as `parse` takes it, but with "count" in place of the columns of numbers; then
    for each series its steps (int64), times and, of numbers, values (float64), little-endian.
    Raises BadInput.
    """
    end = body.find(b"\n", 0, MOST_HEAD_BYTES)
    try:
        head: Any = json.loads(body[: max(0, end)])
        batches, at = [], end + 1
        for one in head["series"]:
            batch, at = _unpack_one(one, body, at)
            batches.append(batch)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadInput(f"the packed batch cannot be read: {error}") from None
    if at != len(body):
        raise BadInput(f"the packed batch has {len(body) - at} bytes more than its series")
    return head, _together(batches)


def _unpack_one(one: Any, body: bytes, at: int) -> tuple[Batch, int]:
    count = one["count"]
    if type(count) is not int:
        raise ValueError('"count" is a whole number')
    is_text = MetricKind(one["kind"]) in TEXTS
    if not 0 < count <= MOST_POINTS:
        raise ValueError(f'"count" is from 1 to {MOST_POINTS:,}')
    columns = []
    for kind in ("<i8", "<f8") if is_text else ("<i8", "<f8", "<f8"):
        columns.append(np.frombuffer(body, dtype=kind, count=count, offset=at))
        at += 8 * count
    values = one["values"] if is_text else columns[2]
    if is_text and not isinstance(values, list):
        raise ValueError('"values" is a list')
    return _checked(one, columns[0], columns[1], values), at


def _together(batches: list[Batch]) -> list[Batch]:
    if len({batch.name for batch in batches}) != len(batches):
        raise BadInput("a series is listed twice in one batch")
    if len(batches) > MOST_SERIES_AT_ONCE:
        raise BadInput(f"a batch holds at most {MOST_SERIES_AT_ONCE} metrics; send several")
    if sum(len(batch.steps) for batch in batches) > MOST_POINTS:
        raise BadInput(f"a batch holds at most {MOST_POINTS:,} points; send several")
    return batches


def _parse_one(one: Any) -> Batch:
    try:
        kind = MetricKind(one["kind"])
        steps = _whole(one["steps"])
        times = np.asarray(one["times"], dtype=np.float64)
        values = one["values"]
        if not isinstance(values, list):
            raise ValueError('"values" is a list')
        if kind not in TEXTS:
            values = np.asarray([NOT_FINITE.get(v, v) for v in values], dtype=np.float64)
        return _checked(one, steps, times, values)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        shown = str(one.get("name", "?"))[:80] if isinstance(one, dict) else "?"
        raise BadInput(f'series "{shown}" cannot be read: {error}') from None


def _whole(steps: Any) -> np.ndarray:
    """Steps as int64. Raises ValueError for 1.5, which would become 1, and beyond 64 bits."""
    given = np.asarray(steps)
    if given.size and given.dtype.kind != "i":
        raise ValueError("a step is a whole number of 64 bits")
    return given.astype(np.int64)


def _checked(one: Any, steps: np.ndarray, times: np.ndarray, values: Any) -> Batch:
    name, kind = one["name"], MetricKind(one["kind"])
    form = MetricForm(one.get("form", MetricForm.SCALAR))
    checked("a metric's name", name, MOST_NAME, empty=False)
    if kind == MetricKind.TEXT:
        values = [kept(str(value), MOST_TEXT) for value in values]
    elif kind == MetricKind.JSON:
        values = [_whole_json(value) for value in values]
    if not steps.ndim == times.ndim == 1 or not len(steps) == len(times) == len(values) > 0:
        raise BadInput(f'series "{name}": steps, times and values need the same length, above 0')
    if not np.isfinite(times).all():
        raise BadInput(f'series "{name}": a time is not a number')
    if times.min() < FIRST_TIME or times.max() > LAST_TIME:
        raise BadInput(f'series "{name}": a time is outside of the years 1 to 9999')
    return Batch(name, kind, steps, times, values, form)


def _whole_json(value: Any) -> str:
    text = kept(str(value), MOST_TEXT + 1)
    if len(text) > MOST_TEXT:
        raise ValueError(f"a row has more than {MOST_TEXT:,} characters")
    orjson.loads(text)  # as those will read it who draw the table
    return text

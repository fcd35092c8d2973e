"""A run's metrics: appended in batches, exactly once; read back whole, thinned or summarised."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import F, QuerySet
from tsdownsample import MinMaxDownsampler

from runs.models import MetricKind, MetricSegment, MetricSeries, MetricWriter, Run
from studio import live
from studio.errors import BadInput, WrongOffset
from studio.texts import checked, kept

# A segment smaller than this is continued in place: a slow script is not a row per point.
SMALL_POINTS = 256
MOST_POINTS = 200_000
MOST_SERIES = 10_000
# A batch of many names is many rows in one transaction, for which all other writers wait.
MOST_SERIES_AT_ONCE = 500
MOST_NAME = 255
MOST_TEXT = 10_000
# A delta of more points than this is told without them: the page asks for a thinned view.
MOST_LIVE_POINTS = 2000
SUMMARY = (
    *("kind", "count", "last_step", "last_time", "last"),
    *("least", "greatest", "nan_count", "first_nan_step"),
)
# Names that begin so are the node's, measured beside the script: none of the script's metrics.
RESERVED = "trainyard/"
MIN_MAX = MinMaxDownsampler()  # type: ignore[no-untyped-call]
NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True)
class Batch:
    """Points of one series: steps int64 (n,), wall times float64 (n,) in Unix seconds, values.

    values: float64 (n,) for numbers; a list of n strings for text.
    """

    name: str
    kind: MetricKind
    steps: np.ndarray
    times: np.ndarray
    values: Any


def group(run: Run) -> str:
    """The live group that hears a run's points."""
    return f"run.{run.pk}.metrics"


def monitoring_group(run: Run) -> str:
    """The live group that hears what a run's nodes do."""
    return f"run.{run.pk}.monitoring"


def logged(run: Run) -> QuerySet[MetricSeries]:
    """The metrics of the script itself, in the order they first appeared."""
    return run.series.exclude(name__startswith=RESERVED)


def monitored(run: Run) -> QuerySet[MetricSeries]:
    """What was measured of the run's nodes, in the order it first appeared."""
    return run.series.filter(name__startswith=RESERVED)


def parse(series: Any) -> list[Batch]:
    """Check what a driver sent and return its batches. Raises BadInput that names the series."""
    if not isinstance(series, list):
        raise BadInput('"series" is a list')
    batches = [_parse_one(one) for one in series]
    if len({batch.name for batch in batches}) != len(batches):
        raise BadInput("a series is listed twice in one batch")
    if len(batches) > MOST_SERIES_AT_ONCE:
        raise BadInput(f"a batch holds at most {MOST_SERIES_AT_ONCE} metrics; send several")
    if sum(len(batch.steps) for batch in batches) > MOST_POINTS:
        raise BadInput(f"a batch holds at most {MOST_POINTS:,} points; send several")
    return batches


def _parse_one(one: Any) -> Batch:
    try:
        name, kind = str(one["name"]), MetricKind(one["kind"])
        steps = np.asarray(one["steps"], dtype=np.int64)
        times = np.asarray(one["times"], dtype=np.float64)
        values = one["values"]
        if kind == MetricKind.TEXT:
            values = [kept(str(value), MOST_TEXT) for value in values]
        else:
            values = np.asarray([NOT_FINITE.get(v, v) for v in values], dtype=np.float64)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        shown = str(one.get("name", "?"))[:80] if isinstance(one, dict) else "?"
        raise BadInput(f'series "{shown}" cannot be read: {error}') from None
    checked("a metric's name", name, MOST_NAME, empty=False)
    if not steps.ndim == times.ndim == 1 or not len(steps) == len(times) == len(values) > 0:
        raise BadInput(f'series "{name}": steps, times and values need the same length, above 0')
    if not np.isfinite(times).all():
        raise BadInput(f'series "{name}": a time is not a number')
    return Batch(name, kind, steps, times, values)


def append(run: Run, writer: str, sequence: int, batches: list[Batch]) -> int:
    """Store batch number `sequence` (from 1) of `writer`; returns the last number stored.

    One that is stored already is acknowledged, not stored again.
    Raises WrongOffset with `at` = the last stored when one in between is missing.
    """
    with transaction.atomic():
        MetricWriter.objects.get_or_create(run=run, name=writer)
        row = MetricWriter.objects.select_for_update().get(run=run, name=writer)
        if sequence <= row.last_sequence:
            return row.last_sequence
        if sequence != row.last_sequence + 1:
            raise WrongOffset(
                f"batch {sequence} of {writer} came before {row.last_sequence + 1}",
                at=row.last_sequence,
            )
        told = _store(run, batches)
        row.last_sequence = sequence
        row.save(update_fields=["last_sequence"])
        _tell(run, told)
    return sequence


def _tell(run: Run, told: dict[str, Any]) -> None:
    ours = {name: delta for name, delta in told.items() if name.startswith(RESERVED)}
    logged = {name: delta for name, delta in told.items() if name not in ours}
    for heard_by, series in ((group(run), logged), (monitoring_group(run), ours)):
        if series:
            live.publish(heard_by, "points", series=series)


def _store(run: Run, batches: list[Batch]) -> dict[str, Any]:
    names = [batch.name for batch in batches]
    known = {s.name: s for s in run.series.select_for_update().filter(name__in=names)}
    if len(known) < len(names) and run.series.count() + len(names) > MOST_SERIES:
        raise BadInput(f"a run has at most {MOST_SERIES:,} metrics; a name per step is a mistake")
    new = [
        MetricSeries(run=run, name=batch.name, kind=batch.kind, first_step=int(batch.steps[0]))
        for batch in batches
        if batch.name not in known
    ]
    if new:
        # Two writers may begin the same metric at once: the second finds the first one's row.
        MetricSeries.objects.bulk_create(new, ignore_conflicts=True)
        known = {s.name: s for s in run.series.select_for_update().filter(name__in=names)}
    told: dict[str, Any] = {}
    last, changed = _open_segments(known.values()), {}
    for batch in batches:
        series = known[batch.name]
        if (MetricKind.TEXT in (series.kind, batch.kind)) and series.kind != batch.kind:
            continue  # the contract: the second kind under one name is dropped
        if series.kind != batch.kind:
            series.kind = MetricKind.FLOAT
        after = series.count
        _summarise(series, batch)
        last[series.pk] = _segment(series, after, batch, last.get(series.pk))
        changed[series.pk, last[series.pk].first] = last[series.pk]
        told[batch.name] = _delta(after, batch)
    # A statement for all of them: a batch of the monitoring has a dozen series, of a point each.
    MetricSeries.objects.bulk_create(
        [series for series in known.values() if series.name in told],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=SUMMARY,
    )
    MetricSegment.objects.bulk_create(
        changed.values(),
        update_conflicts=True,
        unique_fields=["series", "first"],
        update_fields=["count", "steps", "times", "values"],
    )
    return told


def _summarise(series: MetricSeries, batch: Batch) -> None:
    series.count += len(batch.steps)
    series.last_step = int(batch.steps[-1])
    series.last_time = float(batch.times[-1])
    series.last = json.dumps(shown(batch.values[-1:])[0])[:255]
    if batch.kind == MetricKind.TEXT:
        return
    finite = np.isfinite(batch.values)
    if not finite.all():
        series.nan_count += int((~finite).sum())
        if series.first_nan_step is None:
            series.first_nan_step = int(batch.steps[~finite][0])
    if finite.any():
        least, greatest = float(batch.values[finite].min()), float(batch.values[finite].max())
        series.least = least if series.least is None else min(series.least, least)
        series.greatest = greatest if series.greatest is None else max(series.greatest, greatest)


def _open_segments(many: Iterable[MetricSeries]) -> dict[int, MetricSegment]:
    """The last segment of each series, where it is small enough to be continued."""
    last = MetricSegment.objects.filter(series__in=list(many), count__lt=SMALL_POINTS)
    ends = last.annotate(ends=F("first") + F("count")).filter(ends=F("series__count"))
    return {segment.series_id: segment for segment in ends}


def _segment(
    series: MetricSeries, first: int, batch: Batch, last: MetricSegment | None
) -> MetricSegment:
    """Return the batch as a segment: put on behind `last`, where both are small, or its own."""
    is_text = batch.kind == MetricKind.TEXT
    values = json.dumps(batch.values).encode() if is_text else batch.values.tobytes()
    steps, times, count = batch.steps.tobytes(), batch.times.tobytes(), len(batch.steps)
    if last is None or count >= SMALL_POINTS:
        return MetricSegment(
            series=series, first=first, count=count, steps=steps, times=times, values=values
        )
    last.steps, last.times = bytes(last.steps) + steps, bytes(last.times) + times
    if is_text:
        last.values = json.dumps([*json.loads(bytes(last.values)), *batch.values]).encode()
    else:
        last.values = bytes(last.values) + values
    last.count += count
    return last


def _delta(after: int, batch: Batch) -> dict[str, Any]:
    most = MOST_LIVE_POINTS
    few = len(batch.steps) <= most
    return {
        "after": after,
        "steps": batch.steps.tolist() if few else [],
        "times": batch.times.tolist() if few else [],
        "values": shown(batch.values) if few else [],
    }


def shown(values: Any) -> list[Any]:
    """Values as JSON carries them: NaN and ±Inf as strings."""
    if isinstance(values, list):
        return values
    listed: list[Any] = values.tolist()
    if np.isfinite(values).all():
        return listed
    return [value if math.isfinite(value) else _word(value) for value in listed]


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def summaries(run: Run, *, monitoring: bool = False) -> list[dict[str, Any]]:
    """One summary per metric of the script, or (monitoring) per series of its nodes."""
    return [
        {
            "name": series.name,
            "kind": series.kind,
            "count": series.count,
            "first_step": series.first_step,
            "last_step": series.last_step,
            "last_time": series.last_time,
            "last": _last(series),
            "least": series.least,
            "greatest": series.greatest,
            "nan_count": series.nan_count,
            "first_nan_step": series.first_nan_step,
        }
        for series in (monitored(run) if monitoring else logged(run))
    ]


def _last(series: MetricSeries) -> Any:
    try:
        return json.loads(series.last)
    except ValueError:  # a long text was cut
        return series.last


def read(series: MetricSeries, after: int = 0) -> Batch:
    """Return the points of a series from number `after` on."""
    ends = series.segments.annotate(end=F("first") + F("count"))
    rows = list(ends.filter(end__gt=after).order_by("first"))
    skip = after - rows[0].first if rows else 0
    kind = MetricKind(series.kind)
    steps = np.frombuffer(b"".join(bytes(row.steps) for row in rows), dtype=np.int64)
    times = np.frombuffer(b"".join(bytes(row.times) for row in rows), dtype=np.float64)
    values: Any
    if kind == MetricKind.TEXT:
        values = [value for row in rows for value in json.loads(bytes(row.values))]
    else:
        values = np.frombuffer(b"".join(bytes(row.values) for row in rows), dtype=np.float64)
    skip = max(0, skip)
    return Batch(series.name, kind, steps[skip:], times[skip:], values[skip:])


def points(
    run: Run,
    names: list[str],
    *,
    after: int = 0,
    most: int = 0,
    span: tuple[int | None, int | None] = (None, None),
) -> dict[str, dict[str, Any]]:
    """Points of the named series, of the script's all when `names` is empty.

    most: thin each to about so many; 0 keeps every one.
    span: first and last step wanted, None for open.   `count` in the answer is the cursor.
    """
    chosen = run.series.filter(name__in=names) if names else logged(run)
    answer = {}
    for series in chosen:
        batch = _within(read(series, after), span)
        thin = bool(most) and len(batch.steps) > most and batch.kind != MetricKind.TEXT
        if thin:
            batch = thinned(batch, most)
        answer[series.name] = {
            "count": series.count,
            "after": after,
            "thinned": thin,
            "kind": series.kind,
            "steps": batch.steps.tolist(),
            "times": batch.times.tolist(),
            "values": values_of(batch),
        }
    return answer


def values_of(batch: Batch) -> list[Any]:
    """Values in their own kind: whole numbers as int, truth values as bool."""
    if batch.kind == MetricKind.INT and np.isfinite(batch.values).all():
        return [int(value) for value in batch.values]
    if batch.kind == MetricKind.BOOL:
        return [bool(value) for value in batch.values]
    return shown(batch.values)


def _within(batch: Batch, span: tuple[int | None, int | None]) -> Batch:
    first, last = span
    if first is None and last is None:
        return batch
    inside = np.ones(len(batch.steps), dtype=bool)
    if first is not None:
        inside &= batch.steps >= first
    if last is not None:
        inside &= batch.steps <= last
    where = np.flatnonzero(inside)
    # One neighbour on each side, so that the line runs to the edge of the picture.
    if len(where):
        low, high = max(0, where[0] - 1), min(len(batch.steps), where[-1] + 2)
        return Batch(
            batch.name,
            batch.kind,
            batch.steps[low:high],
            batch.times[low:high],
            batch.values[low:high],
        )
    none = slice(0, 0)
    return Batch(batch.name, batch.kind, batch.steps[none], batch.times[none], batch.values[none])


def thinned(batch: Batch, most: int) -> Batch:
    """Keep at most about `most` points: the least and greatest of each stretch, the first and last.

    Every stretch keeps its spikes; NaN and ±Inf are kept too, up to `most` of them, as marks.
    Deterministic: the same points give the same picture.
    """
    finite = np.flatnonzero(np.isfinite(batch.values))
    odd = np.flatnonzero(~np.isfinite(batch.values))[:most]
    kept = finite
    if len(finite) > most:
        even = max(4, most - most % 2)
        kept = finite[MIN_MAX.downsample(batch.values[finite], n_out=even)]
    ends = np.array([0, len(batch.steps) - 1])
    where = np.unique(np.concatenate([kept, odd, ends]))
    return Batch(
        batch.name, batch.kind, batch.steps[where], batch.times[where], batch.values[where]
    )

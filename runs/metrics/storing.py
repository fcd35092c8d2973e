"""Batches of points become rows, exactly once, and the pages hear of them."""

import json
import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from django.db.models import F

from runs.metrics import packing
from runs.metrics.batches import TEXTS, Batch
from runs.metrics.fields import RESERVED, fields_of, group, monitoring_group
from runs.metrics.shown import shown
from runs.models import FieldKind, MetricKind, MetricSegment, MetricSeries, MetricWriter, Run
from studio import live
from studio.errors import BadInput, WrongOffset

# A segment smaller than this is continued in place: a slow script is not a row per point.
SMALL_POINTS = 256
# Long texts are not written again for each that comes.
SMALL_BYTES = 64 * 1024
MOST_SERIES = 10_000
# A delta of more points than this is told without them: the page asks for a thinned view.
MOST_LIVE_POINTS = 500
_one_writes = threading.Lock()
SUMMARY = (
    *("kind", "form", "count", "last_step", "last_time", "last", "last_value"),
    *("least", "greatest", "nan_count", "first_nan_step"),
)


class Stored(NamedTuple):
    """The number of a writer's last batch that is stored, and the metrics of which it kept nothing.

    dropped: those logged by another call, or as texts and as numbers; the first to come is kept.
    """

    last: int
    dropped: tuple[str, ...] = ()


def append(run: Run, writer: str, sequence: int, batches: list[Batch]) -> Stored:
    """Store batch number `sequence` (from 1) of `writer`.

    One that is stored already is acknowledged, not stored again.
    Raises WrongOffset with `at` = the last stored when one in between is missing.
    """
    with _turn(), transaction.atomic():
        at = _advance(run, writer, sequence)
        if at != sequence - 1:
            if sequence <= at:
                return Stored(at)
            raise WrongOffset(f"batch {sequence} of {writer} came before {at + 1}", at=at)
        told = _store(run, batches)
    # Valkey may take its time: nobody waits for it here.
    _tell(run, told)
    return Stored(sequence, tuple(one.name for one in batches if one.name not in told))


def _turn() -> AbstractContextManager[Any]:
    """Wait for this process's other writers here, where the next one goes on at once.

    SQLite lets those that wait for its lock sleep, and look again later and later.
    """
    is_free = connection.vendor != "sqlite" or connection.in_atomic_block
    return nullcontext() if is_free else _one_writes


def _advance(run: Run, writer: str, sequence: int) -> int:
    """Make `sequence` the writer's last, where it is the next; return what was the last.

    Its row is locked from then on, and made when it says its first.
    """
    there = MetricWriter.objects.filter(run=run, name=writer)
    for _ in range(2):
        if there.filter(last_sequence=sequence - 1).update(last_sequence=sequence):
            return sequence - 1
        last = there.values_list("last_sequence", flat=True).first()
        if last is not None:
            return int(last)
        MetricWriter.objects.get_or_create(run=run, name=writer)
    return 0


def _tell(run: Run, told: dict[str, Any]) -> None:
    ours = {name: delta for name, delta in told.items() if name.startswith(RESERVED)}
    logged = {name: delta for name, delta in told.items() if name not in ours}
    for heard_by, series in ((group(run), logged), (monitoring_group(run), ours)):
        if series:
            live.publish(heard_by, "points", series=series)


def _store(run: Run, batches: list[Batch]) -> dict[str, Any]:
    known = _series(run, batches)
    told: dict[str, Any] = {}
    last, changed, full = _open_segments(known.values()), {}, set()
    for batch in batches:
        series = known[batch.name]
        if not _fits(series, batch):
            continue  # the contract: the second kind under one name is dropped
        after = series.count
        _summarise(series, batch)
        for segment in _segments(series, after, batch, last.get(series.pk)):
            changed[series.pk, segment.first] = segment
        if batch.kind not in TEXTS:
            full |= {(series.pk, page) for page in packing.filled(after, series.count)}
        told[batch.name] = _delta(series, after, batch)
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
        update_fields=packing.SEGMENT_COLUMNS,
    )
    for series_id, page in sorted(full):
        packing.pack(series_id, page)
    return told


def _series(run: Run, batches: list[Batch]) -> dict[str, MetricSeries]:
    """The rows of the batches' series by name, locked; those that are new are made."""
    names = [batch.name for batch in batches]
    there = run.series.select_for_update().filter(name__in=names)
    known = {series.name: series for series in there}
    new = [batch for batch in batches if batch.name not in known]
    if not new:
        return known
    if run.series.count() + len(new) > MOST_SERIES:
        raise BadInput(f"a run has at most {MOST_SERIES:,} metrics; a name per step is a mistake")
    ours = [batch.name for batch in new if not batch.name.startswith(RESERVED)]
    fields = fields_of(run.experiment, FieldKind.METRIC, ours) if ours else {}
    rows = [
        MetricSeries(
            run=run,
            field=fields.get(batch.name),
            name=batch.name,
            kind=batch.kind,
            form=batch.form,
            first_step=int(batch.steps[0]),
        )
        for batch in new
    ]
    # Two writers may begin the same metric at once: the second finds the first one's row.
    MetricSeries.objects.bulk_create(rows, ignore_conflicts=True)
    return {series.name: series for series in there.all()}


def _fits(series: MetricSeries, batch: Batch) -> bool:
    """Whether the batch is of the series' kind and form; numbers of two kinds become floats."""
    if series.kind == batch.kind:
        return series.form == batch.form
    if series.form != batch.form or series.kind in TEXTS or batch.kind in TEXTS:
        return False
    series.kind = MetricKind.FLOAT
    return True


def _summarise(series: MetricSeries, batch: Batch) -> None:
    series.count += len(batch.steps)
    series.last_step = int(batch.steps[-1])
    series.last_time = float(batch.times[-1])
    series.last = json.dumps(shown(batch.values[-1:])[0])[:255]
    if batch.kind in TEXTS:
        return
    finite = np.isfinite(batch.values)
    series.last_value = float(batch.values[-1]) if finite[-1] else None
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


def _segments(
    series: MetricSeries, first: int, batch: Batch, last: MetricSegment | None
) -> list[MetricSegment]:
    """The batch as segments, none over the end of a page; the first may be `last`, continued."""
    made = []
    for start, end in packing.pieces(first, len(batch.steps)):
        part = slice(start, end)
        columns = _columns(batch, part)
        at = first + start
        if last is not None and at % packing.PAGE_POINTS and _is_small(last, end - start):
            _continue(last, batch, part, columns)
            made.append(last)
        else:
            made.append(MetricSegment(series=series, first=at, **columns))
        last = None
    return made


def _is_small(last: MetricSegment, count: int) -> bool:
    return count < SMALL_POINTS and len(last.values) < SMALL_BYTES


def _columns(batch: Batch, part: slice) -> dict[str, Any]:
    values = batch.values[part]
    return {
        "count": len(values),
        "least_step": int(batch.steps[part].min()),
        "greatest_step": int(batch.steps[part].max()),
        "steps": batch.steps[part].tobytes(),
        "times": batch.times[part].tobytes(),
        "values": json.dumps(values).encode() if batch.kind in TEXTS else values.tobytes(),
    }


def _continue(last: MetricSegment, batch: Batch, part: slice, columns: dict[str, Any]) -> None:
    last.steps = bytes(last.steps) + columns["steps"]
    last.times = bytes(last.times) + columns["times"]
    if batch.kind in TEXTS:
        texts = [*json.loads(bytes(last.values)), *batch.values[part]]
        last.values = json.dumps(texts).encode()
    else:
        last.values = bytes(last.values) + columns["values"]
    last.count += columns["count"]
    if last.least_step is not None and last.greatest_step is not None:
        last.least_step = min(last.least_step, columns["least_step"])
        last.greatest_step = max(last.greatest_step, columns["greatest_step"])


def _delta(series: MetricSeries, after: int, batch: Batch) -> dict[str, Any]:
    few = len(batch.steps) <= MOST_LIVE_POINTS
    return {
        "kind": series.kind,
        "form": batch.form,
        "after": after,
        "steps": batch.steps.tolist() if few else [],
        "times": batch.times.tolist() if few else [],
        "values": shown(batch.values) if few else [],
    }

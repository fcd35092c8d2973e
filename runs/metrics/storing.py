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


class Said(NamedTuple):
    """Batch number `sequence` (from 1) of `writer`: points of several series of a run."""

    run: Run
    writer: str
    sequence: int
    batches: list[Batch]


class Stored(NamedTuple):
    """The number of a writer's last batch that is stored, and the metrics of which it kept nothing.

    dropped: those logged by another call, or as texts and as numbers; the first to come is kept.
    """

    last: int
    dropped: tuple[str, ...] = ()


Answer = Stored | Exception
# By the key of its run, and its name.
Known = dict[tuple[int, str], MetricSeries]


def append(run: Run, writer: str, sequence: int, batches: list[Batch]) -> Stored:
    """Store batch number `sequence` (from 1) of `writer`.

    One that is stored already is acknowledged, not stored again.
    Raises WrongOffset with `at` = the last stored when one in between is missing.
    """
    [answer] = append_all([Said(run, writer, sequence, batches)])
    if isinstance(answer, Exception):
        raise answer
    return answer


def append_all(many: list[Said]) -> list[Answer]:
    """Store what several have said, in this order, in one transaction; answer each.

    An answer is what `append` returns or raises; what is wrong with one does not touch the others.
    """
    if not many:
        return []
    try:
        with _turn(), transaction.atomic():
            answers, told = _append(many)
    except Exception as error:
        return [error] if len(many) == 1 else [append_all([said])[0] for said in many]
    # Valkey may take its time: nobody waits for it here.
    live.publish_all([event for run, series in told for event in _events(run, series)])
    return answers


def _turn() -> AbstractContextManager[Any]:
    """Wait for this process's other writers here, where the next one goes on at once.

    SQLite lets those that wait for its lock sleep, and look again later and later.
    """
    is_free = connection.vendor != "sqlite" or connection.in_atomic_block
    return nullcontext() if is_free else _one_writes


def _append(many: list[Said]) -> tuple[list[Answer], list[tuple[Run, dict[str, Any]]]]:
    """Answer each; return beside it what pages are told of the series of each that was stored."""
    writers = _writers(many)
    answers: list[Answer] = []
    accepted: dict[int, Said] = {}
    for said in many:
        writer = writers[said.run.pk, said.writer]
        answers.append(_answer(said, writer.last_sequence))
        if said.sequence == writer.last_sequence + 1:
            writer.last_sequence = said.sequence
            accepted[len(answers) - 1] = said
    if not accepted:
        return answers, []
    MetricWriter.objects.bulk_create(
        {writers[said.run.pk, said.writer] for said in accepted.values()},
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["last_sequence"],
    )
    told = _store(list(accepted.values()))
    for (at, said), series in zip(accepted.items(), told, strict=True):
        dropped = tuple(one.name for one in said.batches if one.name not in series)
        answers[at] = Stored(said.sequence, dropped)
    runs = [said.run for said in accepted.values()]
    return answers, list(zip(runs, told, strict=True))


def _answer(said: Said, at: int) -> Answer:
    if said.sequence <= at + 1:
        return Stored(max(at, said.sequence))
    return WrongOffset(f"batch {said.sequence} of {said.writer} came before {at + 1}", at=at)


def _writers(many: list[Said]) -> dict[tuple[int, str], MetricWriter]:
    """Their writers, locked, by run and name; those that say their first are made."""
    wanted = {(said.run.pk, said.writer) for said in many}
    runs, names = zip(*wanted, strict=True)
    there = MetricWriter.objects.select_for_update().filter(run__in=set(runs), name__in=set(names))
    for _ in range(2):
        found = {(writer.run_id, writer.name): writer for writer in there.order_by("pk")}
        new = [MetricWriter(run_id=run, name=name) for run, name in sorted(wanted - found.keys())]
        if not new:
            break
        # Another process may make the same one meanwhile: then it is found at the second look.
        MetricWriter.objects.bulk_create(new, ignore_conflicts=True)
    return found


def _events(run: Run, told: dict[str, Any]) -> list[live.Event]:
    ours = {name: delta for name, delta in told.items() if name.startswith(RESERVED)}
    logged = {name: delta for name, delta in told.items() if name not in ours}
    return [
        live.Event(heard_by, "points", {"series": series})
        for heard_by, series in ((group(run), logged), (monitoring_group(run), ours))
        if series
    ]


def _store(many: list[Said]) -> list[dict[str, Any]]:
    """Write what was said; return for each what pages are told of its series, by their names."""
    known = _known(many)
    last, changed, full = _open_segments(known.values()), {}, set()
    touched: dict[int, MetricSeries] = {}
    stored = []
    for said in many:
        told: dict[str, Any] = {}
        for batch in said.batches:
            series = known[said.run.pk, batch.name]
            if not _fits(series, batch):
                continue  # the contract: the second kind under one name is dropped
            after = series.count
            _summarise(series, batch)
            for segment in _segments(series, after, batch, last.get(series.pk)):
                changed[series.pk, segment.first] = last[series.pk] = segment
            if batch.kind not in TEXTS:
                full |= {(series.pk, page) for page in packing.filled(after, series.count)}
            touched[series.pk] = series
            told[batch.name] = _delta(series, after, batch)
        stored.append(told)
    # A statement for all of them: a batch of the monitoring has a dozen series, of a point each.
    MetricSeries.objects.bulk_create(
        touched.values(), update_conflicts=True, unique_fields=["id"], update_fields=SUMMARY
    )
    MetricSegment.objects.bulk_create(
        changed.values(),
        update_conflicts=True,
        unique_fields=["series", "first"],
        update_fields=packing.SEGMENT_COLUMNS,
    )
    for series_id, page in sorted(full):
        packing.pack(series_id, page)
    return stored


def _known(many: list[Said]) -> Known:
    """The rows of the batches' series, locked; those that are new are made."""
    first: dict[tuple[int, str], tuple[Run, Batch]] = {}
    for said in many:
        for batch in said.batches:
            first.setdefault((said.run.pk, batch.name), (said.run, batch))
    if not first:
        return {}
    runs, names = zip(*first, strict=True)
    there = (
        MetricSeries.objects.select_for_update()
        .filter(run__in=set(runs), name__in=set(names))
        .order_by("pk")
    )
    known = {(series.run_id, series.name): series for series in there}
    new: dict[Run, list[Batch]] = {}
    for key, (run, batch) in first.items():
        if key not in known:
            new.setdefault(run, []).append(batch)
    if not new:
        return known
    for run, batches in new.items():
        _make(run, batches)
    return {(series.run_id, series.name): series for series in there.all()}


def _make(run: Run, new: list[Batch]) -> None:
    """Make the rows of metrics that a run logs for the first time."""
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
        if last is not None and at % packing.PAGE_POINTS and _is_open(last, end - start):
            _continue(last, batch, part, columns)
            made.append(last)
        else:
            made.append(MetricSegment(series=series, first=at, **columns))
        last = None
    return made


def _is_open(last: MetricSegment, count: int) -> bool:
    """Whether so many more points continue a segment, rather than begin the next."""
    return max(last.count, count) < SMALL_POINTS and len(last.values) < SMALL_BYTES


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

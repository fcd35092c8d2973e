"""A run that has ended is removed with its logs, metrics and files; nothing of it comes back.

    mark it, hide it ── logs, points: in portions ── the rest and its row, in one transaction

A kill on the way leaves a marked run, which supervise removes. What versions of models and datasets
were made of are rows of their own, and stay; contents that nobody names then are collected.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.timezone import now as clock

from compute.models import ImageBuild
from runs import lifecycle
from runs.models import MetricLevel, MetricSegment, MetricSeries, Run, RunLog
from runs.states import FINAL
from studio.errors import Conflict
from studio.files import collecting
from studio.models import Stream, StreamChunk

# Says so on its page, and to whoever goes on after a kill.
MARK = "it is being removed"
# A log's chunk has a quarter of a mebibyte at most, a metric's segment a page of points.
AT_ONCE = 100


def preview(run: Run) -> dict[str, int]:
    """Say what removing the run frees: what only it has."""
    trees = [run.snapshot, *(wanted.tree for wanted in run.inputs.select_related("tree"))]
    files, size = collecting.freed(trees, run.files.values_list("blob_id", flat=True))
    own = _own_logs(run).aggregate(size=Sum("stream__size_bytes"))
    points = run.series.aggregate(count=Sum("count"))
    return {
        "files": files,
        "size_bytes": size,
        "log_bytes": own["size"] or 0,
        "points": points["count"] or 0,
    }


def remove(run: Run) -> dict[str, int]:
    """Remove a run that has ended, and return what `preview` said.

    Raises Conflict for one that has not, or whose nodes are not free yet.
    """
    if run.state not in FINAL:
        raise Conflict(f"run {run.run_id} has not ended ({run.state}); cancel it first")
    if run.cleaned_at is None:
        raise Conflict(
            f"run {run.run_id} ended a moment ago, and its nodes are being freed; try again"
        )
    frees = preview(run)
    with transaction.atomic():
        Run.objects.filter(pk=run.pk).update(waits_for=MARK, archived_at=run.archived_at or clock())
        lifecycle.touched(run)
    finish(run)
    return frees


def go_on() -> None:
    """Remove the runs whose removal was cut short by a kill."""
    for run in list(Run.objects.filter(waits_for=MARK, state__in=FINAL)[:AT_ONCE]):
        finish(run)


def finish(run: Run) -> None:
    """Remove all of a marked run: what is large in portions, for others wait to write."""
    for log in _own_logs(run).select_related("stream"):
        _in_portions(StreamChunk.objects.filter(stream=log.stream_id))
        with transaction.atomic():
            log.delete()
            Stream.objects.filter(pk=log.stream_id).delete()
    for series in run.series.values_list("pk", flat=True):
        _in_portions(MetricSegment.objects.filter(series=series))
        _in_portions(MetricLevel.objects.filter(series=series))
    _in_portions(MetricSeries.objects.filter(run=run))
    _in_portions(run.files.all())
    with transaction.atomic():
        lifecycle.touched(run)
        Run.objects.filter(pk=run.pk).delete()


def _own_logs(run: Run) -> Any:
    """Logs that nobody else shows: an image build's is of all runs that waited for it."""
    shared = Q(stream__in=ImageBuild.objects.values("log"))
    shared |= Q(stream__in=RunLog.objects.exclude(run=run).values("stream"))
    return run.logs.exclude(shared)


def _in_portions(rows: Any) -> None:
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        rows.model.objects.filter(pk__in=keys).delete()

"""A run that has ended is removed with its logs, metrics and files; nothing of it comes back.

    mark it, hide it ── logs, points: in portions ── the rest and its row, in one transaction

A kill on the way leaves a marked run, which supervise removes. What versions of models and datasets
were made of are rows of their own, and stay; contents that nobody names then are collected.
"""

import math
import time
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.timezone import now as clock

from compute.models import ImageBuild
from registry.models import Version
from runs import lifecycle
from runs.models import (
    Experiment,
    MetricLevel,
    MetricSegment,
    MetricSeries,
    PipelineStep,
    PipelineTree,
    Run,
    RunAsset,
    RunFile,
    RunInput,
    RunLog,
    RunOutput,
)
from runs.states import ACTIVE, FINAL
from studio import live
from studio.errors import Conflict
from studio.files import collecting
from studio.models import Stream, StreamChunk, StreamTime

# Says so on its page, and to whoever goes on after a kill.
MARK = "it is being removed"
# A log's chunk has a quarter of a mebibyte at most, a metric's segment a page of points.
AT_ONCE = 100
# A row of some bytes: a log has one for each second.
SMALL_AT_ONCE = 5000
# Pages are told how far it is, and not of each portion.
SAY_EVERY_S = 0.25
# What supervise spends on leftovers at a time: it has more to do.
ROUND_S = 5.0

Why = dict[str, str]


# --- what it would do ----------------------------------------------------------------------------
def preview(runs: Sequence[Run]) -> dict[str, int]:
    """Say what removing these runs frees: what only they have."""
    keys = [run.pk for run in runs]
    read = RunInput.objects.filter(run__in=keys).select_related("tree")
    written = RunOutput.objects.filter(run__in=keys).select_related("tree")
    trees = [*(run.snapshot for run in runs), *(wanted.tree for wanted in read)]
    trees += [one.tree for one in written if one.tree]
    kept = PipelineTree.objects.filter(pipeline_run__run__in=keys).select_related("code", "data")
    trees += [one.tree for one in kept if one.tree]
    files, size = collecting.freed_with(trees, RunFile.objects.filter(run__in=keys))
    own = Stream.objects.filter(pk__in=_own_logs(keys).order_by().values("stream"))
    logs = own.aggregate(size=Sum("size_bytes"))
    points = MetricSeries.objects.filter(run__in=keys).aggregate(count=Sum("count"))
    return {
        "files": files,
        "size_bytes": size,
        "log_bytes": logs["size"] or 0,
        "points": points["count"] or 0,
    }


def staying(runs: Sequence[Run], most: int) -> tuple[list[Version], int]:
    """Return versions that were made of these runs' files and stay: the first, and how many."""
    made = RunAsset.objects.filter(run__in=runs, direction=RunAsset.Direction.OUT)
    versions = Version.objects.filter(pk__in=made.values("version")).select_related("asset")
    return list(versions.order_by("asset__name", "number")[:most]), versions.count()


def why_not(runs: Sequence[Run]) -> Why:
    """Say of those that cannot be removed now why not, by their ids."""
    steps = PipelineStep.objects.filter(run__in=runs, pipeline__run__state__in=ACTIVE)
    needed_by = dict(steps.values_list("run__run_id", "pipeline__run__run_id"))
    found = {run.run_id: _why_not(run, needed_by.get(run.run_id, "")) for run in runs}
    return {run_id: words for run_id, words in found.items() if words}


def _why_not(run: Run, needed_by: str) -> str:
    if run.state not in FINAL:
        return f"run {run.run_id} has not ended ({run.state}); cancel it first"
    if run.cleaned_at is None:
        return f"run {run.run_id} ended a moment ago, and its nodes are being freed; try again"
    if needed_by:
        return (
            f"run {run.run_id} is a step of the pipeline run {needed_by}, which goes on: later"
            " steps may read what it wrote; try again when that has ended"
        )
    return ""


# --- doing it ------------------------------------------------------------------------------------
def remove(run: Run) -> dict[str, int]:
    """Remove a run that has ended, and return what `preview` said.

    Raises Conflict for one that has not, or whose nodes are not free yet.
    """
    for words in why_not([run]).values():
        raise Conflict(words)
    frees = preview([run])
    remove_all([run])
    return frees


def remove_all(runs: Sequence[Run]) -> Why:
    """Remove those that can be; return why the others stay, by their ids."""
    refused = why_not(runs)
    going = [run for run in runs if run.run_id not in refused]
    _mark(going)
    for run in going:
        finish(run)
    return refused


def remove_experiment(experiment: Experiment) -> dict[str, int]:
    """Remove an experiment with all its runs, and return what that freed; "runs": how many.

    Raises Conflict when one of them cannot be removed now; then all of it stays.
    """
    runs = list(_runs_of(experiment))
    for words in why_not(runs).values():
        raise Conflict(f"experiment {experiment.name} stays: {words}")
    frees = {**preview(runs), "runs": len(runs)}
    _mark(runs)
    workspace = live.workspace_group(experiment.workspace_id)
    for done, run in enumerate(runs):
        live.publish(
            workspace, "experiment-removing", name=experiment.name, done=done, of=len(runs)
        )
        finish(run)
    with transaction.atomic():
        # Who has submitted another run meanwhile keeps the experiment.
        if experiment.runs.exists():
            raise Conflict(f"experiment {experiment.name} has a new run, and stays with that one")
        experiment.delete()
        live.publish(workspace, "run-changed", run_id="", state="")
    return frees


def _runs_of(experiment: Experiment) -> Any:
    return experiment.runs.select_related("experiment__workspace", "snapshot").order_by("id")


def preview_experiment(experiment: Experiment) -> tuple[dict[str, int], list[Run]]:
    """Say what removing an experiment frees, with its runs; and its runs."""
    runs = list(_runs_of(experiment))
    return {**preview(runs), "runs": len(runs)}, runs


def _mark(runs: Sequence[Run]) -> None:
    """From now on they are on no list, and their pages say what happens."""
    at = clock()
    with transaction.atomic():
        for run in runs:
            Run.objects.filter(pk=run.pk).update(waits_for=MARK, archived_at=run.archived_at or at)
            _tell(run, "run-removing", done=0, of=1)


def go_on() -> None:
    """Remove the runs whose removal was cut short by a kill, or is under way: for some time."""
    ends = time.monotonic() + ROUND_S
    for run in list(Run.objects.filter(waits_for=MARK, state__in=FINAL)[:AT_ONCE]):
        if not finish(run, ends):
            return


def finish(run: Run, ends: float = math.inf) -> bool:
    """Remove all of a marked run: what is large in portions, for others wait to write.

    ends: of the monotonic clock; False where that came first.
    """
    going = _Going(run, ends)
    series = MetricSeries.objects.filter(run=run)
    logs = list(_own_logs([run.pk]).values_list("stream", flat=True))
    times = StreamTime.objects.filter(stream__in=logs)
    parts = [
        StreamChunk.objects.filter(stream__in=logs),
        MetricSegment.objects.filter(series__in=series.values("pk")),
        MetricLevel.objects.filter(series__in=series.values("pk")),
        series,
        run.files.all(),
    ]
    is_done = all(going.remove(rows) for rows in parts)
    if not (is_done and going.remove(times, SMALL_AT_ONCE)):
        return False
    with transaction.atomic():
        streams = list(_own_logs([run.pk]).values_list("stream", flat=True))
        run.logs.all().delete()
        Stream.objects.filter(pk__in=streams).delete()
        Run.objects.filter(pk=run.pk).delete()
        _tell(run, "run-removed")
    return True


class _Going:
    """Removes rows some at a time until `ends`, and tells the run's pages how far it is."""

    def __init__(self, run: Run, ends: float):
        self.run, self.ends, self.said_at = run, ends, time.monotonic()
        chunks = StreamChunk.objects.filter(stream__in=_own_logs([run.pk]).values("stream"))
        segments = MetricSegment.objects.filter(series__run=run)
        self.of = run.files.count() + chunks.count() + segments.count()
        self.done = 0

    def remove(self, rows: Any, at_once: int = 0) -> bool:
        """Remove them all, so many at a time; False where the time was over first."""
        at_once = at_once or AT_ONCE
        while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:at_once]):
            rows.model.objects.filter(pk__in=keys).delete()
            self.done += len(keys)
            now = time.monotonic()
            if now - self.said_at > SAY_EVERY_S:
                self.said_at = now
                done = min(self.done, self.of)
                live.publish(lifecycle.group(self.run), "run-removing", done=done, of=self.of)
            if now > self.ends:
                return False
        return True


def _own_logs(runs: Sequence[int]) -> Any:
    """Logs that nobody else shows: an image build's is of all runs that waited for it."""
    shared = Q(stream__in=ImageBuild.objects.values("log"))
    shared |= Q(stream__in=RunLog.objects.exclude(run__in=runs).values("stream"))
    return RunLog.objects.filter(run__in=runs).exclude(shared)


def _tell(run: Run, event: str, **payload: Any) -> None:
    """The run's own page asks for nothing any more; the tables ask again."""
    live.publish(lifecycle.group(run), event, **payload)
    place = live.workspace_group(run.experiment.workspace_id)
    live.publish(place, "run-changed", run_id=run.run_id, state=run.state)

"""What the nodes of a cluster do now: for its page, in one request however many there are."""

import json
import re
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.utils.timezone import now as clock

from compute.access import cluster_for
from compute.models import Cluster
from runs import metrics
from runs.models import MetricSegment, MetricSeries, RunTask
from runs.views import nodes as words_of
from studio.access import workspace_for

# Two minutes of one sample a second.
SHOWN_POINTS = 120
SERIES = re.compile(rf"{metrics.RESERVED}node-(\d+)/(\w+)")
# These are drawn as lines; of the others the last value is told.
DRAWN = re.compile(r"cpu_percent|memory_bytes|gpu\d+_(percent|memory_bytes)")


@login_required
def on_cluster(request: HttpRequest, workspace: str, name: str) -> JsonResponse:
    """{"now": Unix seconds, "nodes": [...]}: each busy node with its run and its series.

    A series: "count" (the cursor of the run's topic `monitoring`), "last", "last_time", and the
    "times" and "values" of the last two minutes where it is drawn.
    """
    place = workspace_for(request.user, workspace)
    now = clock()
    return JsonResponse(
        {"now": now.timestamp(), "nodes": nodes_of(cluster_for(place, name), now)},
        json_dumps_params={"separators": (",", ":")},
    )


def nodes_of(cluster: Cluster, now: datetime) -> list[dict[str, Any]]:
    """The cluster's nodes on which a run is, by number, with what they did last."""
    here = (
        RunTask.objects.filter(run__cluster=cluster, cleaned_at=None, ended_at=None)
        .filter(attempt=F("run__attempt"))
        .select_related("run__experiment")
        .order_by("node_number")
    )
    found: dict[tuple[int, int], dict[str, Any]] = {
        (task.run_id, task.node_number): {
            "number": task.node_number,
            "ranks": words_of.ranks(task.run, task),
            "run_id": task.run.run_id,
            "name": task.run.name,
            "experiment": task.run.experiment.name,
            "series": {},
        }
        for task in here
    }
    for one, what, node in _series({run for run, _ in found}):
        if (one.run_id, node) in found:
            found[one.run_id, node]["series"][what] = one
    _with_points(list(found.values()), now.timestamp())
    return list(found.values())


def _series(runs: set[int]) -> list[tuple[MetricSeries, str, int]]:
    """What was measured of the runs' nodes, each with its short name and its node's number."""
    measured = MetricSeries.objects.filter(run__in=runs, name__startswith=metrics.RESERVED)
    places = ((one, SERIES.fullmatch(one.name)) for one in measured)
    return [(one, place[2], int(place[1])) for one, place in places if place]


def _with_points(nodes: list[dict[str, Any]], now_s: float) -> None:
    """Put in place of each node's series what the page needs of it."""
    drawn = [one for node in nodes for what, one in node["series"].items() if DRAWN.fullmatch(what)]
    points: dict[int, list[MetricSegment]] = {}
    kept = MetricSegment.objects.annotate(end=F("first") + F("count"))
    recent = kept.filter(series__in=drawn, end__gt=F("series__count") - SHOWN_POINTS)
    for segment in recent.order_by("first"):
        points.setdefault(segment.series_id, []).append(segment)
    for node in nodes:
        node["series"] = {
            what: _shown(one, points.get(one.pk, []), now_s) for what, one in node["series"].items()
        }


def _shown(one: MetricSeries, segments: list[MetricSegment], now_s: float) -> dict[str, Any]:
    facts = {"count": one.count, "last": json.loads(one.last), "last_time": one.last_time}
    if not segments:
        return facts
    times = np.frombuffer(b"".join(bytes(part.times) for part in segments))
    values = np.frombuffer(b"".join(bytes(part.values) for part in segments))
    recent = times > now_s - SHOWN_POINTS
    return {
        **facts,
        "times": times[recent].tolist(),
        "values": metrics.shown(values[recent]),
    }

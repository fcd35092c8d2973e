"""Fragments of runs that other pages show."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from compute.access import cluster_for
from compute.models import Cluster, Node
from compute.shown import nodes_facts
from registry.access import version_for, visible
from registry.models import Asset, Kind
from runs import metrics
from runs.models import MetricSeries, Run, RunAsset, RunQuerySet
from runs.states import FINAL, ON_A_NODE
from studio.access import workspace_for
from studio.errors import UnknownCluster
from studio.models import Workspace
from studio.pages import gone, page

MOST_COLUMNS = 4
MOST_ENDED = 8
MOST_ACTIVE = 100
MOST_FOUND = 6


def _runs(workspace: Workspace) -> RunQuerySet:
    """The workspace's runs with what a row shows."""
    return Run.objects.filter(experiment__workspace=workspace).select_related(
        "experiment", "cluster", "created_by", "environment"
    )


def _with_metrics(runs: list[Run]) -> tuple[list[str], list[tuple[Run, list[Any]]]]:
    """The metrics that most of `runs` have, at most four, and each run's last values of them."""
    found = MetricSeries.objects.filter(run__in=[run.pk for run in runs])
    shown = found.exclude(name__startswith=metrics.RESERVED).order_by()  # of the scripts alone
    counted = shown.values("name").annotate(n=Count("pk"), first=Min("pk"))
    columns = [row["name"] for row in counted.order_by("-n", "first")[:MOST_COLUMNS]]
    last: dict[tuple[int, str], Any] = {
        (run_pk, name): _value(text)
        for run_pk, name, text in shown.filter(name__in=columns).values_list(
            "run_id", "name", "last"
        )
    }
    return columns, [(run, [last.get((run.pk, name)) for name in columns]) for run in runs]


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # a long text was cut
        return text


@login_required
def active(request: HttpRequest, workspace: str) -> HttpResponse:
    """For Home: what runs and waits, what ended last, or the first step where there is no run."""
    place = workspace_for(request.user, workspace)
    found = _runs(place)
    facts = {
        "workspace": place,
        "active": found.active().order_by("-id")[:MOST_ACTIVE],
        "ended": found.filter(state__in=FINAL).order_by(F("ended_at").desc())[:MOST_ENDED],
    }
    return render(request, "runs/_active.html", facts)


@login_required
def count(request: HttpRequest, workspace: str) -> HttpResponse:
    """For the navigation: how many runs have not ended."""
    place = workspace_for(request.user, workspace)
    running = Run.objects.active().filter(experiment__workspace=place).count()
    return render(request, "runs/_count.html", {"count": running})


@login_required
def on_cluster(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """For a cluster's page: its nodes with what runs on them, and what waits, in order."""
    place = workspace_for(request.user, workspace)
    try:
        cluster = cluster_for(place, name)
    except UnknownCluster:
        return gone("cluster-gone")
    nodes = list(cluster.nodes.all())
    on_nodes = _on_nodes(nodes)
    active = _runs(place).active().filter(cluster=cluster).order_by("id")
    waiting = active.exclude(state__in=ON_A_NODE)
    shown, waiting_count = waiting[:MOST_ACTIVE], waiting.count()
    facts = {
        "workspace": place,
        "cluster": cluster,
        "rows": [(node, on_nodes.get(node.holder or "")) for node in nodes],
        "running_count": len({run.pk for run in on_nodes.values()}),
        "queue": list(shown),
        "waiting_count": waiting_count,
        "more_count": max(0, waiting_count - MOST_ACTIVE),
        **nodes_facts(cluster, nodes),
    }
    return render(request, "runs/_on_cluster.html", facts)


def _on_nodes(nodes: list[Node]) -> dict[str, Run]:
    """What runs on nodes, by the key that holds each; its `rank` says which of its nodes that is.

    A run on several nodes is there several times.
    """
    holders = [node.holder for node in nodes if node.holder]
    there = Run.objects.filter(tasks__task_id__in=holders, state__in=ON_A_NODE)
    whose: Any = there.annotate(held_by=F("tasks__task_id"), rank=F("tasks__rank"))
    return {run.held_by: run for run in whose.select_related("experiment", "created_by")}


@login_required
def queues(request: HttpRequest, workspace: str) -> HttpResponse:
    """For the list of clusters: how many runs wait for each."""
    place = workspace_for(request.user, workspace)
    waiting = Run.objects.active().exclude(state__in=ON_A_NODE).filter(cluster__workspace=place)
    counts = dict(waiting.order_by().values_list("cluster").annotate(n=Count("pk")))
    clusters = Cluster.objects.there().filter(workspace=place).values_list("pk", flat=True)
    return render(request, "runs/_queues.html", {"rows": [(pk, counts.get(pk)) for pk in clusters]})


@login_required
def made_by(request: HttpRequest, workspace: str, model: str, number: int) -> HttpResponse:
    """For a model version's page: the run that made it."""
    place = workspace_for(request.user, workspace)
    link = (
        RunAsset.objects.select_related("run__experiment", "run__created_by", "run__environment")
        .filter(
            version__asset__workspace=place,
            version__asset__kind=Kind.MODEL,
            version__asset__name=model,
            version__number=number,
            direction=RunAsset.Direction.OUT,
        )
        .first()
    )
    columns, rows = _with_metrics([link.run] if link else [])
    facts = {
        "workspace": place,
        "link": link,
        "metrics": [
            (name, value) for _, values in rows for name, value in zip(columns, values, strict=True)
        ],
    }
    return render(request, "runs/_made_by.html", facts)


@login_required
def used_by(request: HttpRequest, workspace: str, name: str, number: int) -> HttpResponse:
    """For an environment version's page: the workspace's runs that used it, newest first."""
    place = workspace_for(request.user, workspace)
    version = version_for(place, Kind.ENVIRONMENT, name, number)
    runs, following = page(
        _runs(place).filter(environment=version).order_by("-id"), request.GET.get("cursor"), 20
    )
    facts = {"workspace": place, "version": version, "runs": runs, "following": following}
    return render(request, "runs/_used_by.html", facts)


@login_required
def find(request: HttpRequest, workspace: str) -> HttpResponse:
    """For the search box: experiments, runs and models whose names hold what was typed."""
    place = workspace_for(request.user, workspace)
    words = request.GET.get("q", "").strip()[:100]
    runs = _runs(place).filter(Q(name__icontains=words) | Q(run_id__istartswith=words))
    facts = {
        "workspace": place,
        "experiments": place.experiments.filter(name__icontains=words)[:MOST_FOUND],
        "runs": runs.order_by("-id")[:MOST_FOUND],
        "assets": Asset.objects.filter(visible(place), name__icontains=words, archived_at=None)[
            :MOST_FOUND
        ],
    }
    return render(request, "runs/_find.html", facts if words else {})

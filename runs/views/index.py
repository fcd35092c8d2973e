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
from registry.access import number_in, version_for, visible
from registry.models import Asset, Kind, Version
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
MOST_COMPARED = 400
SHOWN_OF_A_RUN = ("experiment", "created_by", "environment", "image_build")


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
    """For pages of models: the run that made a version, and all that it was made of.

    `?part=metric`: its first metric alone, for rows.   `?part=against&other=name:1`: its metrics
    and environment beside those of another version's run.
    """
    place = workspace_for(request.user, workspace)
    version = version_for(place, Kind.MODEL, model, number)
    run, path = _maker(version)
    part = request.GET.get("part")
    if part == "against":
        return render(request, "runs/_made_by_against.html", _against(place, request, version, run))
    columns, rows = _with_metrics([run] if run else [])
    facts: dict[str, Any] = {
        "workspace": place,
        "run": run,
        "named": version.properties.get("run_id", ""),
        "path": path,
        "metrics": [
            (name, value) for _, values in rows for name, value in zip(columns, values, strict=True)
        ],
    }
    if part == "metric":
        return render(request, "runs/_made_by_metric.html", facts)
    if run:
        inputs = run.inputs.select_related("version__asset", "tree")
        facts |= {"inputs": inputs, "build": run.image_build}
    return render(request, "runs/_made_by.html", facts)


def _maker(version: Version) -> tuple[Run | None, str]:
    """The run that made a model version, and from which of its files; a copy has its source's."""
    made = RunAsset.objects.filter(version=version, direction=RunAsset.Direction.OUT)
    link = made.select_related(*(f"run__{name}" for name in SHOWN_OF_A_RUN)).first()
    if link is not None:
        return link.run, link.path
    named = version.properties.get("run_id")
    runs = Run.objects.filter(experiment__workspace=version.asset.workspace, run_id=named)
    return runs.select_related(*SHOWN_OF_A_RUN).first() if named else None, ""


def _against(
    place: Workspace, request: HttpRequest, version: Version, run: Run | None
) -> dict[str, Any]:
    """The last values of both runs' metrics, (name, before, after), and both runs."""
    name, _, number = request.GET.get("other", "").partition(":")
    other = version_for(place, Kind.MODEL, name, number_in(number))
    before, _ = _maker(other)
    found: dict[str, dict[int, Any]] = {}
    keys = [one.pk for one in (before, run) if one]
    rows = MetricSeries.objects.filter(run__in=keys).exclude(name__startswith=metrics.RESERVED)
    for metric, key, last in rows.order_by("name").values_list("name", "run_id", "last")[
        :MOST_COMPARED
    ]:
        found.setdefault(metric, {})[key] = _value(last)
    return {
        "workspace": place,
        "versions": [other, version],
        "runs": [before, run],
        "metrics": [
            (metric, values.get(before.pk if before else 0), values.get(run.pk if run else 0))
            for metric, values in found.items()
        ],
        "is_same": before is not None and before == run,
    }


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
        "experiments": place.experiments.filter(name__icontains=words, archived_at=None)[
            :MOST_FOUND
        ],
        "runs": runs.order_by("-id")[:MOST_FOUND],
        "assets": Asset.objects.filter(visible(place), name__icontains=words, archived_at=None)[
            :MOST_FOUND
        ],
    }
    return render(request, "runs/_find.html", facts if words else {})

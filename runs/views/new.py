"""The New run page, and what it asks while a person fills it in. Submitting is the API's."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from compute import machine, recipes, room, sizes
from compute.clusters import ELSEWHERE, OF_STEPS
from compute.models import Cluster, ImageBuild, Node
from compute.states import BuildState, ImageKind, NodeState
from registry import datasets, environments, texts
from registry.models import Version
from runs import inputs, output_datasets
from runs.access import run_for
from runs.models import Run
from runs.states import Reason, State
from runs.views.detail import USUAL_LIMIT_S
from studio.access import workspace_for
from studio.errors import BadInput, NotFound
from studio.files import trees
from studio.models import Workspace
from studio.templatetags.ui import duration, size
from studio.texts import kept

MOST_NAMES = 200
MOST_NODES = 64
MOST_PAST = 15


@login_required
def new_run(request: HttpRequest, workspace: str) -> HttpResponse:
    """`?example=digits`, `?from=<run_id>`, `?experiment=` and `?environment=name:1` fill it in."""
    place = workspace_for(request.user, workspace, write=True)
    asked = request.GET
    past = run_for(request.user, asked["from"]) if asked.get("from") else None
    clusters = (
        Cluster.objects.there()
        .filter(workspace=place)
        .annotate(
            busy=Count("nodes", filter=Q(nodes__state=NodeState.BUSY)),
            idle=Count("nodes", filter=Q(nodes__state=NodeState.IDLE)),
        )
    )
    line = Run.objects.filter(cluster__workspace=place, state=State.QUEUED).order_by()
    busy = room.busy_nodes()
    waiting = dict(line.values_list("cluster").annotate(n=Count("pk")))
    facts = {
        "workspace": place,
        "experiments": place.experiments.filter(archived_at=None).order_by("-id")[:MOST_NAMES],
        "environments": _choices(place),
        "clusters": [
            (
                cluster,
                sizes.known(cluster.node_size),
                waiting.get(cluster.pk, 0),
                _fits(cluster, busy),
            )
            for cluster in clusters
        ],
        "past": past,
        "start": {
            "api": f"/api/v1/workspaces/{place.name}/",
            "image": reverse("runs:new-image", args=[place.name]),
            "runPage": reverse("runs:detail", args=["RUN_ID"]),
            "example": asked.get("example", ""),
            "experiment": asked.get("experiment", ""),
            "environment": asked.get("environment", ""),
            "dataset": asked.get("dataset", ""),
            "datasets": _datasets(place),
            "past": _past(past) if past else None,
        },
    }
    return render(request, "runs/new.html", facts)


@login_required
def past_runs(request: HttpRequest, workspace: str) -> HttpResponse:
    """For the dialog "Start from a past run": the newest runs, or those that `?q=` finds."""
    place = workspace_for(request.user, workspace)
    asked = kept(request.GET.get("q", "").strip(), 100)
    found = Run.objects.filter(experiment__workspace=place, archived_at=None)
    found = found.exclude(cluster__name__in=(ELSEWHERE, OF_STEPS)).select_related("experiment")
    for word in asked.split():
        by_name = Q(name__icontains=word) | Q(script__icontains=word)
        found = found.filter(by_name | Q(experiment__name__icontains=word))
    rows = list(found.order_by("-id")[: MOST_PAST + 1])
    facts = {
        "workspace": place,
        "runs": rows[:MOST_PAST],
        "is_more": len(rows) > MOST_PAST,
        "q": asked,
    }
    return render(request, "runs/_past_runs.html", facts)


def _fits(cluster: Cluster, busy: list[Node]) -> int:
    """How many nodes of the cluster could be taken together now: what its machine has room for.

    Of a machine elsewhere nobody is asked here: the page must not wait for it.
    """
    most = min(cluster.max_nodes, MOST_NODES)
    if machine.place_of(cluster) != machine.HERE:
        return most
    here = machine.this()
    together = (["a new run"] * count for count in range(1, most + 1))
    return sum(1 for holders in together if room.full(cluster, holders, busy, here) is None)


def _choices(workspace: Workspace) -> list[tuple[str, list[Version]]]:
    """The newest version of each environment in two groups: the workspace's own, the curated."""
    newest = environments.latest(workspace)
    groups = [("Of this workspace", False), ("Curated", True)]
    return [
        (title, [version for version in newest if version.asset.is_curated == is_curated])
        for title, is_curated in groups
    ]


def _datasets(workspace: Workspace) -> list[dict[str, Any]]:
    """The datasets one may choose, with their versions' numbers, the newest first."""
    newest = list(datasets.listed(workspace)[:MOST_NAMES])
    numbers: dict[int, list[int]] = {version.asset_id: [] for version in newest}
    of_those = Version.objects.filter(asset__in=numbers).order_by("-number")
    for asset, number in of_those.values_list("asset", "number"):
        numbers[asset].append(number)
    return [
        {
            "name": version.asset.name,
            "numbers": numbers[version.asset_id][:MOST_NAMES],
            "form": version.dataset.form,
            "file_count": version.dataset.tree.file_count,
            "size_bytes": version.dataset.tree.size_bytes,
        }
        for version in newest
    ]


def _past(run: Run) -> dict[str, Any]:
    """A past run as the form holds it: its code is here already, so nothing is sent again.

    One whose environment could not be built brings the definition itself, to be mended.
    """
    fault = _fault(run)
    is_named = run.environment is not None and not fault
    return {
        "fault": fault,
        "keep": run.environment_name if run.environment and not _is_curated(run) else "",
        "name": run.name,
        "experiment": run.experiment.name,
        "snapshot": run.snapshot.sha256,
        "files": [[path, size_bytes] for path, _, size_bytes in trees.listing(run.snapshot)],
        "script": run.script,
        "arguments": run.arguments,
        "environment": {"name": run.environment_name, "version": run.environment.number}
        if is_named and run.environment
        else {"definition": run.definition},
        "cluster": run.cluster.name,
        "node_count": run.node_count,
        "process_count_per_node": run.processes_per_node,
        "distribution": run.distribution,
        "parameter_server_count": run.parameter_servers,
        "inputs": [
            {key: one[key] for key in ("name", "dataset", "tree", "mode", "path")}
            for one in inputs.shown(run)
        ],
        "output_datasets": output_datasets.again(run),
        "max_retries": run.max_retries,
        "max_run_duration_seconds": None if run.max_seconds == USUAL_LIMIT_S else run.max_seconds,
    }


def _fault(run: Run) -> dict[str, Any] | None:
    """Why the run's environment could not be built: the words, and the lines at fault."""
    if run.reason != Reason.ENVIRONMENT_FAILED:
        return None
    guilty = run.error.get("guilty", "")
    return {
        "message": run.error.get("message", ""),
        "guilty": guilty,
        "lines": texts.blamed_in(run.definition, guilty),
    }


def _is_curated(run: Run) -> bool:
    return run.environment is not None and run.environment.asset.is_curated


@require_POST
@login_required
def image_state(request: HttpRequest, workspace: str) -> JsonResponse:
    """Say whether an environment can be read and its image is there.

    The body is a submission's "environment". Answers {"state": "ready"|"building"|"new"|"failed"|
    "wrong", "words", "line": where it is wrong, or null}; what is wrong with a definition is an
    answer here, not an error.
    """
    place = workspace_for(request.user, workspace)
    try:
        wanted = json.loads(request.body or b"null")
    except (ValueError, RecursionError):
        raise BadInput("the body is not JSON") from None
    line = None
    try:
        state, words = _image(place, wanted)
    except (BadInput, NotFound) as error:
        state, words, line = "wrong", error.message, error.facts.get("line")
    return JsonResponse({"state": state, "words": words, "line": line})


def _image(workspace: Workspace, wanted: Any) -> tuple[str, str]:
    _, definition = environments.find(workspace, wanted)
    recipe = recipes.from_definition(definition)
    if recipe.as_is or recipe.dockerfile:
        return "failed", "brings its own image, which only a cluster of Docker nodes can use"
    known = ImageBuild.objects.filter(recipe_digest=recipe.digest, kind=ImageKind.LOCAL)
    build = known.select_related("image").first()
    if build is None or build.state == BuildState.CANCELED:
        return "new", "will be built before the run starts; later runs reuse it"
    if build.state == BuildState.READY and build.image:
        took = duration(build.image.build_seconds)
        return "ready", f"ready: {size(build.image.size_bytes)}, built in {took}"
    if build.state == BuildState.FAILED:
        return "failed", f"failed the last time, will be tried again: {build.error[:300]}"
    return "building", f"is being made ({build.state}); the run waits for it"

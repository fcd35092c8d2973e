"""The New run page, and what it asks while a person fills it in. Submitting is the API's."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from compute import recipes
from compute.models import Cluster, ImageBuild
from compute.sizes import SIZES
from compute.states import BuildState, NodeState
from registry import environments
from registry.models import Version
from runs.access import run_for
from runs.models import Run
from studio.access import workspace_for
from studio.errors import BadInput, NotFound
from studio.files import trees
from studio.models import Workspace
from studio.templatetags.ui import duration, size

MOST_NAMES = 200


@login_required
def new_run(request: HttpRequest, workspace: str) -> HttpResponse:
    """`?example=digits`, `?from=<run_id>`, `?experiment=` and `?environment=name:1` fill it in."""
    place = workspace_for(request.user, workspace, write=True)
    asked = request.GET
    past = run_for(request.user, asked["from"]) if asked.get("from") else None
    clusters = Cluster.objects.filter(workspace=place).annotate(
        busy=Count("nodes", filter=Q(nodes__state=NodeState.BUSY)),
        idle=Count("nodes", filter=Q(nodes__state=NodeState.IDLE)),
    )
    facts = {
        "workspace": place,
        "experiments": place.experiments.order_by("-id")[:MOST_NAMES],
        "environments": _choices(place),
        "clusters": [(cluster, SIZES.get(cluster.node_size.upper())) for cluster in clusters],
        "past": past,
        "start": {
            "api": f"/api/v1/workspaces/{place.name}/",
            "image": reverse("runs:new-image", args=[place.name]),
            "runPage": reverse("runs:detail", args=["RUN_ID"]),
            "example": asked.get("example", ""),
            "experiment": asked.get("experiment", ""),
            "environment": asked.get("environment", ""),
            "past": _past(past) if past else None,
        },
    }
    return render(request, "runs/new.html", facts)


def _choices(workspace: Workspace) -> list[tuple[Version, str]]:
    """The newest version of each environment with its first packages, as words."""
    choices = []
    for version in environments.latest(workspace):
        recipe = recipes.from_definition(version.environment.definition)
        named = [p for p in (*recipe.conda, *recipe.pip) if not p.startswith("-")]
        python = [f"Python {recipe.python}"] if recipe.python else []
        more = [f"{len(named) - 4} more"] if len(named) > 4 else []
        choices.append((version, ", ".join([*python, *named[:4], *more])))
    return choices


def _past(run: Run) -> dict[str, Any]:
    """A past run as the form holds it: its code is here already, so nothing is sent again."""
    return {
        "name": run.name,
        "experiment": run.experiment.name,
        "snapshot": run.snapshot.sha256,
        "files": [[path, size_bytes] for path, _, size_bytes in trees.listing(run.snapshot)],
        "script": run.script,
        "arguments": run.arguments,
        "environment": {"name": run.environment_name, "version": run.environment.number}
        if run.environment
        else {"definition": run.definition},
        "cluster": run.cluster.name,
    }


@require_POST
@login_required
def image_state(request: HttpRequest, workspace: str) -> JsonResponse:
    """Say whether an environment can be read and its image is there.

    The body is a submission's "environment". Answers {"state": "ready"|"building"|"new"|"failed"|
    "wrong", "words"}; what is wrong with a definition is an answer here, not an error.
    """
    place = workspace_for(request.user, workspace)
    try:
        wanted = json.loads(request.body or b"null")
    except (ValueError, RecursionError):
        raise BadInput("the body is not JSON") from None
    try:
        state, words = _image(place, wanted)
    except (BadInput, NotFound) as error:
        state, words = "wrong", error.message
    return JsonResponse({"state": state, "words": words})


def _image(workspace: Workspace, wanted: Any) -> tuple[str, str]:
    _, definition = environments.find(workspace, wanted)
    digest = recipes.from_definition(definition).digest
    build = ImageBuild.objects.select_related("image").filter(recipe_digest=digest).first()
    if build is None:
        return "new", "will be built before the run starts; later runs reuse it"
    if build.state == BuildState.READY and build.image:
        took = duration(build.image.build_seconds)
        return "ready", f"ready: {size(build.image.size_bytes)}, built in {took}"
    if build.state == BuildState.FAILED:
        return "failed", f"failed the last time, will be tried again: {build.error[:300]}"
    return "building", f"is being made ({build.state}); the run waits for it"

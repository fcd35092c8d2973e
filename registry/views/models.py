"""Pages of models and environments. What runs made or used them is a fragment of runs."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from compute import recipes
from compute.models import ImageBuild
from registry import environments, model_files
from registry.access import asset_for, number_in, version_for
from registry.models import Asset, EnvironmentVersion, Kind, ModelVersion, Version
from studio.access import workspace_for
from studio.pages import page

MOST_PACKAGES = 6


def _newest(kind: Kind, workspace: Any) -> Any:
    """Assets of `kind` by name, each with its newest version's number, time and maker."""
    of_asset = Version.objects.filter(asset=OuterRef("pk")).order_by("-number")
    return (
        Asset.objects.filter(workspace=workspace, kind=kind)
        .annotate(
            version_count=Count("versions"),
            newest=Max("versions__number"),
            newest_id=Subquery(of_asset.values("pk")[:1]),
        )
        .filter(version_count__gt=0)
        .order_by("name")
    )


@login_required
def models(request: HttpRequest, workspace: str) -> HttpResponse:
    """The models, each with its newest version."""
    place = workspace_for(request.user, workspace)
    assets, following = page(_newest(Kind.MODEL, place), request.GET.get("cursor"))
    details = ModelVersion.objects.filter(version__in=[a.newest_id for a in assets])
    by_version = {
        detail.version_id: detail
        for detail in details.select_related("tree", "version__created_by")
    }
    rows = [(asset, by_version[asset.newest_id]) for asset in assets]
    facts = {"workspace": place, "rows": rows, "following": following}
    return render(request, "registry/models.html", facts)


@login_required
def model(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """The versions of one model."""
    place = workspace_for(request.user, workspace)
    asset = asset_for(place, Kind.MODEL, name)
    found = asset.versions.select_related("asset", "created_by", "model__tree")
    versions, following = page(found, request.GET.get("cursor"))
    facts = {"workspace": place, "asset": asset, "versions": versions, "following": following}
    return render(request, "registry/model.html", facts)


@login_required
def model_version(request: HttpRequest, workspace: str, name: str, number: int) -> HttpResponse:
    """One model version: files to download, how to use it, the run that made it."""
    place = workspace_for(request.user, workspace)
    version = version_for(place, Kind.MODEL, name, number)
    facts = {
        "workspace": place,
        "version": version,
        "tree": version.model.tree,
        "files": [(path, size) for path, _, size in model_files.files(version)],
        "url": settings.URL,
        "newest": version.asset.versions.aggregate(newest=Max("number"))["newest"],
    }
    return render(request, "registry/model-version.html", facts)


@login_required
def environment_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """The environments, each with its newest version and image."""
    place = workspace_for(request.user, workspace)
    assets, following = page(_newest(Kind.ENVIRONMENT, place), request.GET.get("cursor"))
    details = EnvironmentVersion.objects.filter(version__in=[a.newest_id for a in assets])
    by_version = {
        detail.version_id: detail for detail in details.select_related("version__created_by")
    }
    builds = _builds([detail.recipe_digest for detail in by_version.values()])
    rows = [
        (asset, detail, _packages(detail.definition), builds.get(detail.recipe_digest))
        for asset in assets
        for detail in [by_version[asset.newest_id]]
    ]
    facts = {"workspace": place, "rows": rows, "following": following}
    return render(request, "registry/environments.html", facts)


@login_required
def environment(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """One environment: its definition and its versions."""
    place = workspace_for(request.user, workspace)
    version = environments.get(place, name, number_in(request.GET.get("version")))
    detail = version.environment
    others = version.asset.versions.select_related("created_by", "environment")
    versions, following = page(others, request.GET.get("cursor"))
    builds = _builds([v.environment.recipe_digest for v in versions] + [detail.recipe_digest])
    facts = {
        "workspace": place,
        "version": version,
        "definition": detail.definition,
        "text": detail.definition.get("conda", detail.definition.get("pip", "")),
        "recipe": recipes.from_definition(detail.definition),
        "build": builds.get(detail.recipe_digest),
        "versions": [(v, builds.get(v.environment.recipe_digest)) for v in versions],
        "following": following,
    }
    return render(request, "registry/environment.html", facts)


def _builds(digests: list[str]) -> dict[str, ImageBuild]:
    """Recipe digest → its image build, for those that were ever asked for."""
    found = ImageBuild.objects.filter(recipe_digest__in=set(digests)).select_related("image")
    return {build.recipe_digest: build for build in found}


def _packages(definition: dict[str, Any]) -> str:
    """The first packages of a definition, as words."""
    recipe = recipes.from_definition(definition)
    named = [p for p in (*recipe.conda, *recipe.pip, *recipe.provided) if not p.startswith("-")]
    python = [f"python {recipe.python}"] if recipe.python else []
    shown = [*python, *named[:MOST_PACKAGES]]
    more = len(named) - MOST_PACKAGES
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "") or "Python only"

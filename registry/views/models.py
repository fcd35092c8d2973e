"""Pages of models. What runs made them is a fragment of runs."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from registry import model_files
from registry.access import asset_for, version_for
from registry.models import Asset, Kind, ModelVersion, Version
from studio.access import workspace_for
from studio.models import Workspace
from studio.pages import page


@login_required
def models(request: HttpRequest, workspace: str) -> HttpResponse:
    """The models, each with its newest version."""
    place = workspace_for(request.user, workspace)
    assets, following = page(_with_newest(place), request.GET.get("cursor"))
    details = ModelVersion.objects.filter(version__in=[a.newest_id for a in assets])
    by_version = {
        detail.version_id: detail
        for detail in details.select_related("tree", "version__created_by")
    }
    rows = [(asset, by_version[asset.newest_id]) for asset in assets]
    facts = {"workspace": place, "rows": rows, "following": following}
    return render(request, "registry/models.html", facts)


def _with_newest(workspace: Workspace) -> QuerySet[Any]:
    """Models by name, each with `newest` (a number), `newest_id` and `version_count`."""
    of_asset = Version.objects.filter(asset=OuterRef("pk")).order_by("-number")
    return (
        Asset.objects.filter(workspace=workspace, kind=Kind.MODEL)
        .annotate(
            version_count=Count("versions"),
            newest=Max("versions__number"),
            newest_id=Subquery(of_asset.values("pk")[:1]),
        )
        .filter(version_count__gt=0)
        .order_by("name")
    )


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

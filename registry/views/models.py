"""Pages of models: the list, one model, and the page that registers one."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from registry import aliases, model_deleting, model_files, model_finding
from registry.access import asset_for, named_in, version_for
from registry.models import Asset, Kind, Version
from registry.views import model_parts
from studio import marks
from studio.access import workspace_for
from studio.models import Workspace
from studio.pages import is_fragment, page

MOST_QUERY_CHARACTERS = 100


@login_required
def models(request: HttpRequest, workspace: str) -> HttpResponse:
    """The models, each with its newest version. `?q=`, `tag`, `framework`, `run` filter them."""
    place = workspace_for(request.user, workspace)
    view, rows = asked(request, place)
    return shown(request, place, view, page(rows, request.GET.get("cursor")))


def asked(request: HttpRequest, place: Workspace) -> tuple[dict[str, str], QuerySet[Version]]:
    """What a list of models is asked for, by the names in its address; the versions that fit."""
    view = {
        key: request.GET.get(key, "").strip()[:MOST_QUERY_CHARACTERS]
        for key in ("q", "tag", "framework", "archived")
    }
    view["run"] = request.GET.get("run", "").strip()[:300]
    wanted = model_finding.Wanted(
        words=view["q"],
        tags=marks.pairs_in([view["tag"]]),
        framework=view["framework"],
        run_id=view["run"],
        archived=view["archived"] == "1",
        only_newest=not view["run"],
    )
    return view, model_finding.with_counts(model_finding.found(place, wanted))


def shown(
    request: HttpRequest,
    place: Workspace,
    view: dict[str, str],
    found: tuple[list[Version], str | None],
) -> HttpResponse:
    """A page of models, or its table alone. `metric` in the view: versions have its `figure`."""
    versions, following = found
    facts = {
        "workspace": place,
        "rows": aliases.of_each(versions),
        "following": following,
        "asked": view,
        "is_filtered": any(view[key] for key in ("q", "tag", "framework", "run")),
        "is_archived": view["archived"] == "1",
        "view": as_query(view),
        "turned": as_query({**view, "sort": "" if view.get("sort") else "up"}),
        "frameworks": model_finding.frameworks(place),
    }
    name = "registry/_models.html" if is_fragment(request) else "registry/models.html"
    return render(request, name, facts)


def as_query(view: dict[str, str]) -> str:
    """What is said in a view, as the query of an address."""
    return urlencode({key: text for key, text in view.items() if text})


@login_required
def model(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """The versions of one model, to look at and to compare."""
    place = workspace_for(request.user, workspace)
    asset = asset_for(place, Kind.MODEL, name)
    newest = version_for(place, Kind.MODEL, name)
    wanted = model_finding.Wanted(name=asset.name, archived=None, only_newest=False)
    shown, following = page(model_finding.found(place, wanted), request.GET.get("cursor"))
    facts = {
        **model_parts.common(place, newest),
        "asset": asset,
        "versions": shown,
        "following": following,
        "count": len(model_files.there(asset)),
    }
    return render(request, "registry/model.html", facts)


@login_required
def freed(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """For the question before a model, or its version `?version=`, is deleted: what that frees."""
    place = workspace_for(request.user, workspace)
    number = request.GET.get("version")
    asset = asset_for(place, Kind.MODEL, name)
    going = (
        [version_for(place, Kind.MODEL, name, named_in(number))]
        if number
        else model_files.there(asset)
    )
    files, size_bytes = model_deleting.freed(going)
    facts = {"going": going, "files": files, "size_bytes": size_bytes}
    return render(request, "registry/_model-freed.html", facts)


@login_required
def new_model(request: HttpRequest, workspace: str) -> HttpResponse:
    """Register a model from files; `?from=name:2` from that version under another name."""
    place = workspace_for(request.user, workspace, write=True)
    name, _, number = request.GET.get("from", "").partition(":")
    source = version_for(place, Kind.MODEL, name, named_in(number)) if name else None
    facts = {
        "workspace": place,
        "source": source,
        "title": f"Register {source} under another name" if source else "Register a model",
        "name": request.GET.get("name", ""),
        "start": {
            "api": f"/api/v1/workspaces/{place.name}/",
            "page": reverse("registry:model-version", args=[place.name, "NAME", "NUMBER"]),
            "source": str(source) if source else "",
            "newest": _newest(place),
        },
    }
    return render(request, "registry/model-new.html", facts)


def _newest(place: Workspace) -> dict[str, int]:
    """What names there are, to say which number a new version gets: the latest 500."""
    found = Asset.objects.filter(workspace=place, kind=Kind.MODEL).order_by("-pk")[:500]
    numbers = Version.objects.filter(asset__in=[asset.pk for asset in found]).order_by("number")
    return dict(numbers.values_list("asset__name", "number"))

"""The page of one model version: its files, what is inside them, where it is from; and of two."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.vary import vary_on_headers

from registry import model_comparing
from registry.access import named_in, version_for
from registry.models import Kind, Version
from registry.views import model_parts, two
from studio.access import workspace_for
from studio.models import Workspace
from studio.pages import is_fragment
from studio.texts import WHOLE

TABS = (("files", "Files"), ("inside", "Inside"))
PARTS = {"head": "registry/_model-head.html", "about": "registry/_model-about.html"}
MOST_CHOICES = 100


@login_required
@vary_on_headers("HX-Request")
def model_version(request: HttpRequest, workspace: str, name: str, number: str) -> HttpResponse:
    """A version by its number or an alias, with `?tab=`; by htmx its `?part=` alone."""
    place = workspace_for(request.user, workspace)
    version = version_for(place, Kind.MODEL, name, named_in(number))
    tab = request.GET.get("tab", "")
    tab = tab if tab in dict(TABS) else "files"
    facts = {
        **model_parts.common(place, version),
        "aliases": version.aliases.all(),
        "tab": tab,
        "tabs": TABS,
        "url": settings.URL,
    }
    part = PARTS.get(request.GET.get("part", "")) if is_fragment(request) else None
    if part is None:
        facts |= _files(request, version) if tab == "files" else _inside(request, version)
    return render(request, part or "registry/model-version.html", facts)


def _files(request: HttpRequest, version: Version) -> dict[str, Any]:
    prefix = request.GET.get("prefix", "")[:1000].strip("/")
    prefix = f"{prefix}/" if prefix else ""
    start = request.GET.get("from", "0")
    at = int(start) if WHOLE.fullmatch(start) and len(start) < 10 else 0
    entries, following = model_parts.entries(version, prefix, max(0, at))
    return {
        "prefix": prefix,
        "above": model_parts.above(prefix),
        "entries": entries,
        "following": following,
        "at": at,
    }


def _inside(request: HttpRequest, version: Version) -> dict[str, Any]:
    words = request.GET.get("q", "").strip()[:200]
    return model_parts.inside(version, request.GET.get("path", ""), words)


@login_required
def compare(request: HttpRequest, workspace: str) -> HttpResponse:
    """What differs between two versions: `?a=name:1&b=name:2`, or `?v=` twice."""
    return two.compare(request, workspace_for(request.user, workspace), OF_MODELS)


def _version(place: Workspace, reference: str) -> Version:
    name, _, number = reference.strip().partition(":")
    return version_for(place, Kind.MODEL, name, named_in(number))


def _choices(place: Workspace) -> list[Version]:
    """The newest versions, to choose from; any other can be written."""
    found = Version.objects.filter(
        asset__workspace=place, asset__kind=Kind.MODEL, asset__archived_at=None, model__isnull=False
    )
    return list(found.select_related("asset").order_by("-pk")[:MOST_CHOICES])


def _differences(a: Version, b: Version) -> dict[str, Any]:
    files, sizes = model_comparing.files(a, b)
    return {
        "files": files,
        "file_rows": [(change, *sizes[change.name]) for change in files.rows],
        "words": model_comparing.mapped(model_comparing.words(a), model_comparing.words(b)),
        "tensors": model_comparing.mapped(model_comparing.tensors(a), model_comparing.tensors(b)),
    }


OF_MODELS = two.Comparison(
    "registry/model-compare.html", "Compare models", _version, _choices, _differences
)

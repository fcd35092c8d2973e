"""Pages of datasets: the list, one, one version, and the page that makes a version."""

import re
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.vary import vary_on_headers

from registry import aliases, datasets, reading_words, removing, versions
from registry.access import asset_for, named_in, number_in, version_for
from registry.models import Asset, DatasetForm, Kind, Version
from registry.views import dataset_files, dataset_preview
from studio.access import workspace_for
from studio.errors import BadInput
from studio.files import blobs
from studio.files.downloads import zip_response
from studio.models import Workspace
from studio.pages import is_fragment, page

# ('workspaceblobstore', 'images/cats')
OF_STORE = re.compile(r"""\(["']([^"']+)["'], ["'](.*)["']\)""")
MOST_SOURCES = 5
PARTS = {"title": "registry/_dataset-title.html", "about": "registry/_dataset-about.html"}
TABS = (("preview", "Preview"), ("files", "Files"), ("profile", "Profile"))


@login_required
def dataset_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """The datasets, each with its newest version. `?q=` finds, `?archived=1` shows the others."""
    place = workspace_for(request.user, workspace)
    asked = request.GET.get("q", "").strip()[:100]
    is_archived = request.GET.get("archived") == "1"
    found = datasets.listed(place, archived=is_archived)
    for word in asked.split():
        found = found.filter(Q(asset__name__icontains=word) | Q(description__icontains=word))
    rows, following = page(found, request.GET.get("cursor"))
    kept = {"q": asked, "archived": "1" if is_archived else ""}
    facts = {
        "workspace": place,
        "rows": aliases.of_each(rows),
        "keys": ",".join(str(version.asset_id) for version in rows),
        "following": following,
        "q": asked,
        "is_archived": is_archived,
        "view": urlencode({name: text for name, text in kept.items() if text}),
    }
    name = "registry/_datasets.html" if is_fragment(request) else "registry/datasets.html"
    return render(request, name, facts)


@login_required
def new_dataset(request: HttpRequest, workspace: str) -> HttpResponse:
    """`?from=name:2` begins with the files of that version, `?name=` and `?way=urls` fill it in."""
    place = workspace_for(request.user, workspace, write=True)
    name, _, number = request.GET.get("from", "").partition(":")
    source = datasets.get(place, name, number_in(number)) if name else None
    page_of = reverse("registry:dataset-version", args=[place.name, "NAME", 0])
    facts = {
        "workspace": place,
        "source": source,
        "start": {
            "api": f"/api/v1/workspaces/{place.name}/",
            "page": page_of.replace("/0/", "/NUMBER/"),
            "named": reverse("registry:dataset-name", args=[place.name]),
            "name": source.asset.name if source else request.GET.get("name", ""),
            "way": request.GET.get("way", ""),
            "source": _start_of(source) if source else None,
        },
    }
    return render(request, "registry/dataset-new.html", facts)


def _start_of(version: Version) -> dict[str, Any]:
    detail = version.dataset
    return {
        "id": str(version),
        "number": version.number,
        "tree": detail.tree.sha256,
        "form": detail.form,
        "reading": detail.reading,
        "description": version.description,
        "tags": version.tags,
    }


@login_required
def name_of(request: HttpRequest, workspace: str) -> JsonResponse:
    """What `?name=` is already: {"newest": its newest version or 0, "archived", "problem"}."""
    place = workspace_for(request.user, workspace)
    name = request.GET.get("name", "").strip()
    asset = Asset.objects.filter(workspace=place, kind=Kind.DATASET, name=name).first()
    newest = asset.versions.aggregate(newest=Max("number"))["newest"] if asset else None
    try:
        versions.check_name(Kind.DATASET, name or "unnamed")
        problem = ""
    except BadInput as error:
        problem = error.message
    archived = asset is not None and asset.archived_at is not None
    return JsonResponse({"newest": newest or 0, "archived": archived, "problem": problem})


@login_required
def dataset(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """One dataset: its versions, what is written on the newest, how to use it."""
    place = workspace_for(request.user, workspace)
    asset = asset_for(place, Kind.DATASET, name)
    rows, following = page(datasets.there(asset), request.GET.get("cursor"))
    newest = datasets.get(place, name)
    facts = {"versions": rows, "following": following, **_common(place, newest)}
    return render(request, "registry/dataset.html", facts)


def source_words(source: str) -> str:
    """Where files came from, as people read it: scripts name paths in the store as pairs."""
    pair = OF_STORE.fullmatch(source)
    return f"{pair[1]}: {pair[2]}" if pair else source


def read_as(version: Version) -> list[tuple[str, str]]:
    """What is done to the files of a version when they are read, in words."""
    detail = version.dataset
    is_table = detail.form == DatasetForm.TABULAR
    return reading_words.words(detail.reading, is_table=is_table)


def _common(place: Workspace, version: Version) -> dict[str, Any]:
    asset = version.asset
    there = asset.versions.filter(dataset__isnull=False)
    return {
        "workspace": place,
        "asset": asset,
        "version": version,
        "detail": version.dataset,
        "tree": version.dataset.tree,
        "sources": [source_words(text) for text in version.dataset.source[:MOST_SOURCES]],
        "read_as": read_as(version),
        "more_sources": max(0, len(version.dataset.source) - MOST_SOURCES),
        "newest": there.aggregate(newest=Max("number"))["newest"],
        "version_count": there.count(),
        "aliases": version.aliases.all(),
        "api": f"/api/v1/workspaces/{place.name}/datasets/{asset.name}",
        "url": settings.URL,
    }


@login_required
@vary_on_headers("HX-Request")
def dataset_version(request: HttpRequest, workspace: str, name: str, number: str) -> HttpResponse:
    """One version, by its number or an alias: `?tab=` preview, files or profile.

    `?path=`: a file or folder of it.   `?part=`: by htmx, its title or what is written on it alone.
    """
    place = workspace_for(request.user, workspace)
    version = datasets.get(place, name, named_in(number))
    part = PARTS.get(request.GET.get("part", "")) if is_fragment(request) else None
    if part is not None:
        return render(request, part, {**_common(place, version), "here": "version"})
    tab = request.GET.get("tab", "")
    tab = tab if tab in dict(TABS) else "preview"
    shown = {
        "preview": dataset_preview.preview,
        "files": dataset_files.folder,
        "profile": dataset_preview.profile,
    }[tab](version, request.GET)
    tabs = [(key, title) for key, title in TABS if key != "profile" or _has_profile(version)]
    facts = {**_common(place, version), "tab": tab, "tabs": tabs, "shown": shown}
    return render(request, "registry/dataset-version.html", facts)


def _has_profile(version: Version) -> bool:
    return version.dataset.form == "tabular"


@login_required
def folder_zip(request: HttpRequest, workspace: str, name: str, number: int) -> HttpResponseBase:
    """The files below `?path=` of a version as one zip."""
    version = version_for(workspace_for(request.user, workspace), Kind.DATASET, name, number)
    folder = request.GET.get("path", "").strip("/")
    found = version.dataset.tree.files.filter(datasets.below(f"{folder}/" if folder else ""))
    files = found.order_by("path").values_list("path", "blob_id")
    start = folder.rfind("/") + 1
    entries = ((path[start:], blobs.read(sha256)) for path, sha256 in files.iterator())
    title = folder[start:] or f"{name}-{number}"
    return zip_response(request, entries, f"{title}.zip")


@login_required
def freed(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """For the question before a dataset, or its `?version=`, is deleted: what that frees, or why
    it cannot be."""
    place = workspace_for(request.user, workspace)
    number = request.GET.get("version")
    asset = asset_for(place, Kind.DATASET, name)
    going = version_for(place, Kind.DATASET, name, named_in(number)) if number else asset
    files, size_bytes = removing.freed(going)
    facts = {
        "version": going if number else None,
        "count": 1 if number else datasets.there(asset).count(),
        "users": removing.users(going),
        "files": files,
        "size_bytes": size_bytes,
    }
    return render(request, "registry/_dataset-freed.html", facts)

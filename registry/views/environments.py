"""Pages of environments: the list, and a version with its tabs. What runs used it is runs' own."""

import re
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.vary import vary_on_headers

from compute import recipes
from compute.building import locks
from compute.building.conda_specs import normalised
from compute.building.masking import without_secrets
from compute.models import ImageBuild
from compute.recipes import Recipe
from registry import environments, texts, versions
from registry.access import number_in
from registry.models import Kind, Version
from registry.views import shown
from studio import streams
from studio.access import workspace_for
from studio.errors import BadInput, NotFound
from studio.files.downloads import bytes_response
from studio.models import Workspace
from studio.pages import is_fragment, page

TABS = {
    "definition": "Definition",
    "packages": "Packages",
    "build": "Build",
    "dockerfile": "Dockerfile",
    "used-by": "Used by",
    "versions": "Versions",
}
# The name that a requirement begins with, after the channel of a conda one.
REQUIRED_NAME = re.compile(r"\s*(?:[\w./-]+::)?([A-Za-z0-9][A-Za-z0-9._-]*)")
MOST_QUERY_CHARACTERS = 100


@login_required
@vary_on_headers("HX-Request")
def environment_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """The workspace's own environments, then the curated; `?q=` and `?archived=1` filter."""
    place = workspace_for(request.user, workspace)
    words = request.GET.get("q", "").strip()[:MOST_QUERY_CHARACTERS]
    is_archived = request.GET.get("archived") == "1"
    found = _found(words).filter(asset__workspace=place, asset__archived_at__isnull=not is_archived)
    own, following = page(found, request.GET.get("cursor"))
    view = {"q": words, **({"archived": "1"} if is_archived else {})}
    is_later = bool(request.GET.get("cursor")) or is_archived
    curated = _found(words).filter(asset__workspace=None, asset__archived_at=None)
    facts = {
        "workspace": place,
        "rows": shown.with_builds(own),
        "count": found.count(),
        "curated": [] if is_later else shown.with_builds(list(curated)),
        "view": urlencode(view),
        "everything": "?archived=1" if is_archived else "?",
        "following": following,
        "q": words,
        "is_archived": is_archived,
        "kinds": list(shown.KINDS),
    }
    template = "_environments" if is_fragment(request) else "environments"
    return render(request, f"registry/{template}.html", facts)


def _found(words: str) -> QuerySet[Version]:
    """The newest version of each environment whose name, packages or description hold `words`."""
    found = versions.newest(Kind.ENVIRONMENT).defer("environment__definition")
    for word in words.split():
        found = found.filter(
            Q(asset__name__icontains=word)
            | Q(environment__summary__icontains=word)
            | Q(description__icontains=word)
        )
    return found


@login_required
@vary_on_headers("HX-Request")
def environment(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """One version of an environment: its head, and one of its tabs below.

    Asked by htmx with `?part=head` or `?part=tab`, that part alone.
    """
    place = workspace_for(request.user, workspace)
    version = environments.get(place, name, number_in(request.GET.get("version")))
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "definition"
    facts = _head(place, version, tab, asked=request.GET.get("kind", ""))
    facts |= TAB_FACTS[facts["tab"]](request, facts)
    part = request.GET.get("part") if is_fragment(request) else ""
    template = {"head": "registry/_head.html", "tab": facts["live"]}.get(part or "", "")
    return render(request, template or f"registry/{facts['template']}.html", facts)


def _head(place: Workspace, version: Version, tab: str, asked: str) -> dict[str, Any]:
    """What the head of the page shows, on every tab; `asked` is the kind of image looked at."""
    builds, asset = shown.both_builds(version), version.asset
    others = asset.versions.aggregate(newest=Max("number"), count=Count("pk"))
    recipe = _recipe(version)
    is_own = not asset.is_curated
    return {
        "workspace": place,
        "version": version,
        "asset": asset,
        "newest": others["newest"],
        "labels": shown.labels(version.tags),
        "builds": builds,
        **_failed(place, version, shown.failure_of(builds, asked)),
        "running": [build for build in builds if build.is_running],
        "buildable": [build for build in builds if build.is_possible and not build.is_running],
        "can_archive": is_own and asset.archived_at is None,
        "can_restore": is_own and asset.archived_at is not None,
        "recipe": recipe,
        "python": "" if recipe.as_is else shown.python_words(recipe.python, builds),
        "kind_words": texts.kind_of(version.environment.definition),
        "api": f"/api/v1/workspaces/{place.name}/environments",
        "tab": tab,
        "tabs": [(key, TABS[key], others["count"] if key == "versions" else None) for key in TABS],
        "template": f"tab-{tab}",
        "live": f"registry/_tab-{tab}.html",
    }


def _failed(place: Workspace, version: Version, failure: shown.Failure | None) -> dict[str, Any]:
    """What failed, and where the ways on from it lead."""
    if failure is None:
        return {"failure": None}
    editor = reverse("registry:environment-new", args=[place.name])
    return {
        "failure": failure,
        "log": f"?version={version.number}&tab=build&kind={failure.kind}",
        "retry": f"{editor}?from={version}&retry={failure.kind}",
    }


def _recipe(version: Version) -> Recipe:
    """What the version is made of; an empty one where its definition cannot be read any more."""
    try:
        return recipes.from_definition(version.environment.definition)
    except BadInput:  # rules became stricter; the page still shows what was written
        return Recipe()


def _definition(request: HttpRequest, facts: dict[str, Any]) -> dict[str, Any]:
    version, builds = facts["version"], facts["builds"]
    definition = version.environment.definition
    blamed = shown.blamed(version, builds)
    return {
        "texts": texts.texts_of(definition, blamed),
        "definition": definition,
    }


def _chosen(request: HttpRequest, builds: list[shown.Build]) -> shown.Build:
    """The build `?kind=` names; else one that runs, one that failed, one that is there."""
    asked = request.GET.get("kind")
    ranked = sorted(builds, key=lambda b: (not b.is_running, not b.has_failed, b.row is None))
    return next((build for build in builds if build.kind == asked), ranked[0])


def _packages(request: HttpRequest, facts: dict[str, Any]) -> dict[str, Any]:
    locked = [build for build in facts["builds"] if build.row and build.row.lock]
    if not locked:
        return {"locked": [], "packages": []}
    build = _chosen(request, locked)
    assert build.row is not None
    recipe = facts["recipe"]
    asked = _asked_for(recipe)
    packages = locks.read(without_secrets(build.row.lock))
    return {
        "locked": locked,
        "chosen": build,
        "packages": [(package, asked.get(normalised(package.name), "")) for package in packages],
        "has_conda": any(package.source == "conda" for package in packages),
    }


def _asked_for(recipe: Recipe) -> dict[str, str]:
    """Name of a package → the requirement of the definition that asks for it, as it is written."""
    lines = [line for line in (*recipe.conda, *recipe.pip) if not line.startswith("-")]
    named = [(REQUIRED_NAME.match(line), line.strip()) for line in lines]
    return {normalised(found[1]): line for found, line in named if found}


def _build(request: HttpRequest, facts: dict[str, Any]) -> dict[str, Any]:
    return {"chosen": _chosen(request, facts["builds"])}


def _dockerfile(request: HttpRequest, facts: dict[str, Any]) -> dict[str, Any]:
    return {"dockerfile": environments.dockerfile(facts["version"]).splitlines()}


def _nothing_more(request: HttpRequest, facts: dict[str, Any]) -> dict[str, Any]:
    return {}


def _versions(request: HttpRequest, facts: dict[str, Any]) -> dict[str, Any]:
    found = facts["asset"].versions.select_related("created_by", "environment")
    rows, following = page(found, request.GET.get("cursor"))
    return {"rows": shown.with_builds(rows), "following": following}


TAB_FACTS = {
    "definition": _definition,
    "packages": _packages,
    "build": _build,
    "dockerfile": _dockerfile,
    "used-by": _nothing_more,
    "versions": _versions,
}


def _row(request: HttpRequest, workspace: str, name: str, number: int, kind: str) -> ImageBuild:
    place = workspace_for(request.user, workspace)
    version = environments.get(place, name, number)
    row = shown.builds_of([version]).get((version.environment.recipe_digest, kind))
    if row is None:
        raise NotFound(f"nobody has asked for the {kind} image of {version} yet")
    return row


@login_required
def build_log(
    request: HttpRequest, workspace: str, name: str, number: int, kind: str
) -> HttpResponseBase:
    """The bytes of a build's log as far as it is now (Range, ETag)."""
    row = _row(request, workspace, name, number, kind)
    return bytes_response(
        request,
        size=row.log.size_bytes,
        etag=f'"log-{row.log_id}-{row.log.size_bytes}"',
        name=f"{name}-{number}-{kind}-build.log",
        read=lambda start, length: streams.range_of(row.log, start, length),
    )


@login_required
def lock(request: HttpRequest, workspace: str, name: str, number: int, kind: str) -> HttpResponse:
    """A lock without passwords, as a file. Raises NotFound while it is not solved."""
    row = _row(request, workspace, name, number, kind)
    if not row.lock:
        raise NotFound(f"{name}:{number} is not solved yet: there is no lock")
    file = f"{name}-{number}.{kind}.lock.txt"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    text = without_secrets(row.lock)
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)

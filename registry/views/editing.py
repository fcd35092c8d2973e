"""The page that makes an environment version: new, from another, or from one that failed."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from compute.states import ImageKind
from registry import environments, texts
from registry.access import number_in
from registry.models import Version
from registry.views import shown
from studio.access import workspace_for
from studio.errors import BadInput, NotFound
from studio.models import Workspace


@login_required
def new_environment(request: HttpRequest, workspace: str) -> HttpResponse:
    """`?from=name:2` begins with that version; `&retry=local` with what its build failed on."""
    place = workspace_for(request.user, workspace, write=True)
    source = _source(place, request.GET.get("from", ""))
    retry = request.GET.get("retry", "")
    fault = _fault(place, source, retry) if source and retry else None
    verb = "New" if source is None else "Copy" if source.asset.is_curated else "Edit"
    title = "New environment" if source is None else f"{verb} {source}"
    facts = {
        "workspace": place,
        "source": source,
        "verb": verb,
        "title": title,
        "fault": fault,
        "start": {
            "api": f"/api/v1/workspaces/{place.name}/environments",
            "named": reverse("registry:environment-name", args=[place.name]),
            "page": reverse("registry:environment", args=[place.name, "NAME"]),
            "key": f"{place.name}:{source or ''}:{retry}",
            "built": retry if retry in ImageKind else ImageKind.LOCAL,
            "fault": {"lines": fault["lines"], "message": fault["message"]} if fault else None,
            **_begin(source),
        },
    }
    return render(request, "registry/edit.html", facts)


def _source(place: Workspace, reference: str) -> Version | None:
    if not reference:
        return None
    name, _, number = reference.partition(":")
    return environments.get(place, name, number_in(number))


def _begin(source: Version | None) -> dict[str, Any]:
    """What the form holds at first."""
    if source is None:
        return {"definition": None, "name": "", "description": "", "tags": ""}
    name = source.asset.name
    if source.asset.is_curated:
        name = "my-" + name.removeprefix(environments.RESERVED[0]).lower()
    return {
        "definition": source.environment.definition,
        "name": name,
        "description": source.description,
        "tags": ", ".join(shown.labels(source.tags)),
    }


def _fault(place: Workspace, source: Version, kind: str) -> dict[str, Any] | None:
    """Why the last build of `source` failed; None where it did not."""
    build = next((b for b in shown.both_builds(source) if b.kind == kind and b.has_failed), None)
    failure = shown.failure_of([build], of_what=str(source)) if build else None
    if failure is None or build is None or build.row is None:
        return None
    page = reverse("registry:environment", args=[place.name, source.asset.name])
    definition = source.environment.definition
    return {
        "failure": failure,
        "message": failure.message,
        "lines": texts.blamed_in(definition, build.row.guilty),
        "log": f"{page}?version={source.number}&tab=build&kind={kind}",
    }


@login_required
def name_of(request: HttpRequest, workspace: str) -> JsonResponse:
    """While a name is typed: {"newest": the version there is under it or 0, "problem": text}."""
    place = workspace_for(request.user, workspace)
    name = request.GET.get("name", "")
    newest, problem = 0, ""
    try:
        version = environments.get(place, environments.check_name(name))
        newest = 0 if version.asset.is_curated else version.number
    except BadInput as error:
        problem = error.fields.get("name", error.message)
    except NotFound:
        pass  # a new one
    return JsonResponse({"newest": newest, "problem": problem})

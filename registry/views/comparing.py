"""The page that compares two environment versions, also of different environments."""

from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from compute import recipes
from registry import comparing, environments
from registry.access import number_in
from registry.models import Version
from studio.access import workspace_for
from studio.errors import StudioError
from studio.models import Workspace

MOST_CHOICES = 100


class Change(NamedTuple):
    """One name that differs: "changed", "added" or "removed", and what it was and is."""

    name: str
    what: str
    before: str = ""
    after: str = ""


@login_required
def compare(request: HttpRequest, workspace: str) -> HttpResponse:
    """`?a=name:1&b=other:2`; or `?v=` twice, as the list of versions sends it."""
    place = workspace_for(request.user, workspace)
    picked = request.GET.getlist("v")
    asked = [request.GET.get(key, "") for key in "ab"] if not picked else [*reversed(picked), ""]
    facts: dict[str, Any] = {
        "workspace": place,
        "asked_a": asked[0],
        "asked_b": asked[1],
        "choices": _choices(place),
        "title": "Compare environments",
    }
    try:
        found = [_version(place, text) for text in asked[:2] if text.strip()]
    except StudioError as error:
        return render(request, "registry/compare.html", {**facts, "problem": error.message})
    if len(found) == 2:
        facts |= _differences(*found)
    elif found:
        facts["a"] = found[0]
    return render(request, "registry/compare.html", facts)


def _choices(place: Workspace) -> list[Version]:
    """The newest versions, to choose from; any other can be written."""
    return list(environments.listed(place).defer("environment__definition")[:MOST_CHOICES])


def _version(place: Workspace, reference: str) -> Version:
    name, _, number = reference.strip().partition(":")
    return environments.get(place, name, number_in(number))


def _differences(a: Version, b: Version) -> dict[str, Any]:
    old, new = a.environment.definition, b.environment.definition
    return {
        "a": a,
        "b": b,
        "both": [a, b],
        "title": f"{a} → {b}",
        "diff": _diff(a, b),
        "variables": _mapped(recipes.variables_of(old), recipes.variables_of(new)),
        **_packages(a, b),
    }


def _packages(a: Version, b: Version) -> dict[str, Any]:
    """What the locks differ in, what changed first; or why they cannot be compared."""
    difference, remark = comparing.packages(a, b)
    changes = [Change(name, "changed", old, new) for name, old, new in difference.changed]
    changes += [Change(name, "added", "", new) for name, new in difference.added]
    changes += [Change(name, "removed", old) for name, old in difference.removed]
    return {
        "difference": difference,
        "is_counted": not remark,
        "remark": remark,
        "changes": changes,
    }


def _mapped(old: dict[str, str], new: dict[str, str]) -> list[Change]:
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return [
        Change(
            name,
            "added" if name not in old else "removed" if name not in new else "changed",
            old.get(name, ""),
            new.get(name, ""),
        )
        for name in names
    ]


def _diff(a: Version, b: Version) -> list[tuple[str, str]]:
    """Unified diff lines, each with what it is: "added", "removed", "where" or ""."""
    kinds = {"+": "added", "-": "removed", "@": "where"}
    return [
        ("where" if number < 2 else kinds.get(line[:1], ""), line)
        for number, line in enumerate(comparing.definitions(a, b))
    ]

"""The page that compares two environment versions, also of different environments."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from compute import recipes
from registry import comparing, environments
from registry.access import number_in
from registry.model_comparing import Change, changed
from registry.models import Version
from registry.views import two
from studio.access import workspace_for
from studio.models import Workspace

MOST_CHOICES = 100


@login_required
def compare(request: HttpRequest, workspace: str) -> HttpResponse:
    """What differs between two versions: `?a=name:1&b=other:2`, or `?v=` twice."""
    return two.compare(request, workspace_for(request.user, workspace), OF_ENVIRONMENTS)


def _choices(place: Workspace) -> list[Version]:
    """The newest versions, to choose from; any other can be written."""
    return list(environments.listed(place).defer("environment__definition")[:MOST_CHOICES])


def _version(place: Workspace, reference: str) -> Version:
    name, _, number = reference.strip().partition(":")
    return environments.get(place, name, number_in(number))


def _differences(a: Version, b: Version) -> dict[str, Any]:
    old, new = a.environment.definition, b.environment.definition
    return {
        "diff": _diff(a, b),
        "variables": changed(recipes.variables_of(old), recipes.variables_of(new)),
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


def _diff(a: Version, b: Version) -> list[tuple[str, str]]:
    """Unified diff lines, each with what it is: "added", "removed", "where" or ""."""
    kinds = {"+": "added", "-": "removed", "@": "where"}
    return [
        ("where" if number < 2 else kinds.get(line[:1], ""), line)
        for number, line in enumerate(comparing.definitions(a, b))
    ]


OF_ENVIRONMENTS = two.Comparison(
    "registry/compare.html", "Compare environments", _version, _choices, _differences
)

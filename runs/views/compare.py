"""The Compare page: what differs between runs, and which is best."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from runs.access import run_for
from runs.comparing import chosen
from runs.comparing import code as differences
from runs.models import Run
from studio.access import workspace_for
from studio.errors import BadInput, NotFound, StudioError
from studio.models import Workspace

TABS = (
    ("curves", "Curves"),
    ("table", "Table"),
    ("scatter", "Scatter"),
    ("parallel", "Parallel coordinates"),
    ("code", "Code and environment"),
)


@login_required
def compare(request: HttpRequest, workspace: str) -> HttpResponse:
    """`?run=<id>&run=<id>…`, or `?experiment=<name>&q=<query>`: at most 1,000 runs.

    Which runs there are is asked again by the page itself, over the API; here only whether any are,
    and what cannot be shown.
    """
    place = workspace_for(request.user, workspace)
    tab = request.GET.get("tab", "")
    facts: dict[str, Any] = {"workspace": place, "tabs": TABS, "tab": TABS[0][0]}
    if tab in dict(TABS):
        facts["tab"] = tab
    try:
        found = _chosen(place, request)
    except StudioError as error:
        return render(request, "runs/compare.html", {**facts, "problem": error.message})
    facts |= {
        "runs": found.runs,
        "absent": found.absent,
        "cut": found.cut,
        "most": chosen.MOST_RUNS,
        "page": _page(request, found),
        "experiments": sorted({run.experiment.name for run in found.runs}),
    }
    return render(request, "runs/compare.html", facts)


def _chosen(place: Workspace, request: HttpRequest) -> chosen.Chosen:
    given = request.GET
    if given.get("experiment"):
        query, sort = given.get("q", ""), given.get("sort", "")
        return chosen.found(place, given["experiment"], query, sort=sort)
    return chosen.named(place, given.getlist("run"))


def _page(request: HttpRequest, found: chosen.Chosen) -> dict[str, Any]:
    """What the page's script asks the API for."""
    given = request.GET
    if given.get("experiment"):
        return {key: given.get(key, "") for key in ("experiment", "q", "sort")}
    return {"runs": [run.run_id for run in found.runs]}


@login_required
def code(request: HttpRequest, workspace: str) -> HttpResponse:
    """`?a=<run id>&b=<run id>`: what the two differ in beside their figures."""
    place, a, b = _two(request, workspace)
    facts = {"workspace": place, "a": a, "b": b, **differences.facts(a, b)}
    return render(request, "runs/_compare_code.html", facts)


@login_required
def file(request: HttpRequest, workspace: str) -> HttpResponse:
    """`?a=&b=&path=`: how one file of the code differs."""
    place, a, b = _two(request, workspace)
    diff = differences.file(a, b, request.GET.get("path", ""))
    facts = {"workspace": place, "a": a, "b": b, "diff": diff}
    return render(request, "runs/_compare_file.html", facts)


def _two(request: HttpRequest, workspace: str) -> tuple[Workspace, Run, Run]:
    place = workspace_for(request.user, workspace)
    asked = [request.GET.get(key, "") for key in "ab"]
    if not all(asked):
        raise BadInput("name two runs to compare: ?a=<run id>&b=<run id>")
    a, b = (run_for(request.user, run_id) for run_id in asked)
    for run in (a, b):
        if run.workspace != place:
            raise NotFound(f'no run "{run.run_id}" in workspace "{place.name}"')
    return place, a, b

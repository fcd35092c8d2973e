"""The tab "Code" of a run: what ran, and how it differs from what another run ran."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from runs import browsing, commits
from runs.access import run_for
from runs.comparing import code as differences
from runs.comparing import sides
from runs.models import Run
from runs.views.detail import page_of
from studio.errors import NotFound

MOST_OTHERS = 50
MOST_NAMED = 3


@login_required
def code(request: HttpRequest, run_id: str) -> HttpResponse:
    """The page; `?path=` opens a file, `?against=<run id>` compares with another run's code."""
    run = run_for(request.user, run_id)
    same = _beside(run).filter(snapshot=run.snapshot_id)
    named = list(same.order_by("-id")[: MOST_NAMED + 1])
    facts = {
        "top": browsing.of_tree(run.snapshot).as_dict(),
        "same": named[:MOST_NAMED],
        "is_more_the_same": len(named) > MOST_NAMED,
        "others": _others(request, run),
        "commit": commits.of(run),
    }
    return page_of(request, run, "code", **facts)


def _beside(run: Run) -> Any:
    """The other runs of the same experiment, by which code is compared most often."""
    return Run.objects.filter(experiment=run.experiment_id).exclude(pk=run.pk)


def _others(request: HttpRequest, run: Run) -> list[Run]:
    """The latest runs with other code; the one that the address names stands among them."""
    found = list(
        _beside(run)
        .exclude(snapshot=run.snapshot_id)
        .select_related("experiment")
        .order_by("-id")[:MOST_OTHERS]
    )
    named = request.GET.get("against", "")
    if not named or named in [other.run_id for other in found]:
        return found
    try:
        return [_other(request, run, named), *found]
    except NotFound:
        return found


def _other(request: HttpRequest, run: Run, run_id: str) -> Run:
    other = run_for(request.user, run_id)
    if other.workspace != run.workspace:
        raise NotFound(f'no run "{run_id}" in workspace "{run.workspace.name}"')
    return other


@login_required
def changes(request: HttpRequest, run_id: str) -> HttpResponse:
    """`?against=<run id>`: which files are added, removed and changed since the other run."""
    run = run_for(request.user, run_id)
    other = _other(request, run, request.GET.get("against", ""))
    facts = {"run": run, "other": other, "files": differences.files(other, run)}
    return render(request, "runs/_code_changes.html", facts)


@login_required
def difference(request: HttpRequest, run_id: str) -> HttpResponse:
    """`?against=<run id>&path=`: how one file differs, in one column or (`?look=split`) in two."""
    run = run_for(request.user, run_id)
    other = _other(request, run, request.GET.get("against", ""))
    diff = differences.file(other, run, request.GET.get("path", ""))
    rows = sides.rows(diff.lines) if diff.lines else []
    is_split = request.GET.get("look") == "split"
    facts = {
        "run": run,
        "other": other,
        "diff": diff,
        "rows": rows if is_split else [],
        "lines": [] if is_split else list(sides.in_one(rows)),
    }
    return render(request, "runs/_code_difference.html", facts)

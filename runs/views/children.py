"""The tab "Child runs" of a run: the runs below it, in a table as on the experiment's page."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.vary import vary_on_headers

from runs import tables
from runs.access import run_for
from runs.models import Run
from runs.views import experiment_rows
from runs.views.detail import or_gone, page_of
from studio.pages import is_fragment


@login_required
@vary_on_headers("HX-Request")
@or_gone
def children(request: HttpRequest, run_id: str) -> HttpResponse:
    """The page, newest first or as `?sort=` says; asked as a fragment, its table alone."""
    run = run_for(request.user, run_id)
    page = tables.page(run.experiment, tables.Asked.read(request.GET), run)
    facts = {
        "page": page,
        "headings": experiment_rows.headings(request.GET, page),
        "rows": experiment_rows.drawn(page),
        "links": experiment_rows.links(request.GET, page, ()),
        "compare": _compare(run, [row.run for row in page.rows]),
    }
    if is_fragment(request):
        return render(request, "runs/_children.html", {"run": run, **facts})
    return page_of(request, run, "children", **facts)


def _compare(run: Run, shown: list[Run]) -> str:
    """Where the runs of this page are compared; "" for fewer than two."""
    if len(shown) < 2:
        return ""
    place = reverse("runs:compare", args=[run.workspace.name])
    return f"{place}?{urlencode([('run', child.run_id) for child in shown])}"

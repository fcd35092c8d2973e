"""The tab "Images & tables" of a run's page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from runs import drawn as run_drawn
from runs.access import run_for
from runs.views.detail import page_of


@login_required
def drawn(request: HttpRequest, run_id: str) -> HttpResponse:
    """The summaries go with the page; files and rows are asked for when they are in sight."""
    run = run_for(request.user, run_id)
    page = {"series": run_drawn.summaries(run), "is_final": run.is_final}
    return page_of(request, run, "drawn", page=page)

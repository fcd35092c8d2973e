"""The tab "Outputs + logs" of a run: what it said and what it made."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from runs import browsing
from runs.access import run_for
from runs.views.detail import page_of


@login_required
def files(request: HttpRequest, run_id: str) -> HttpResponse:
    """The page; its tree asks for folder after folder, and begins with the top one."""
    run = run_for(request.user, run_id)
    return page_of(request, run, "files", top=browsing.of_run(run).as_dict())

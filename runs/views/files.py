"""The tab "Outputs + logs" of a run: what it said and what it made."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from runs import browsing, outputs
from runs.access import run_for
from runs.models import Run
from runs.views.detail import page_of


@login_required
def files(request: HttpRequest, run_id: str) -> HttpResponse:
    """The page; its tree asks for folder after folder, and begins with the top one."""
    run = run_for(request.user, run_id)
    most = outputs.MOST_FILES if run.files.count() >= outputs.MOST_FILES else 0
    top = browsing.of_run(run).as_dict()
    return page_of(request, run, "files", top=top, most_files=most, **_asked(request, run))


def _asked(request: HttpRequest, run: Run) -> dict[str, str]:
    """The log that the address names, which the page may ask for before it knows the tree."""
    path = request.GET.get("path", "")
    return {"log_asked": path if path and run.logs.filter(path=path).exists() else ""}

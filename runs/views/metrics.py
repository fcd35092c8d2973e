"""The tab "Metrics" of a run's page."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static

from runs import metrics as run_metrics
from runs.access import run_for
from runs.metrics.headlines import DRAWN
from runs.views.detail import page_of


@login_required
def metrics(request: HttpRequest, run_id: str) -> HttpResponse:
    """The tiles' summaries go with the page; their points are asked for when they are in sight."""
    run = run_for(request.user, run_id)
    page = {
        "series": [one for one in run_metrics.summaries(run) if one["form"] in DRAWN],
        "is_final": run.is_final,
        "started_at": run.started_at.timestamp() if run.started_at else None,
    }
    return page_of(request, run, "metrics", page=page, modules=_modules())


@lru_cache
def _modules() -> list[str]:
    """The addresses of the tab's scripts: fetched together, not one import after the other."""
    folder = Path(settings.STATICFILES_DIRS[0])
    paths = sorted(folder.glob("runs/charts/*.js"))
    return [static(path.relative_to(folder).as_posix()) for path in paths]

"""The tab "Steps" of a pipeline run, and the button that runs it again."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from runs.access import run_for
from runs.models import PipelineRun
from runs.pipelines import starting, telling
from runs.views.detail import or_gone, page_of
from studio.access import person
from studio.errors import NotFound
from studio.pages import is_fragment


@login_required
@vary_on_headers("HX-Request")
@or_gone
def steps(request: HttpRequest, run_id: str) -> HttpResponse:
    """The page; asked as a fragment, its table alone."""
    run = run_for(request.user, run_id)
    pipeline = PipelineRun.objects.defer("graph").filter(run=run).first()
    if pipeline is None:
        raise NotFound(f"run {run_id} is no pipeline run, and has no steps")
    facts = {"rows": telling.rows(telling.steps_of(pipeline))}
    if is_fragment(request):
        return render(request, "runs/_steps.html", {"run": run, **facts})
    return page_of(request, run, "steps", **facts)


@require_POST
@login_required
def again(request: HttpRequest, run_id: str) -> HttpResponse:
    """Run the same steps with the same parameters, and show that run."""
    run = run_for(request.user, run_id, write=True)
    made = starting.start(person(request.user), run.workspace, starting.again(run))
    return redirect("runs:detail", made.run_id)

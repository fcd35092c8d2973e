"""The page of one run: a view for each tab; its status; cancel and register."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST

from registry import texts
from registry.models import Kind
from runs import (
    commits,
    control,
    drawn,
    inputs,
    listing,
    logs,
    output_datasets,
    outputs,
    parameters,
    peaks,
    stages,
)
from runs import metrics as run_metrics
from runs.access import run_for
from runs.forms import MOST_CHOICES, RegisterModel
from runs.metrics import headlines
from runs.models import Run, RunAsset
from runs.pipelines import telling
from runs.pipelines.checking import PIPELINE, PIPELINE_RUN, SOURCE
from runs.shown import step_of
from runs.states import State
from runs.views import nodes
from studio.access import person
from studio.errors import NotFound, StudioError

TABS = {
    "detail": "Overview",
    "metrics": "Metrics",
    "drawn": "Images & tables",
    "files": "Outputs + logs",
    "code": "Code",
    "monitoring": "Monitoring",
    "children": "Child runs",
    "steps": "Steps",
}
# Of the others a pipeline run has those in which there is something.
OF_A_PIPELINE = ("detail", "steps")
# What scripts of the old service send where nobody asked for a limit: thirty days.
USUAL_LIMIT_S = 30 * 24 * 3600


def or_gone(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that asks for a part of a run which was deleted meanwhile is told so in that part."""

    @wraps(view)
    def answer(request: HttpRequest, run_id: str) -> HttpResponse:
        try:
            return view(request, run_id)
        except NotFound:
            if not request.htmx:  # type: ignore[attr-defined]
                raise
            return render(request, "runs/_gone.html")

    return answer


def _run(request: HttpRequest, run_id: str, *, write: bool = False) -> Run:
    return run_for(request.user, run_id, write=write)


def _facts(run: Run, tab: str) -> dict[str, Any]:
    """What the head of the page shows, on every tab."""
    events = list(run.events.all())
    if not events:  # the first is written with the run, and goes with it
        raise NotFound(f"run {run.run_id} was deleted at this moment")
    on_nodes = nodes.facts(run)
    counts = {
        "metrics": run_metrics.logged(run).filter(form__in=headlines.DRAWN).count(),
        "drawn": drawn.drawn(run).count(),
        "files": run.logs.count() + run.files.count(),
        "children": run.children.count(),
    }
    of_steps = telling.head(run)
    if of_steps:
        counts["steps"] = of_steps["step_count"]
    return {
        "run": run,
        "workspace": run.workspace,
        "api": f"/api/v1/runs/{run.run_id}/",
        "events": events,
        "stages": stages.of(run, events),
        "tab": tab,
        "tabs": [(key, TABS[key], counts.get(key)) for key in _tabs(run, counts, tab)],
        "step": step_of(run) if run.parent else None,
        "main_metric": headlines.main_metric(run),
        "first_odd": headlines.first_odd(run),
        "log_path": _log_path(run, on_nodes["nodes"]),
        "grace_s": settings.CANCEL_GRACE_SECONDS,
        "limit_s": None if run.max_seconds == USUAL_LIMIT_S else run.max_seconds,
        **on_nodes,
        **of_steps,
    }


def _tabs(run: Run, counts: dict[str, int], tab: str) -> list[str]:
    """The tabs that make sense for a run, and the one that is open."""
    if run.is_pipeline:  # of its own it has nothing but its steps, unless somebody gave it more
        some = [key for key in ("metrics", "drawn", "files") if counts[key]]
        more = [key for key in TABS if key not in OF_A_PIPELINE and key in (*some, tab)]
        return [*OF_A_PIPELINE, *more]
    return [
        key for key in TABS if key != "steps" and (key != "children" or counts[key] or tab == key)
    ]


def _log_path(run: Run, rows: list[nodes.Row]) -> str:
    """The log that says why the run failed: as its error names it, or of the process at fault."""
    rank = run.error.get("rank")
    if rank is None:
        failed = (row.task.rank for row in rows if row.state == State.FAILED)
        rank = next(failed, 0) * run.processes_per_node
    wanted = [run.error.get("log", ""), nodes.log_of(rank), logs.DRIVER]
    there = set(run.logs.filter(path__in=wanted).values_list("path", flat=True))
    return next((path for path in wanted if path in there), "")


def page_of(request: HttpRequest, run: Run, tab: str, **more: Any) -> HttpResponse:
    """The page of a run with the tab `tab` open: what its head shows, and `more`."""
    return render(request, f"runs/{tab}.html", {**_facts(run, tab), **more})


@login_required
@or_gone
def overview(request: HttpRequest, run_id: str) -> HttpResponse:
    """Overview; asked by htmx, what is below the head alone."""
    run = _run(request, run_id)
    made = run.assets.filter(direction=RunAsset.Direction.OUT).select_related("version__asset")
    build = run.image_build
    more = {
        "build": build,
        "image": build.image if build else None,
        "texts": texts.texts_of(run.definition, _blamed(run)),
        **({} if run.is_pipeline else {"parameters": parameters.of(run)}),
        "commit": commits.of(run),
        "properties": _shown(run),
        "models": made.filter(version__asset__kind=Kind.MODEL).order_by("-id"),
        "inputs": inputs.of(run),
        "output_datasets": output_datasets.of(run),
        "lost": nodes.lost(run) if run.retried else [],
    }
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, "runs/_overview.html", {**_facts(run, "detail"), **more})
    else:
        response = page_of(request, run, "detail", **more)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _shown(run: Run) -> dict[str, str]:
    """The properties that nothing else on the page says."""
    properties = commits.besides(run.properties)
    names = [listing.PARENT, listing.ROOT] if run.parent else []
    if run.is_pipeline or step_of(run):
        names += [SOURCE, PIPELINE_RUN, PIPELINE]
    return {key: text for key, text in properties.items() if key not in names}


def _blamed(run: Run) -> dict[str, list[int]]:
    """The lines of the environment's definition that its build failed on."""
    return texts.blamed_in(run.definition, run.error.get("guilty", ""))


@login_required
@or_gone
def monitoring(request: HttpRequest, run_id: str) -> HttpResponse:
    """What the run's nodes do; asked by htmx once the run has ended, the table of peaks alone."""
    run = _run(request, run_id)
    found = peaks.of(run) if run.is_final else []
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, "runs/_peaks.html", {"run": run, "peaks": found})
    else:
        page = {
            "series": run_metrics.summaries(run, monitoring=True),
            "is_final": run.is_final,
            "started_at": run.started_at.timestamp() if run.started_at else None,
            "ranks": nodes.ranks_by_number(run),
        }
        response = page_of(request, run, "monitoring", page=page, peaks=found)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@or_gone
def status(request: HttpRequest, run_id: str) -> HttpResponse:
    """The head of the page, asked again whenever the run changed; `?tab=` marks the tab."""
    tab = request.GET.get("tab", "")
    run = _run(request, run_id)
    return render(request, "runs/_head.html", _facts(run, tab if tab in TABS else "detail"))


@require_POST
@login_required
def cancel(request: HttpRequest, run_id: str) -> HttpResponse:
    control.cancel(_run(request, run_id, write=True), person(request.user))
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("runs:detail", run_id)
    # A head rendered here could arrive after, and hide, the one that says it is canceled already.
    return HttpResponse(status=204, headers={"HX-Trigger": "run-changed"})


@login_required
def register(request: HttpRequest, run_id: str) -> HttpResponse:
    """The form that makes a model of what the run kept (GET), and the making of it (POST)."""
    run = _run(request, run_id, write=True)
    kept = outputs.first_files(run, MOST_CHOICES + 1)
    facts: dict[str, Any] = {"run": run, "workspace": run.workspace, "kept": kept}
    # What was typed before the dialog was closed comes along, and the newest files.
    form = RegisterModel(kept, request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        try:
            facts["version"] = outputs.register_model(
                run, person(request.user), **form.cleaned_data
            )
        except StudioError as error:
            _add_errors(form, error)
    return render(request, "runs/_register.html", {**facts, "form": form})


def _add_errors(form: RegisterModel, error: StudioError) -> None:
    known = {name: text for name, text in error.fields.items() if name in form.fields}
    form.add_error(None, error.message)
    for name, text in known.items():
        form.add_error(name, text)


@login_required
def portal(request: HttpRequest, name: str, run_id: str) -> HttpResponse:
    """The address that the SDK prints, in the words of the old service."""
    return redirect("runs:detail", run_id)

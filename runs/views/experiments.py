"""The list of experiments, and the page of one: its table of runs with the charts over it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.vary import vary_on_headers

from runs import tables
from runs.access import experiment_for
from runs.experiments import Wanted
from runs.models import Run
from runs.views import experiment_list, experiment_rows
from studio import marks
from studio.access import workspace_for
from studio.pages import is_fragment
from studio.texts import kept

# So many columns, charts or groups are offered at once; the rest is found by typing.
MOST_OFFERED = 60
SIZES = (50, 100, 200)
MOST_TYPED = 1200


@login_required
@vary_on_headers("HX-Request")
def experiments(request: HttpRequest, workspace: str) -> HttpResponse:
    """The experiments, the one with the newest run first. `?q=` and `?tag=` find, `?archived=1`
    shows the others.
    """
    place = workspace_for(request.user, workspace)
    words, tag = (kept(request.GET.get(name, "").strip(), MOST_TYPED) for name in ("q", "tag"))
    is_archived = request.GET.get("archived") == "1"
    wanted = Wanted(words=words, tags=marks.pairs_in([tag]), archived=is_archived)
    rows, following = experiment_list.page_of(place, wanted, request.GET.get("cursor"))
    view = {"q": words, "tag": tag, "archived": "1" if is_archived else ""}
    facts = {
        "workspace": place,
        "rows": rows,
        "following": following,
        "q": words,
        "tag": tag,
        "is_archived": is_archived,
        "view": urlencode({name: text for name, text in view.items() if text}),
    }
    name = "runs/_experiments.html" if is_fragment(request) else "runs/experiments.html"
    return render(request, name, facts)


@login_required
@vary_on_headers("HX-Request")
def experiment(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """An experiment's runs as the address asks; asked as a fragment, what changes alone."""
    place = workspace_for(request.user, workspace)
    found = experiment_for(place, name)
    asked = tables.Asked.read(request.GET)
    page = tables.page(found, asked)
    names = experiment_rows.metric_names(found)
    charts = experiment_rows.charts_of(request.GET, page.rows, names)
    selected = experiment_rows.selected(found, request.GET.get("runs", ""))
    runs = [*(row.run for row in page.rows), *selected]
    group = experiment_rows.group_of(found, request.GET.get("group", ""), runs)
    facts = {
        "workspace": place,
        "experiment": found,
        "page": page,
        "headings": experiment_rows.headings(request.GET, page),
        "rows": experiment_rows.drawn(page),
        "group": group,
        "trouble": experiment_rows.marked(page),
        "links": experiment_rows.links(request.GET, page, SIZES),
        "views": found.views.select_related("created_by"),
        "view": found.views.filter(pk=_number(request.GET.get("view", ""))).first(),
        "best": experiment_rows.best_of(found, asked.sort, names),
        "last_run": Run.objects.filter(experiment=found, archived_at=None).order_by("-id").first(),
        "charts": charts,
        "told": experiment_rows.told(page, group, charts, selected),
        **experiment_rows.counted(found),
    }
    template = "runs/_runs.html" if is_fragment(request) else "runs/experiment.html"
    return render(request, template, facts)


@login_required
def about(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """For the page of an experiment: what is written on it."""
    place = workspace_for(request.user, workspace)
    facts = {"workspace": place, "experiment": experiment_for(place, name)}
    return render(request, "runs/_experiment_about.html", facts)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0


@login_required
def columns(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """For the page's choosers, as JSON: columns whose names hold what was typed, at most 60.

    for: "columns" (all), "charts" (metrics by name), or "group" (parameters, tags, own facts).
    """
    found = experiment_for(workspace_for(request.user, workspace), name)
    words = request.GET.get("find", "").strip().lower()[:255].split()
    wanted = request.GET.get("for", "columns")
    items: list[dict[str, Any]] = []
    count = 0
    for column in experiment_rows.offered(found, wanted):
        if all(word in f"{column.key} {column.title}".lower() for word in words):
            count += 1
            if len(items) < MOST_OFFERED:
                items.append(experiment_rows.offer(column, wanted))
    return JsonResponse({"items": items, "count": count})

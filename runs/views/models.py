"""The list of models by a metric of the runs that made them; which metrics there are."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, Subquery, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from registry.models import Kind
from registry.views import models as lists
from runs import metrics
from runs.models import MetricForm, MetricSeries, RunAsset
from studio.access import workspace_for
from studio.pages import page

MOST_METRICS = 100
MOST_NAME_CHARACTERS = 255
# Models without the metric come last, whichever way the list runs.
NONE_UP, NONE_DOWN = 1.7e308, -1.7e308


@login_required
def by_metric(request: HttpRequest, workspace: str) -> HttpResponse:
    """The models with the last value of `?metric=` of the run that made each, sorted by it.

    `?sort=up` begins with the least; the rest is as in the list of models.
    """
    place = workspace_for(request.user, workspace)
    metric = request.GET.get("metric", "")[:MOST_NAME_CHARACTERS]
    if not metric:
        return redirect("registry:models", place.name)
    is_up = request.GET.get("sort") == "up"
    view, rows = lists.asked(request, place)
    series = MetricSeries.objects.filter(
        run__run_id=OuterRef("maker"), run__experiment__workspace=place, name=metric
    )
    none = Value(NONE_UP if is_up else NONE_DOWN)
    rows = rows.annotate(
        maker=Cast(KeyTextTransform("run_id", "properties"), TextField()),
        metric_last=Subquery(series.values("last")[:1]),
        figure_rank=Coalesce(Subquery(series.values("last_value")[:1]), none),
    ).order_by("figure_rank" if is_up else "-figure_rank", "asset__name", "-number")
    found: tuple[list[Any], str | None] = page(rows, request.GET.get("cursor"))
    for version in found[0]:
        version.figure = _value(version.metric_last)
    view |= {"metric": metric, "sort": "up" if is_up else ""}
    return lists.shown(request, place, view, found)


def _value(text: str | None) -> object:
    """A last value as it is kept; None without one."""
    try:
        return json.loads(text) if text else None
    except ValueError:  # a long text was cut
        return text


@login_required
def metric_names(request: HttpRequest, workspace: str) -> HttpResponse:
    """The metrics of runs that made models, those of the most models first, to choose from."""
    place = workspace_for(request.user, workspace)
    made = RunAsset.objects.filter(
        direction=RunAsset.Direction.OUT,
        version__asset__workspace=place,
        version__asset__kind=Kind.MODEL,
        version__model__isnull=False,
    )
    found = MetricSeries.objects.filter(
        run__in=made.values("run"), run__experiment__workspace=place, form=MetricForm.SCALAR
    ).exclude(name__startswith=metrics.RESERVED)
    counted = found.order_by().values("name").annotate(n=Count("run")).order_by("-n", "name")
    view, _ = lists.asked(request, place)
    facts = {
        "workspace": place,
        "names": list(counted.values_list("name", flat=True)[:MOST_METRICS]),
        "chosen": request.GET.get("metric", ""),
        "view": lists.as_query(view),
    }
    return render(request, "runs/_model_metrics.html", facts)

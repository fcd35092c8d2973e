"""Rows of the list of experiments: the last run of each, and how its main metric went."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce

from runs import experiments, metrics, tables
from runs.metrics.batches import TEXTS
from runs.models import Experiment, Field, FieldKind, MetricSeries, Run
from studio.models import Workspace
from studio.pages import page

# So many of the last runs are drawn beside the best.
LAST_RUNS = 30
WIDTH, HEIGHT = 72, 20


@dataclass(frozen=True)
class Main:
    """An experiment's main metric: its best value, and a line of where its last runs ended."""

    name: str
    best: float
    path: str
    runs: int


@dataclass(frozen=True)
class Row:
    """An experiment as the list shows it."""

    experiment: Any
    run: Run | None
    main: Main | None


def page_of(
    workspace: Workspace, wanted: experiments.Wanted, cursor: str | None
) -> tuple[list[Row], str | None]:
    """The next experiments that fit, the one with the newest run first, and the cursor on."""
    newest = Run.objects.filter(experiment=OuterRef("pk")).order_by("-id")
    running = (
        Run.objects.active()
        .filter(experiment=OuterRef("pk"))
        .order_by()
        .values("experiment")
        .annotate(n=Count("pk"))
        .values("n")
    )
    found: Any = experiments.found(workspace, wanted).annotate(
        active_count=Coalesce(Subquery(running), 0),
        newest_id=Coalesce(Subquery(newest.values("pk")[:1]), 0),
    )
    items, following = page(found.order_by("-newest_id", "-id"), cursor)
    runs = Run.objects.select_related("cluster", "created_by")
    last = runs.in_bulk([item.newest_id for item in items])
    main = _main(items)
    return [Row(item, last.get(item.newest_id), main.get(item.pk)) for item in items], following


def _main(experiments: list[Experiment]) -> dict[int, Main]:
    """The main metric of each experiment that has one, with three queries for all of them."""
    fields = _fields(experiments)
    values: dict[int, list[float]] = defaultdict(list)
    recent = MetricSeries.objects.filter(
        run__in=Run.objects.filter(
            experiment__in=experiments,
            number__gt=F("experiment__run_count") - LAST_RUNS,
            archived_at=None,
        ),
        field__in=fields,
    ).exclude(kind__in=TEXTS)
    reached: Any = recent.exclude(last_value=None).order_by("run_id")
    for field, value in reached.values_list("field_id", "last_value"):
        values[field].append(value)
    best = _best(fields)
    return {
        field.experiment_id: Main(field.name, best[pk], _path(values[pk]), len(values[pk]))
        for pk, field in fields.items()
        if pk in best
    }


def _fields(experiments: list[Experiment]) -> dict[int, Field]:
    """The metric of each experiment that says most: its loss, or else the first it had."""
    there = Field.objects.filter(experiment__in=experiments, kind=FieldKind.METRIC)
    own = there.exclude(name__startswith=metrics.RESERVED).order_by()
    firsts = own.values("experiment").annotate(first=Min("pk")).values("first")
    first = {field.experiment_id: field for field in Field.objects.filter(pk__in=firsts)}
    losses = {field.experiment_id: field for field in own.filter(name="loss")}
    return {field.pk: field for field in {**first, **losses}.values()}


def _best(fields: dict[int, Field]) -> dict[int, float]:
    """The best last value that a run has, by the field's key; from the ends of an index."""
    series = MetricSeries.objects.filter(field=OuterRef("pk"), run__archived_at=None)
    known = series.exclude(last_value=None).values("last_value")
    there = Field.objects.filter(pk__in=fields)
    least, greatest = known.order_by("last_value")[:1], known.order_by("-last_value")[:1]
    ends = there.annotate(low=Subquery(least), high=Subquery(greatest)).order_by()
    return {
        pk: low if tables.goal_of(name) == "min" else high
        for pk, name, low, high in ends.values_list("pk", "name", "low", "high")
        if low is not None
    }


def _path(values: list[float]) -> str:
    """The d of an SVG path through the values, the least at the bottom; "" for less than two."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = (WIDTH - 2) / (len(values) - 1)
    places = (
        f"{1 + at * step:.1f} {HEIGHT - 2 - (value - low) / span * (HEIGHT - 4):.1f}"
        for at, value in enumerate(values)
    )
    return "M" + "L".join(places)

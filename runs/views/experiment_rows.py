"""The table of an experiment as its page draws it: headings, rows, groups, what charts show."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q
from django.http import QueryDict

from runs import metrics, tables
from runs.metrics.batches import TEXTS
from runs.metrics.headlines import DRAWN
from runs.models import Experiment, Field, FieldKind, MetricSeries, Run
from runs.queries import split_key
from runs.states import FINAL, State

USUAL_CHARTS = 3
# The first names are looked at for charts: a script logs what matters before the rest.
NAMES_LOOKED_AT = 24
MOST_SELECTED = 1000
COLOURS, DASHES = 6, 6  # as static/runs/overlay/colours.js has them
# What stands in the first columns already, or is nothing to compare by.
NO_GROUPS = {"name", "number", "duration", "submitted", "started"}


@dataclass(frozen=True)
class Heading:
    """A column's head. sort: the address that sorts by it; way: aria-sort."""

    column: tables.Column
    sort: str
    way: str
    is_number: bool


@dataclass(frozen=True)
class DrawnCell:
    """A cell with its column; is_best: no other run on the page has a better value."""

    column: tables.Column
    cell: tables.Cell | None
    is_number: bool
    is_best: bool

    @property
    def shown(self) -> Any:
        """The value; no number in words."""
        value = self.cell.value if self.cell else None
        words = {"Infinity": "+Inf", "-Infinity": "−Inf"}
        return words.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True)
class DrawnRow:
    """A run with its cells. mark: the classes of its colour and dash."""

    run: Run
    mark: str
    cells: list[DrawnCell]


@dataclass(frozen=True)
class Group:
    """What runs are coloured by: a column, and its cell for each run's key."""

    column: tables.Column
    cells: dict[int, tables.Cell | None]


def mark_of(number: int) -> str:
    """The classes of a run's colour and dash: the same on every page."""
    at = number - 1
    return f"c{at % COLOURS + 1} d{at // COLOURS % DASHES}"


def address(given: QueryDict, **changes: str | None) -> str:
    """The address's query with changes; None takes a key out. Another table begins at its top."""
    query = given.copy()
    if "cursor" not in changes:
        query.pop("cursor", None)
    for key, value in changes.items():
        if value:
            query[key] = value
        else:
            query.pop(key, None)
    return "?" + query.urlencode(safe="/,:")


def shown(page: tables.Page) -> list[int]:
    """Which of the page's columns are drawn: the name is always first, and all tags are last
    where nobody chose.
    """
    is_usual = not page.asked.columns
    return [
        at
        for at, column in enumerate(page.columns)
        if column.key != "name" and not (is_usual and column.kind == "tag")
    ]


def headings(given: QueryDict, page: tables.Page) -> list[Heading]:
    """Heads of the columns: each sorts by its column, and once more the other way round."""
    sort = page.asked.sort
    found = []
    for at in shown(page):
        column = page.columns[at]
        is_up, is_down = sort == column.key, sort == f"-{column.key}"
        way = "ascending" if is_up else "descending" if is_down else "none"
        is_number = column.is_number or _are_numbers([row.cells[at] for row in page.rows])
        link = address(given, sort=_next_sort(column, sort))
        found.append(Heading(column, link, way, is_number))
    return found


def _are_numbers(cells: list[tables.Cell | None]) -> bool:
    kinds = {cell.kind for cell in cells if cell is not None}
    return bool(kinds) and kinds <= {"int", "float", "seconds"}


def _next_sort(column: tables.Column, sort: str) -> str:
    """At first the best on top; then the other way round."""
    key, down = column.key, f"-{column.key}"
    is_up_first = column.kind in ("own", "param", "tag") and not _is_time(column)
    if column.kind == "metric":
        is_up_first = tables.goal_of(column.name) == "min"
    first, second = (key, down) if is_up_first else (down, key)
    return second if sort == first else first


def _is_time(column: tables.Column) -> bool:
    return column.kind == "own" and column.name in ("submitted", "started", "duration")


def drawn(page: tables.Page) -> list[DrawnRow]:
    """The page's rows, with the best value of each metric marked."""
    places = shown(page)
    cells = {at: [row.cells[at] for row in page.rows] for at in places}
    best = {at: _best(page.columns[at], cells[at]) for at in places}
    numbers = {at for at in places if _are_numbers(cells[at])}
    return [
        DrawnRow(
            row.run,
            mark_of(row.run.number),
            [
                _drawn_cell(page.columns[at], row.cells[at], best[at], at in numbers)
                for at in places
            ],
        )
        for row in page.rows
    ]


def _drawn_cell(
    column: tables.Column, cell: tables.Cell | None, best: tuple[float, ...], is_numbers: bool
) -> DrawnCell:
    # Where a run has none of a column of numbers, its dash stands under the numbers.
    is_number = column.is_number or (is_numbers if cell is None else cell.kind in ("int", "float"))
    return DrawnCell(column, cell, is_number, cell is not None and cell.value in best)


def _best(column: tables.Column, cells: list[tables.Cell | None]) -> tuple[float, ...]:
    """The best of a metric's values as a tuple of one.

    Of none or of one there is no best, nor of a metric whose name does not say what is better.
    """
    way = tables.direction_of(column.name) if column.kind == "metric" else None
    if way is None:
        return ()
    values = [cell.value for cell in cells if cell is not None and _is_number(cell.value)]
    if len(values) < 2 or min(values) == max(values):
        return ()
    return (min(values) if way == "min" else max(values),)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def group_of(experiment: Experiment, key: str, runs: list[Run]) -> Group | None:
    """What `key` names, with its values of `runs`; None for no column of this name."""
    if not key:
        return None
    column = next((one for one in tables.columns_of(experiment) if one.key == key), None)
    if column is None:
        return None
    cells = tables.cells_of(runs, [column])
    return Group(column, {run.pk: cell for run, (cell,) in zip(runs, cells, strict=True)})


def metric_names(experiment: Experiment) -> list[str]:
    """The metrics to show first: the loss, then the others as they appeared."""
    there = Field.objects.filter(experiment=experiment, kind=FieldKind.METRIC)
    own = there.exclude(name__startswith=metrics.RESERVED).order_by("id")
    names = list(own.values_list("name", flat=True)[:NAMES_LOOKED_AT])
    if "loss" not in names and own.filter(name="loss").exists():
        names.append("loss")
    return sorted(names, key=lambda name: (name != "loss", "loss" not in name.lower()))


def charts_of(given: QueryDict, rows: Iterable[tables.Row], names: list[str]) -> list[str]:
    """The metrics to draw: those asked for, or the first three that are curves."""
    if "chart" in given:
        return list(dict.fromkeys(name for name in given.getlist("chart") if name))
    series = MetricSeries.objects.filter(
        run__in=[row.run.pk for row in rows], name__in=names, form__in=DRAWN
    )
    numbers = series.exclude(kind__in=TEXTS).order_by().values("name")
    longest = {row["name"]: row["most"] for row in numbers.annotate(most=Max("count"))}
    curves = [name for name in names if longest.get(name, 0) > 1]
    return (curves or [name for name in names if name in longest])[:USUAL_CHARTS]


def best_of(experiment: Experiment, sort: str, names: list[str]) -> dict[str, Any] | None:
    """The best run by the metric that is sorted by, or else by the main one."""
    key = split_key(sort.lstrip("-"))
    is_by_metric = key is not None and key.kind == "metric" and key.name in names
    name = key.name if key and is_by_metric else next(iter(names), None)
    best = tables.best(experiment, name) if name else None
    return {"name": name, "run": best.run, "value": best.value} if best else None


def selected(experiment: Experiment, numbers: str) -> list[Run]:
    """The runs that the address names by their numbers: `12,15,19`."""
    wanted = [
        int(part)
        for part in numbers.split(",")
        if part.isascii() and part.isdecimal() and len(part) < 10
    ]
    return list(Run.objects.filter(experiment=experiment, number__in=wanted[:MOST_SELECTED]))


def told(
    page: tables.Page, group: Group | None, charts: list[str], selected: list[Run]
) -> dict[str, Any]:
    """What the page's scripts are told: whose lines to draw, and how."""
    runs = [row.run for row in page.rows]
    cells = group.cells if group else {}
    here = {run.pk for run in runs}
    others = [run for run in selected if run.pk not in here]
    return {
        "runs": [_told_run(run, cells.get(run.pk)) for run in runs],
        "others": [_told_run(run, cells.get(run.pk)) for run in others],
        "charts": charts,
        "greatest": [name for name in charts if tables.goal_of(name) == "max"],
        "group": {"title": group.column.title, "is_number": _is_scale(group)} if group else None,
        "columns": [page.columns[at].key for at in shown(page)],
        "titles": {column.key: column.title for column in page.columns},
    }


def _is_scale(group: Group) -> bool:
    """Whether the values are numbers, and so many that a scale says more than a list."""
    values = {cell.value for cell in group.cells.values() if cell is not None}
    return len(values) > COLOURS and all(_is_number(value) for value in values)


def _told_run(run: Run, cell: tables.Cell | None) -> dict[str, Any]:
    value = cell.value if cell else None
    return {
        "id": run.run_id,
        "number": run.number,
        "name": run.name,
        "state": run.state,
        "isLive": run.state not in FINAL,
        "archived": run.archived_at is not None,
        "started": run.started_at.timestamp() if run.started_at else None,
        "value": value if _is_number(value) else None,
        "group": "" if value is None else str(value),
    }


def marked(page: tables.Page) -> dict[str, str] | None:
    """What is wrong with the query, with the place: the text before it, it, and what follows."""
    error, query = page.error, page.asked.query
    if error is None:
        return None
    end = max(error.end, error.position + 1)
    return {
        "message": error.message,
        "field": error.field,
        "before": query[: error.position],
        "at": query[error.position : end] or " ",
        "after": query[end:],
    }


def links(given: QueryDict, page: tables.Page, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Where the buttons below the table lead."""
    return {
        "first": address(given, cursor=None) if page.asked.cursor else "",
        "next": address(given, cursor=page.following) if page.following else "",
        "sizes": [
            (size, address(given, size=str(size)), size == page.asked.size) for size in sizes
        ],
        "archived": address(given, archived=None if page.asked.archived else "1"),
        "by_name": address(given, sort="-name" if page.asked.sort == "name" else "name"),
        "name_way": {"name": "ascending", "-name": "descending"}.get(page.asked.sort, "none"),
        "all": address(given, q=None),
    }


def counted(experiment: Experiment) -> dict[str, int]:
    """How many runs go on, and how many wait."""
    running = Q(state__in=(State.RUNNING, State.FINALIZING))
    active = experiment.runs.active().order_by()
    counts: dict[str, int] = active.aggregate(
        running_count=Count("pk", filter=running), waiting_count=Count("pk", filter=~running)
    )
    return counts


def offered(experiment: Experiment, wanted: str) -> Iterator[tables.Column]:
    """The columns that a chooser offers."""
    for column in tables.columns_of(experiment):
        if (
            (wanted == "columns" and column.key != "name")
            or (wanted == "charts" and column.kind == "metric" and column.part == "last")
            or (wanted == "group" and column.kind != "metric" and column.name not in NO_GROUPS)
        ):
            yield column


def offer(column: tables.Column, wanted: str) -> dict[str, Any]:
    """A column as a chooser shows it; of a chart the metric's name is its key."""
    kinds = {"metric": "metric", "param": "parameter", "tag": "tag", "own": "run"}
    key = column.name if wanted == "charts" else column.key
    title = column.name if wanted == "charts" else column.title
    return {"key": key, "title": title, "kind": kinds[column.kind]}

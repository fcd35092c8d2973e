"""One page of a table: the runs, what stands in their columns, how many there are."""

import time
from dataclasses import dataclass, replace

from runs.models import Experiment, Run, RunQuerySet
from runs.queries import QueryError, split_key
from runs.queries.names import Key
from runs.tables.asked import Asked
from runs.tables.cells import cells_of
from runs.tables.columns import chosen, usual
from runs.tables.ordering import Order, Place, page_of
from runs.tables.selection import Selection, check_order, load, select
from runs.tables.shapes import Cell, Column, Trouble


@dataclass(frozen=True)
class Row:
    """A run with what a row shows loaded, and its cells in the columns' order."""

    run: Run
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Page:
    """A page as it was found.

    count: of all runs that match.   all_count: without the query.   archived_count: those that
    are archived.   error: why the query or the order was not followed; the rows are of all runs
    then, newest first.
    """

    asked: Asked
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    following: str | None
    count: int
    all_count: int
    archived_count: int
    took_ms: float
    error: Trouble | None = None


def page(experiment: Experiment, asked: Asked, parent: Run | None = None) -> Page:
    """Return the page that is asked for; a query that cannot be read is in `error`.

    parent: of the runs below this one alone.
    Raises BadInput for a cursor that no table gave.
    """
    began = time.perf_counter()
    keys = tuple(key for text in asked.columns if (key := split_key(text)))
    order = split_key(asked.sort.lstrip("-")) if asked.sort else None
    trouble: Trouble | None = None
    try:
        selection = _selection(experiment, asked, (*keys, *((order,) if order else ())), parent)
        check_order(selection, order, asked.sort)
        selection.check()
    except QueryError as error:
        trouble, order = Trouble.of(error), None
        # A cursor of the order that was meant is none of this one.
        asked_plainly = replace(asked, query="", cursor="")
        selection = _selection(experiment, asked_plainly, keys, parent)
    columns = chosen(selection.scope, asked.columns) if keys else usual(experiment, parent)
    there = Run.objects.filter(experiment=experiment).order_by()
    if parent is not None:
        there = there.filter(parent=parent)
    shown_count, archived_count = _counts(there, archived=asked.archived)
    found, following, count = _found(
        selection,
        Order(order, asked.sort.startswith("-")),
        cursor="" if trouble else asked.cursor,
        size=asked.size,
    )
    rows = load([place.run for place in found])
    cells = cells_of(rows, columns)
    return Page(
        asked=asked,
        columns=columns,
        rows=tuple(Row(run, own) for run, own in zip(rows, cells, strict=True)),
        following=following,
        count=shown_count if count is None else count,
        all_count=shown_count,
        archived_count=archived_count,
        took_ms=(time.perf_counter() - began) * 1000,
        error=trouble,
    )


def _selection(
    experiment: Experiment, asked: Asked, keys: tuple[Key, ...], parent: Run | None
) -> Selection:
    return select(experiment, asked.query, archived=asked.archived, more=keys, parent=parent)


def _found(
    selection: Selection, order: Order, *, cursor: str, size: int
) -> tuple[list[Place], str | None, int | None]:
    """The page's places, the cursor on, and how many runs match: None where nobody asked for less.

    A first page counts in the statement that finds its runs; those that follow know it from there.
    """
    if selection.node is None:
        return *page_of(selection, order, cursor=cursor, size=size), None
    if cursor:
        found, following = page_of(selection, order, cursor=cursor, size=size)
        known = found[0].count if found else None
        return found, following, selection.runs.count() if known is None else known
    with selection.once() as meant:
        found, following = page_of(meant, order, size=size)
    return found, following, (found[0].count or 0) if found else 0


def _counts(runs: RunQuerySet, *, archived: bool) -> tuple[int, int]:
    """How many runs are shown without a query, and how many are archived."""
    live = runs.filter(archived_at=None).count()
    away = runs.filter(archived_at__isnull=False).count()
    return live + away if archived else live, away

"""Runs that a query means, for charts, Compare and scripts."""

from runs.models import Experiment, Run
from runs.queries import split_key
from runs.tables.ordering import Order, page_of
from runs.tables.selection import check_order, load, select


def ids_of(
    experiment: Experiment, query: str, *, most: int = 1000, archived: bool = False, sort: str = ""
) -> list[str]:
    """The ids of the runs that a query means, newest first or sorted, at most `most`.

    Raises QueryError (a BadInput) for a query or an order that cannot be read.
    """
    keys = _keys(experiment, query, most=most, archived=archived, sort=sort)
    names = dict(Run.objects.filter(pk__in=keys).values_list("pk", "run_id"))
    return [names[key] for key in keys if key in names]


def runs_of(
    experiment: Experiment, query: str, *, most: int = 1000, archived: bool = False, sort: str = ""
) -> list[Run]:
    """The same as rows, with what a row shows loaded. Raises QueryError."""
    return load(_keys(experiment, query, most=most, archived=archived, sort=sort))


def _keys(experiment: Experiment, query: str, *, most: int, archived: bool, sort: str) -> list[int]:
    order = split_key(sort.lstrip("-")) if sort else None
    selection = select(experiment, query, archived=archived, more=(order,) if order else ())
    check_order(selection, order, sort)
    found, _ = page_of(selection, Order(order, sort.startswith("-")), size=most)
    return [place.run for place in found]

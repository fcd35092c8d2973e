"""Which runs of an experiment a query means."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import IntegerField, Q
from django.db.models.expressions import RawSQL

from runs.models import Experiment, Run, RunQuerySet
from runs.queries import Scope, matching, parse
from runs.queries.errors import OrderError
from runs.queries.names import Key
from runs.queries.scope import keys_in
from runs.queries.terms import Node

# For statements that begin with the table `meant`, and what stands there in others.
MEANT = RawSQL("SELECT id FROM meant", (), output_field=IntegerField())
HOW_MANY = RawSQL("(SELECT count(*) FROM meant)", (), output_field=IntegerField())
UNKNOWN = RawSQL("NULL", (), output_field=IntegerField())


@dataclass(frozen=True)
class Selection:
    """A query that was read, with the rows its names stand for.

    is_meant: its runs were found already, in the statement's own table `meant`.
    parent: of its children alone.
    """

    scope: Scope
    node: Node | None
    archived: bool = False
    is_meant: bool = False
    parent: Run | None = None

    def check(self) -> None:
        """Raise QueryError for names that no run has and values that are none of their field's."""
        if self.node:
            matching(self.node, self.scope)

    @property
    def runs(self) -> RunQuerySet:
        """The runs that are meant, in no order."""
        found = Run.objects.filter(experiment=self.scope.experiment).order_by()
        if self.is_meant:
            return found.filter(pk__in=MEANT)
        if self.parent is not None:
            found = found.filter(parent=self.parent)
        if not self.archived:
            found = found.filter(archived_at=None)
        return found.filter(matching(self.node, self.scope)) if self.node else found

    @property
    def of_rows(self) -> Q:
        """The same, for rows that have a run of this experiment."""
        if self.is_meant:
            return Q(run__in=MEANT)
        meant = matching(self.node, self.scope, to="run") if self.node else Q()
        if self.parent is not None:
            meant &= Q(run__parent=self.parent)
        if self.archived:
            return meant
        away = Run.objects.filter(experiment=self.scope.experiment, archived_at__isnull=False)
        return meant & ~Q(run__in=away.order_by().values("pk"))

    @property
    def count(self) -> RawSQL:
        """How many runs are meant, within a statement of `once`; outside of it nothing."""
        return HOW_MANY if self.is_meant else UNKNOWN

    @contextmanager
    def once(self) -> Iterator["Selection"]:
        """Have each statement find the runs once, to count them and to take some in an order.

        Django writes no WITH; without it, both would look through all runs on their own.
        """
        try:
            meant, values = self.runs.values("pk").query.sql_with_params()
        except EmptyResultSet:  # as of `number < -1e30`
            meant, values = "SELECT 0 WHERE 1 = 0", ()

        def begin(execute: Any, statement: str, given: Any, *rest: Any) -> Any:
            if "FROM meant" not in statement:
                return execute(statement, given, *rest)
            whole = f"WITH meant(id) AS MATERIALIZED ({meant}) {statement}"
            return execute(whole, (*values, *(given or ())), *rest)

        with connection.execute_wrapper(begin):
            yield replace(self, is_meant=True)


def select(
    experiment: Experiment,
    query: str,
    *,
    archived: bool = False,
    more: tuple[Key, ...] = (),
    parent: Run | None = None,
) -> Selection:
    """Read the query and find its names, and those of the keys in `more`. Raises QueryError.

    parent: of the runs below this one alone.
    """
    node = parse(query)
    scope = Scope.of(experiment, {*keys_in(node), *more})
    return Selection(scope, node, archived, parent=parent)


def check_order(selection: Selection, order: Key | None, sort: str) -> None:
    """Raise OrderError where `sort`, read as `order`, is no column, or one that no run has."""
    is_known = order and (order.kind == "own" or selection.scope.find(order) is not None)
    if sort and not is_known:
        name = sort.lstrip("-")[:100]
        raise OrderError(f'there is no column "{name}" to sort by; newest runs come first', 0, 0)


def load(keys: list[int]) -> list[Run]:
    """The runs with these keys, in their order, with what a row shows."""
    found = Run.objects.select_related(
        "experiment__workspace", "cluster", "created_by", "environment__asset"
    ).in_bulk(keys)
    return [found[key] for key in keys if key in found]

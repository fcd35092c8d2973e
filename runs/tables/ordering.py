"""Runs in an order, page by page: those with a value first, those without behind them.

A table is read in phases, one query each: rows that have a number, rows that have a text, runs
that have neither. A page goes on behind a value and a run, so what comes meanwhile shifts nothing.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, IntegerField, Q, QuerySet, Value

from runs.models import MetricSeries, RunValue
from runs.queries import FACTS
from runs.queries.names import Key
from runs.tables.cells import AS_NUMBER
from runs.tables.selection import Selection
from studio.errors import BadInput


@dataclass(frozen=True)
class Place:
    """Where a run stands in a table: in which phase, its value there, its key.

    count: how many runs are meant, where that was counted.
    """

    phase: int
    value: Any
    run: int
    count: int | None = None

    def written(self) -> str:
        """The place as a cursor."""
        value = self.value.isoformat() if hasattr(self.value, "isoformat") else self.value
        packed = json.dumps([self.phase, value, self.run, self.count]).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @staticmethod
    def read(cursor: str) -> "Place":
        """Return what `written` wrote. Raises ValueError, TypeError."""
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        phase, value, run, count = json.loads(packed)
        is_simple = value is None or isinstance(value, str | int | float)
        numbers = (phase, run, 0 if count is None else count)
        if not is_simple or any(type(n) is not int or not 0 <= n < 2**63 for n in numbers):
            raise ValueError("not a place in a table")
        return Place(phase, value, run, count)


@dataclass(frozen=True)
class Phase:
    """Rows in the order of `value` ("" for none), then newest first; `run` is the run's key."""

    rows: QuerySet[Any]
    run: str = "pk"
    value: str = ""


@dataclass(frozen=True)
class Order:
    """By which column, and which way; None is newest first."""

    key: Key | None = None
    is_down: bool = False


def page_of(
    selection: Selection, order: Order, *, cursor: str = "", size: int
) -> tuple[list[Place], str | None]:
    """Return the next `size` runs behind the cursor, and the cursor on.

    Raises BadInput for a cursor that no table gave.
    """
    try:
        place = Place.read(cursor) if cursor else None
        found = list(_taken(selection, order, place, size + 1))
    except (ValueError, TypeError, OverflowError, ValidationError):
        raise BadInput(
            "this cursor is not one that the table gave; begin again without it",
            fields={"cursor": "not a cursor of this table"},
        ) from None
    return found[:size], found[size - 1].written() if len(found) > size else None


def _taken(selection: Selection, order: Order, behind: Place | None, size: int) -> Iterator[Place]:
    for number, phase in enumerate(_phases(selection, order.key)):
        if (behind and number < behind.phase) or size <= 0:
            continue
        last = behind if behind and behind.phase == number else None
        rows = _behind(phase, order.is_down, last)[:size]
        size -= len(rows)
        for value, run, count in rows:
            yield Place(number, value, run, behind.count if behind else count)


def _behind(phase: Phase, is_down: bool, last: Place | None) -> QuerySet[Any]:
    """The phase's rows after `last`, as value, run, how many are meant."""
    rows, newest = phase.rows, f"{phase.run}__lt"
    order = [f"-{phase.run}"]
    if phase.value:
        order.insert(0, f"{'-' if is_down else ''}{phase.value}")
    if last and phase.value:
        further = Q(**{f"{phase.value}__{'lt' if is_down else 'gt'}": last.value})
        rows = rows.filter(further | Q(**{phase.value: last.value, newest: last.run}))
    elif last:
        rows = rows.filter(**{newest: last.run})
    value = F(phase.value) if phase.value else Value(None, IntegerField())
    found: QuerySet[Any] = (
        rows.order_by(*order).annotate(at=value).values_list("at", phase.run, "meant")
    )
    return found


def _phases(selection: Selection, key: Key | None) -> list[Phase]:
    return [
        replace(phase, rows=phase.rows.annotate(meant=selection.count))
        for phase in _parts(selection, key)
    ]


def _parts(selection: Selection, key: Key | None) -> list[Phase]:
    if key is None:
        return [Phase(selection.runs)]
    if key.kind == "own":
        fact = FACTS[key.name]
        if not fact.is_nullable:
            return [Phase(selection.runs, value=fact.lookup)]
        empty = {f"{fact.lookup}__isnull": True}
        have, none = selection.runs.exclude(**empty), selection.runs.filter(**empty)
        return [Phase(have, value=fact.lookup), Phase(none)]
    field = selection.scope.find(key)
    if field is None:
        return [Phase(selection.runs)]
    if key.kind == "metric":
        value = AS_NUMBER[key.part]
        numbers = MetricSeries.objects.filter(field=field, **{f"{value}__isnull": False})
        return [Phase(_meant(selection, numbers), "run_id", value), _others(selection, numbers)]
    there = RunValue.objects.filter(field=field)
    numbers = _meant(selection, there.filter(number__isnull=False))
    texts = _meant(selection, there.filter(number__isnull=True))
    return [
        Phase(numbers, "run_id", "number"),
        Phase(texts, "run_id", "text"),
        _others(selection, there),
    ]


def _meant(selection: Selection, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(selection.of_rows)


def _others(selection: Selection, rows: QuerySet[Any]) -> Phase:
    """The runs that have none of these rows."""
    return Phase(selection.runs.exclude(pk__in=rows.order_by().values("run")))

"""What a table is made of: columns and cells, and what is wrong with what was asked."""

from dataclasses import dataclass
from typing import Any

from runs.models import Field
from runs.queries import FACTS, Key, QueryError, key_of

__all__ = ["Cell", "Column", "Trouble", "column_of", "key_of"]


@dataclass(frozen=True)
class Column:
    """A column that can be shown, sorted by, and asked for in queries under the same key.

    kind: "metric", "param", "tag" or "own".   part: of a metric, "last", "min" or "max".
    """

    key: str
    title: str
    kind: str
    name: str
    part: str = ""
    is_number: bool = False
    is_default: bool = False
    field_id: int | None = None


@dataclass(frozen=True)
class Cell:
    """One value, and what it is: how it is written follows from `kind`.

    value: NaN and ±Inf are the texts "NaN", "Infinity", "-Infinity".   kind: a metric's kind
    (float int bool text json), or text, int, float, seconds, time, state of the others.
    nan_count, first_nan_step: of a metric.
    """

    value: Any
    kind: str
    nan_count: int = 0
    first_nan_step: int | None = None


@dataclass(frozen=True)
class Trouble:
    """Why a query or an order could not be followed; characters position to end are meant.

    field: "q", or "sort" where it was the order.
    """

    message: str
    position: int = 0
    end: int = 0
    expected: tuple[str, ...] = ()
    field: str = "q"

    @staticmethod
    def of(error: QueryError) -> "Trouble":
        return Trouble(error.message, error.position, error.end, error.expected, error.field)


def column_of(key: Key, field: Field | None = None, *, is_default: bool = False) -> Column:
    """Return the column of a key; `field` is its row, None for an own fact or an unknown name."""
    if key.kind == "own":
        fact = FACTS[key.name]
        return Column(
            key.name, fact.title, "own", key.name, is_number=fact.is_number, is_default=is_default
        )
    title = f"{key.name} ({key.part})" if key.part in ("min", "max") else key.name
    return Column(
        str(key),
        title,
        key.kind,
        key.name,
        key.part,
        is_number=key.kind == "metric",
        is_default=is_default,
        field_id=field.pk if field else None,
    )

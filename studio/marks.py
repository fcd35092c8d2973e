"""Rows by the tags or properties that one of their JSON columns holds: names and texts."""

import json
from typing import Any

from django.db import connection
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, IContains


def has(column: str, name: str, text: str | None) -> Any:
    """Whether a JSON column has the key `name`, with the text where one is given.

    SQLite's paths are quoted here: Django would read the key "2024" as a place in a list.
    """
    if connection.features.supports_json_field_contains:
        if text is None:
            return Q(**{f"{column}__has_key": name})
        return Q(**{f"{column}__contains": {name: text}})
    if '"' in name:
        return _has_quoted(column, name, text)
    path = Value("$." + json.dumps(name))
    if text is None:
        kind = Func(F(column), path, function="JSON_TYPE", output_field=TextField())
        return Exact(kind, "text")
    value = Func(F(column), path, function="JSON_EXTRACT", output_field=TextField())
    return Exact(value, text)


def _has_quoted(column: str, name: str, text: str | None) -> Any:
    """The same where no path can say it: SQLite before 3.45 ends a key at its first quote."""
    of = {"arg_joiner": ") AS one WHERE one.key = ", "output_field": TextField()}
    if text is None:
        kind = "(SELECT one.type FROM json_each(%(expressions)s)"
        return Exact(Func(F(column), Value(name), template=kind, **of), "text")
    value = "(SELECT one.atom FROM json_each(%(expressions)s)"
    return Exact(Func(F(column), Value(name), template=value, **of), text)


def holds(column: str, word: str) -> Any:
    """Whether a name or text of a JSON column holds `word`, in capitals or not."""
    # As each database writes JSON: SQLite holds what Python wrote, PostgreSQL its own text.
    is_own = connection.features.supports_json_field_contains
    return IContains(Cast(column, TextField()), json.dumps(word, ensure_ascii=not is_own)[1:-1])


def pairs_in(texts: list[str]) -> dict[str, str | None]:
    """Read "team=vision" and "draft" as what tags are looked for."""
    pairs = [text.partition("=") for text in texts if text.strip()]
    return {name.strip(): text.strip() if is_said else None for name, is_said, text in pairs}

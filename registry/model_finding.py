"""Models looked for: by words, name, tags, properties, run, framework."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count, F, Func, Max, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, IContains

from registry import versions
from registry.models import Kind, Version
from studio.models import Workspace

MOST_WORDS = 10


@dataclass(frozen=True)
class Wanted:
    """What versions are looked for. tags, properties: name → text, None where any text will do.

    archived: None for both kinds.
    """

    words: str = ""
    name: str = ""
    tags: dict[str, str | None] = field(default_factory=dict)
    properties: dict[str, str | None] = field(default_factory=dict)
    framework: str = ""
    run_id: str = ""
    archived: bool | None = False
    only_newest: bool = True


def found(workspace: Workspace, wanted: Wanted) -> QuerySet[Version]:
    """The versions that fit, by name; of one model the newest first."""
    rows = versions.newest(Kind.MODEL) if wanted.only_newest else _all()
    rows = rows.filter(asset__workspace=workspace).select_related(
        "asset", "created_by", "model__tree"
    )
    if wanted.archived is not None:
        rows = rows.filter(asset__archived_at__isnull=not wanted.archived)
    if wanted.name:
        rows = rows.filter(asset__name=wanted.name)
    if wanted.framework:
        rows = rows.filter(model__framework__iexact=wanted.framework)
    properties = dict(wanted.properties)
    if wanted.run_id:
        properties["run_id"] = wanted.run_id
    for column, pairs in (("tags", wanted.tags), ("properties", properties)):
        for name, text in pairs.items():
            rows = rows.filter(_has(column, name, text))
    return _with_words(rows, wanted.words).prefetch_related("aliases")


def _all() -> QuerySet[Version]:
    rows = Version.objects.filter(asset__kind=Kind.MODEL, model__isnull=False)
    return rows.order_by("asset__name", "-number")


def _has(column: str, name: str, text: str | None) -> Any:
    """Whether a JSON column has the key `name`, with the text where one is given.

    SQLite's paths are quoted here: Django would read the key "2024" as a place in a list.
    """
    if connection.features.supports_json_field_contains:
        if text is None:
            return Q(**{f"{column}__has_key": name})
        return Q(**{f"{column}__contains": {name: text}})
    path = Value("$." + json.dumps(name))
    if text is None:
        kind = Func(F(column), path, function="JSON_TYPE", output_field=TextField())
        return Exact(kind, "text")
    value = Func(F(column), path, function="JSON_EXTRACT", output_field=TextField())
    return Exact(value, text)


def _with_words(rows: QuerySet[Version], words: str) -> QuerySet[Version]:
    """Those whose name, description, tags, framework or aliases hold every word."""
    # As each database writes JSON: SQLite holds what Python wrote, PostgreSQL its own text.
    is_own = connection.features.supports_json_field_contains
    for word in words.split()[:MOST_WORDS]:
        as_json = json.dumps(word, ensure_ascii=not is_own)[1:-1]
        rows = rows.filter(
            Q(asset__name__icontains=word)
            | Q(description__icontains=word)
            | Q(model__framework__icontains=word)
            | Q(pk__in=Version.objects.filter(aliases__name__icontains=word).values("pk"))
            | Q(IContains(Cast("tags", TextField()), as_json))
        )
    return rows


def with_counts(rows: QuerySet[Version]) -> QuerySet[Version]:
    """The same, each with `version_count`: how many versions its model has."""
    there = Version.objects.filter(asset=OuterRef("asset"), model__isnull=False).order_by()
    counted = there.values("asset").annotate(n=Count("pk")).values("n")
    return rows.annotate(version_count=Subquery(counted))


def frameworks(workspace: Workspace) -> list[str]:
    """The frameworks that models of the workspace name."""
    rows = _all().filter(asset__workspace=workspace).exclude(model__framework="")
    return list(
        rows.order_by("model__framework").values_list("model__framework", flat=True).distinct()[:50]
    )


def newest_number(version: Version) -> int:
    """The number of the newest version of the same model."""
    there = version.asset.versions.filter(model__isnull=False)
    return there.aggregate(newest=Max("number"))["newest"] or version.number


def pairs_in(texts: list[str]) -> dict[str, str | None]:
    """Read "team=vision" and "draft" as what tags are looked for."""
    pairs = [text.partition("=") for text in texts if text.strip()]
    return {name.strip(): text.strip() if is_said else None for name, is_said, text in pairs}

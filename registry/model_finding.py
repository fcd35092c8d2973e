"""Models looked for: by words, name, tags, properties, run, framework."""

from dataclasses import dataclass, field

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from registry import versions
from registry.models import Kind, Version
from studio import marks
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
            rows = rows.filter(marks.has(column, name, text))
    return _with_words(rows, wanted.words).prefetch_related("aliases")


def _all() -> QuerySet[Version]:
    rows = Version.objects.filter(asset__kind=Kind.MODEL, model__isnull=False)
    return rows.order_by("asset__name", "-number")


def _with_words(rows: QuerySet[Version], words: str) -> QuerySet[Version]:
    """Those whose name, description, tags, framework or aliases hold every word."""
    for word in words.split()[:MOST_WORDS]:
        rows = rows.filter(
            Q(asset__name__icontains=word)
            | Q(description__icontains=word)
            | Q(model__framework__icontains=word)
            | Q(pk__in=Version.objects.filter(aliases__name__icontains=word).values("pk"))
            | Q(marks.holds("tags", word))
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

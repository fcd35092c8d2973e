"""Which columns a table can have, and which it has where nobody chose."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from runs.metrics.batches import TEXTS
from runs.models import Experiment, Field, FieldKind, MetricForm, MetricSeries, Run, RunValue
from runs.queries import FACTS, Key, Scope, split_key
from runs.queries.names import PARTS, Part
from runs.tables.shapes import Column, column_of

# Of the newest runs, what most of them have: that is what the person is looking for now.
NEWEST = 20
USUAL = {FieldKind.METRIC: 4, FieldKind.PARAMETER: 4, FieldKind.TAG: 2}
NONE: tuple[Part, ...] = ("",)
USUAL_FACTS = ("state", "name", "duration", "submitted", "by", "cluster")


def columns_of(experiment: Experiment) -> list[Column]:
    """All columns there are: own facts, metrics by last, min and max, parameters, tags."""
    found = [column_of(Key("own", name), is_default=name in USUAL_FACTS) for name in FACTS]
    usual = set(usual_fields(experiment).values_list("pk", flat=True))
    order = {FieldKind.METRIC.value: 0, FieldKind.PARAMETER.value: 1, FieldKind.TAG.value: 2}
    fields = Field.objects.filter(experiment=experiment).order_by("id")
    for field in sorted(fields, key=lambda field: order[field.kind]):
        for part in PARTS if field.kind == FieldKind.METRIC else NONE:
            is_default = field.pk in usual and part in ("", "last")
            key = Key(field.kind, field.name, part)
            found.append(column_of(key, field, is_default=is_default))
    return found


def usual_fields(experiment: Experiment, parent: Run | None = None) -> QuerySet[Field]:
    """The first few metrics, parameters and tags that the newest runs have (of `parent`'s)."""
    shown = Run.objects.filter(experiment=experiment, archived_at=None).order_by("-id")
    if parent is not None:
        shown = shown.filter(parent=parent)
    newest = shown.values("pk")[:NEWEST]
    # Asked name by name: of a run with a thousand metrics, four are looked at and not all.
    at = {"field": OuterRef("pk"), "run__in": newest}
    numbers = MetricSeries.objects.filter(**at, form=MetricForm.SCALAR).exclude(kind__in=TEXTS)
    values = RunValue.objects.filter(**at)
    wanted = Q()
    for kind, most in USUAL.items():
        having = Exists(numbers if kind == FieldKind.METRIC else values)
        there = Field.objects.filter(having, experiment=experiment, kind=kind)
        wanted |= Q(pk__in=there.order_by("id").values("pk")[:most])
    return Field.objects.filter(wanted).order_by("id")


def chosen(scope: Scope, keys: Iterable[str]) -> tuple[Column, ...]:
    """The columns of these keys; a name that no run has is a column of nothing."""
    parsed = [key for text in keys if (key := split_key(text))]
    return tuple(column_of(key, scope.find(key)) for key in parsed)


def usual(experiment: Experiment, parent: Run | None = None) -> tuple[Column, ...]:
    """The columns of a table whose reader chose none: metrics, then parameters, tags, facts."""
    found = usual_fields(experiment, parent)
    fields = sorted(found, key=lambda field: list(USUAL).index(field.kind))  # type: ignore[arg-type]
    facts = [column_of(Key("own", name), is_default=True) for name in USUAL_FACTS]
    named = [
        column_of(
            Key(field.kind, field.name, "last" if field.kind == FieldKind.METRIC else ""),
            field,
            is_default=True,
        )
        for field in fields
    ]
    return (*facts[:2], *named, *facts[2:])

"""Which series of a run are whose: the script's metrics, or what was measured of its nodes."""

from collections.abc import Iterable

from django.db.models import QuerySet

from runs.models import Experiment, Field, FieldKind, MetricSeries, Run

# Names that begin so are the node's, measured beside the script: none of the script's metrics.
RESERVED = "trainyard/"


def group(run: Run) -> str:
    """The live group that hears a run's points."""
    return f"run.{run.pk}.metrics"


def monitoring_group(run: Run) -> str:
    """The live group that hears what a run's nodes do."""
    return f"run.{run.pk}.monitoring"


def logged(run: Run) -> QuerySet[MetricSeries]:
    """The metrics of the script itself, in the order they first appeared."""
    return run.series.exclude(name__startswith=RESERVED)


def monitored(run: Run) -> QuerySet[MetricSeries]:
    """What was measured of the run's nodes, in the order it first appeared."""
    return run.series.filter(name__startswith=RESERVED)


def fields_of(experiment: Experiment, kind: FieldKind, names: Iterable[str]) -> dict[str, Field]:
    """Return the experiment's fields of these names, making those that are new."""
    wanted = list(dict.fromkeys(names))
    there = Field.objects.filter(experiment=experiment, kind=kind)
    found = {field.name: field for field in there.filter(name__in=wanted)}
    new = [name for name in wanted if name not in found]
    if new:
        # Two runs may bring the same name at once: the second finds the first one's row.
        rows = [Field(experiment=experiment, kind=kind, name=name) for name in new]
        Field.objects.bulk_create(rows, ignore_conflicts=True)
        found |= {field.name: field for field in there.filter(name__in=new)}
    return found

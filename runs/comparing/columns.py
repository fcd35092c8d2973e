"""What runs are compared by beside their metrics: their own facts, parameters and tags."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs import tables
from runs.models import FieldKind, Run, RunValue

# Beyond this a float tells two whole numbers apart no longer: their digits are compared.
EXACT = 2**53
KINDS = {FieldKind.PARAMETER: "param", FieldKind.TAG: "tag"}


@dataclass(frozen=True)
class Column:
    """One fact of every run, in the runs' order; None for a run that has it not.

    kind: "own", "param" or "tag".   values: as JSON carries them.
    form: "text", "number", "seconds" or "time".
    """

    key: str
    kind: str
    name: str
    values: list[Any]
    form: str = "text"

    @property
    def differs(self) -> bool:
        """Whether not all runs have the same."""
        return any(value != self.values[0] for value in self.values)

    def as_dict(self) -> dict[str, Any]:
        """As the API says it: a value for all runs where it is the same."""
        facts = {"key": self.key, "kind": self.kind, "name": self.name, "form": self.form}
        if self.differs:
            return {**facts, "differs": True, "values": self.values}
        return {**facts, "differs": False, "value": self.values[0] if self.values else None}


def of(runs: Sequence[Run], now: datetime) -> list[Column]:
    """Return every column of `runs`: parameters, tags, then their own facts."""
    return [*_given(runs), *_own(runs, now)]


def _given(runs: Sequence[Run]) -> list[Column]:
    places = {run.pk: place for place, run in enumerate(runs)}
    values: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [None] * len(runs))
    kinds = list(KINDS)
    rows = RunValue.objects.filter(run__in=places, field__kind__in=kinds).order_by("field")
    for run, kind, name, text, number in rows.values_list(
        "run_id", "field__kind", "field__name", "text", "number"
    ):
        values[kind, name][places[run]] = value_of(text, number)
    columns = []
    # By name: runs of several experiments have their fields in several orders.
    for (kind, name), given in values.items():
        form = "number" if all(isinstance(v, float | int | None) for v in given) else "text"
        key = tables.key_of(KINDS[FieldKind(kind)], name)
        columns.append(Column(key, KINDS[FieldKind(kind)], name, given, form))
    return sorted(columns, key=lambda column: column.kind)


def value_of(text: str, number: float | None) -> Any:
    """A parameter's or tag's value: the number it is, or as it is written."""
    if number is None or not math.isfinite(number) or abs(number) > EXACT:
        return text
    return int(number) if number.is_integer() else number


def _own(runs: Sequence[Run], now: datetime) -> list[Column]:
    return [
        Column(key, "own", name, [value(run) for run in runs], form)
        for key, name, form, value in _facts(now)
    ]


def _facts(now: datetime) -> list[tuple[str, str, str, Callable[[Run], Any]]]:
    """Key, name, form and value of each fact that a run has of its own."""

    def lasted(run: Run) -> float:
        if run.duration_s is not None:
            return run.duration_s
        return ((run.ended_at or now) - run.created_at).total_seconds()

    return [
        ("experiment", "Experiment", "text", lambda run: run.experiment.name),
        ("state", "State", "text", lambda run: str(run.state)),
        ("script", "Script", "text", lambda run: run.script),
        ("code", "Code", "text", lambda run: run.snapshot.sha256[:12]),
        ("environment", "Environment", "text", environment_of),
        ("cluster", "Cluster", "text", lambda run: run.cluster.name),
        ("nodes", "Nodes", "number", lambda run: run.node_count),
        ("processes", "Processes per node", "number", lambda run: run.processes_per_node),
        ("by", "By", "text", lambda run: run.created_by.username),
        ("duration", "Duration", "seconds", lasted),
        ("submitted", "Submitted", "time", lambda run: _iso(run.created_at)),
        ("started", "Started", "time", lambda run: _iso(run.started_at)),
    ]


def environment_of(run: Run) -> str:
    """The environment of a run in words: `name:version`, or the name it was given."""
    if run.environment is None:
        return run.environment_name or "its own definition"
    return f"{run.environment_name}:{run.environment.number}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

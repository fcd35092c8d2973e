"""The metrics of many runs: which there are, and what each run has of some of them."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, QuerySet

from runs import tables
from runs.metrics import RESERVED
from runs.metrics.batches import TEXTS
from runs.models import Field, FieldKind, MetricForm, MetricSeries, Run

# So many rows are counted in a tenth of a second; more names than that are counted page by page.
MOST_COUNTED = 200_000
CURVES = (MetricForm.SCALAR, MetricForm.LIST)


def names(runs: Sequence[Run], *, find: str = "", after: int = 0, most: int = 50) -> dict[str, Any]:
    """Return numeric metrics of the runs: the one that most runs have first, then as they came.

    find: part of the name, in any case.   after: how many the caller has.
    Where runs times names are very many, they come in the order of their names' appearance alone.
    """
    listed = _listed(runs, find)
    if len(listed) * len(runs) <= MOST_COUNTED:
        counts = _counts(runs, listed)
        order = {name: place for place, name in enumerate(listed)}
        there = sorted(counts, key=lambda name: (-counts[name], order[name]))
        return _page(there, counts, after, most)
    counts, there, chunk = Counter(), [], max(1, MOST_COUNTED // len(runs))
    for start in range(0, len(listed), chunk):
        part = listed[start : start + chunk]
        counts.update(_counts(runs, part))
        there += [name for name in part if counts[name]]
        if len(there) > after + most:
            break
    return _page(there, counts, after, most)


def _page(there: list[str], counts: Counter[str], after: int, most: int) -> dict[str, Any]:
    items = [
        {
            "name": name,
            "runs": counts[name],
            "goal": tables.goal_of(name),
            "is_goal_said": tables.direction_of(name) is not None,
        }
        for name in there[after : after + most]
    ]
    return {"items": items, "next": after + most if len(there) > after + most else None}


def _listed(runs: Sequence[Run], find: str) -> list[str]:
    """The names of metrics in the experiments of the runs, each once."""
    experiments = {run.experiment_id for run in runs}
    fields = Field.objects.filter(experiment__in=experiments, kind=FieldKind.METRIC)
    if find:
        fields = fields.filter(name__icontains=find)
    return list(dict.fromkeys(fields.order_by("id").values_list("name", flat=True)))


def _counts(runs: Sequence[Run], listed: list[str]) -> Counter[str]:
    """How many of the runs have each metric."""
    rows = _numbers(runs, listed).order_by().values("name").annotate(runs=Count("pk"))
    return Counter({row["name"]: row["runs"] for row in rows})


def _numbers(runs: Sequence[Run], listed: Iterable[str]) -> QuerySet[MetricSeries]:
    there = MetricSeries.objects.filter(run__in=[run.pk for run in runs], form__in=CURVES)
    return (
        there.exclude(kind__in=TEXTS)
        .exclude(name__startswith=RESERVED)
        .filter(name__in=list(listed))
    )


def values(runs: Sequence[Run], listed: Sequence[str]) -> dict[str, dict[str, list[Any]]]:
    """Return name → {"last", "min", "max", "step"}: of each run, in the runs' order.

    A last value that is no finite number is a word: "NaN", "Infinity", "-Infinity".
    """
    places = {run.pk: place for place, run in enumerate(runs)}
    empty = len(runs)
    answer: dict[str, dict[str, list[Any]]] = defaultdict(
        lambda: {part: [None] * empty for part in ("last", "min", "max", "step")}
    )
    rows = _numbers(runs, listed).order_by().values_list(
        "run_id", "name", "last_value", "last", "least", "greatest", "last_step"
    )  # fmt: skip
    for run, name, number, text, least, greatest, step in rows:
        place, of_it = places[run], answer[name]
        of_it["last"][place] = number if number is not None else _word(text)
        of_it["min"][place] = least
        of_it["max"][place] = greatest
        of_it["step"][place] = step
    return {name: answer[name] for name in listed if name in answer}


def _word(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None

"""The tasks of a run: one on each of its nodes, in its present attempt. Rows only."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import DateTimeField, F, QuerySet, Value
from django.db.models.functions import Coalesce

from compute.models import Node
from runs.models import Run, RunTask
from runs.states import State


def ids(run: Run) -> list[str]:
    """Return the ids of the tasks that `run` has in this attempt, by rank.

    They are known before there is a task, so that two who place a run at once hold the same nodes.
    """
    words = (f"{run.run_id}/{run.attempt}/{rank}" for rank in range(run.node_count))
    return [hashlib.sha256(word.encode()).hexdigest()[:32] for word in words]


def folder(task_id: str) -> str:
    """Return the folder of a task, the only place that it may write to."""
    return str(Path(settings.TASKS) / task_id)


def of_nobody(holders: Iterable[str]) -> set[str]:
    """Return those of these keys of nodes that belong to no task."""
    held = set(holders)
    return held - set(RunTask.objects.filter(task_id__in=held).values_list("task_id", flat=True))


def make(run: Run, nodes: Sequence[Node], now: datetime) -> None:
    """Make the tasks of a run that got its nodes, in the order of its ranks."""
    RunTask.objects.bulk_create(
        RunTask(
            run=run,
            attempt=run.attempt,
            rank=rank,
            node_number=node.number,
            task_id=str(node.holder),
            gpus=node.gpus,
            seen_at=now,
        )
        for rank, node in enumerate(nodes)
    )


def of(run: Run) -> QuerySet[RunTask]:
    """The tasks of the run's present attempt, by rank."""
    return RunTask.objects.filter(run=run, attempt=run.attempt).order_by("rank")


def present() -> QuerySet[RunTask]:
    """The tasks of all runs' present attempts that have not ended."""
    return RunTask.objects.filter(attempt=F("run__attempt"), ended_at=None, cleaned_at=None)


def named(run: Run, task: RunTask) -> str:
    """Name a task's node, "node 4 (rank 1 of 2)": by its number in the cluster, and as its logs."""
    node, each = f"node {task.node_number}", run.processes_per_node
    if run.node_count == 1:
        return node
    first, last = task.rank * each, (task.rank + 1) * each - 1
    ranks = f"rank {first}" if each == 1 else f"ranks {first} to {last}"
    return f"{node} ({ranks} of {run.node_count * each})"


def called(run: Run, task: RunTask) -> str:
    """Begin what is said of a task with its node; with nothing where it is the only one."""
    return f"{named(run, task)}: " if run.node_count > 1 else ""


def has_failed(run: Run, but: RunTask | None = None) -> bool:
    """Whether a task of the run, `but` this one, has failed, so that the others must end too."""
    failed = of(run).filter(failed_at__isnull=False)
    return failed.exclude(pk=but.pk).exists() if but else failed.exists()


def nodes_of(runs: Iterable[Run]) -> dict[int, list[dict[str, object]]]:
    """Where each of these runs is in its present attempt, by its key: its nodes in rank order."""
    found: dict[int, list[dict[str, object]]] = {run.pk: [] for run in runs}
    there = RunTask.objects.filter(run__in=list(found), attempt=F("run__attempt"))
    for key, rank, number, state in there.order_by("rank").values_list(
        "run_id", "rank", "node_number", "state"
    ):
        found[key].append({"rank": rank, "node_number": number, "state": state})
    return found


def is_well(ended: dict[str, Any]) -> bool:
    """Whether a task that ended so did what it should."""
    is_ended_well = ended.get("exit_code") == 0 and not ended.get("signal")
    # One whose script did well may have an error as well: what it wrote could not be kept.
    return is_ended_well and not ended.get("canceled") and not ended.get("error")


def is_lost(ended: dict[str, Any]) -> bool:
    """Whether a task ended so because its node went: without a word, or told by nobody of us."""
    told = bool(ended.get("canceled")) and ended.get("told") == "signal"
    return bool(ended.get("lost")) or told


def least_state(run: Run) -> State:
    """How far all of the run's tasks are at least; one that has ended is Finalizing."""
    order = (State.STARTING, State.RUNNING, State.FINALIZING)
    states = list(of(run).values_list("state", flat=True))
    return min(map(State, states), key=order.index, default=State.STARTING)


def fail(task: RunTask, at: float | None, now: datetime) -> None:
    """Note that a task failed, at this Unix time by its node's clock; the first word stays."""
    RunTask.objects.filter(pk=task.pk, failed_at=None).update(failed_at=_moment(at, now))


def _moment(at: float | None, now: datetime) -> datetime:
    return min(datetime.fromtimestamp(at, tz=UTC), now) if at else now


def end(task: RunTask, ended: dict[str, Any], now: datetime) -> bool:
    """Note how a task ended; the first word wins, False for a later one."""
    changes: dict[str, Any] = {"ended_at": now, "ended": ended, "state": State.FINALIZING}
    if not is_well(ended) and (is_lost(ended) or not ended.get("canceled")):
        # In the same step: one that ended badly and did not fail reads as one that was told to.
        failed_at = Value(_moment(ended.get("failed_at"), now), DateTimeField())
        changes["failed_at"] = Coalesce("failed_at", failed_at)
    mine = RunTask.objects.filter(pk=task.pk, ended_at=None).update(**changes)
    task.refresh_from_db(fields=["failed_at", "ended_at", "ended", "state"])
    return bool(mine)

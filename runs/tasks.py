"""The tasks of a run: one on each of its nodes, in its present attempt. Rows only."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, QuerySet

from compute.models import Node
from runs.models import Run, RunTask
from runs.states import State


def ids(run: Run) -> list[str]:
    """Return the ids of the tasks that `run` has in this attempt, by rank.

    They are known before there is a task, so that two who place a run at once hold the same nodes.
    """
    words = (f"{run.run_id}/{run.attempt}/{rank}" for rank in range(run.node_count))
    return [hashlib.sha256(word.encode()).hexdigest()[:32] for word in words]


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
    return RunTask.objects.filter(
        attempt=F("run__attempt"), ended_at=None, cleaned_at=None
    ).select_related(
        "run__experiment__workspace",
        "run__cluster",
        "run__created_by",
        "run__canceled_by",
        "run__image_build__image",
    )


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
    return ended.get("exit_code") == 0 and not ended.get("signal") and not ended.get("canceled")


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
    failed_at = min(datetime.fromtimestamp(at, tz=UTC), now) if at else now
    RunTask.objects.filter(pk=task.pk, failed_at=None).update(failed_at=failed_at)


def end(task: RunTask, ended: dict[str, Any], now: datetime) -> bool:
    """Note how a task ended; the first word wins, False for a later one."""
    changes = {"ended_at": now, "ended": ended, "state": State.FINALIZING}
    mine = RunTask.objects.filter(pk=task.pk, ended_at=None).update(**changes)
    if mine and not is_well(ended) and (is_lost(ended) or not ended.get("canceled")):
        fail(task, ended.get("failed_at"), now)
    task.refresh_from_db(fields=["failed_at", "ended_at", "ended", "state"])
    return bool(mine)

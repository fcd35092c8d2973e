"""Waiting runs get their nodes, in order, and whoever waits is told what for.

Dedicated clusters before those of low priority, then first come first served. A run that waits for
nodes of its cluster keeps back the later runs of that cluster only. One that waits for room on its
machine keeps back all later runs on that machine: no small run takes what a large one needs.

Who starts a run is decided under locks, by compute.clusters and runs.starting. What is decided here
is only whom to try, so two processes that place at once try the same runs in the same order.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.timezone import now as clock

from compute import clusters, machine, room
from compute.models import Cluster, Node
from compute.room import Full
from runs import lifecycle, starting, tasks
from runs.models import Run, RunTask
from runs.states import State
from studio import live

logger = logging.getLogger(__name__)
WITH = ("experiment__workspace", "cluster", "created_by", "image_build__image")
# How many in each line hear of every change at once; the others in the next round of supervise.
TOLD_AT_ONCE = 10
MOST_NAMES = 3
NOT_YET = "its start is tried again in a moment"
OWN = "its own earlier start, which is being ended"


@dataclass(frozen=True)
class _Waiting:
    """What the order is made of: one run in Queued. There may be hundreds, looked at often."""

    pk: int
    run_id: str
    name: str
    attempt: int
    node_count: int
    waits_for: str
    not_before: datetime | None
    cluster_id: int
    workspace_id: int


@dataclass
class _Line:
    """The runs that wait for the same: who is first, what for, and who is behind, in order."""

    first: _Waiting
    full: Full
    behind: list[_Waiting] = field(default_factory=list)


@dataclass
class _Plan:
    """Who is to be started next, and why the others wait.

    lines: of clusters, by their id.   machines: of what waits for room on one, by its key.
    never: who waits for more than its cluster may have, and keeps nobody back.
    """

    start: _Waiting | None = None
    lines: dict[int, _Line] = field(default_factory=dict)
    machines: dict[str, _Line] = field(default_factory=dict)
    never: dict[int, tuple[_Waiting, str]] = field(default_factory=dict)


def place(*, everyone: bool = False) -> None:
    """Give the runs that wait their nodes, and start them; say why the rest wait.

    Where lines are long only the first of each hear of every change, and whoever was told nothing
    yet; `everyone` tells them all.
    """
    tried: dict[tuple[int, int], Full] = {}  # a run that failed once is not tried in a circle
    while True:
        waiting = _waiting()
        if not waiting:
            return
        found = Cluster.objects.in_bulk({run.cluster_id for run in waiting})
        plan = _plan(waiting, found, room.busy_nodes(), tried)
        if plan.start is None:
            _tell(plan, waiting, found, len(waiting) if everyone else TOLD_AT_ONCE)
            return
        tried[plan.start.pk, plan.start.attempt] = _try(plan.start)


def _waiting() -> list[_Waiting]:
    names = (
        "pk", "run_id", "name", "attempt", "node_count", "waits_for", "not_before",
        "cluster_id", "experiment__workspace_id",
    )  # fmt: skip
    found = Run.objects.filter(state=State.QUEUED).order_by("cluster__priority", "id")
    return [_Waiting(*values) for values in found.values_list(*names)]


def _plan(
    waiting: list[_Waiting],
    found: dict[int, Cluster],
    busy: list[Node],
    tried: dict[tuple[int, int], Full],
) -> _Plan:
    """Go through the line up to the first who can start: those before it keep their places."""
    plan, now = _Plan(), clock()
    for run in waiting:
        cluster = found[run.cluster_id]
        key = machine.place_of(cluster)
        if (words := room.too_many(cluster, run.node_count)) is not None:
            plan.never[run.pk] = (run, words)
        elif (line := plan.lines.get(run.cluster_id) or plan.machines.get(key)) is not None:
            line.behind.append(run)
        elif run.not_before is not None and run.not_before > now:
            plan.lines[run.cluster_id] = _Line(run, Full(NOT_YET))
        else:
            full = tried.get((run.pk, run.attempt)) or _full(run, cluster, busy)
            if full is None:
                plan.start = run
                return plan
            plan.lines[run.cluster_id] = line = _Line(run, full)
            if full.of_machine:
                plan.machines[key] = line
    return plan


def _full(run: _Waiting, cluster: Cluster, busy: list[Node]) -> Full | None:
    return room.full(cluster, _ids(run), busy, machine.of(cluster))


def _ids(run: _Waiting) -> list[str]:
    return tasks.ids(Run(run_id=run.run_id, attempt=run.attempt, node_count=run.node_count))


def _try(waiting: _Waiting) -> Full:
    """Give a run its nodes and start it; return why it has not started, should it wait still."""
    try:
        run = Run.objects.select_related(*WITH).get(pk=waiting.pk)
        if run.state != State.QUEUED or run.attempt != waiting.attempt:
            return Full(NOT_YET)
        nodes = clusters.reserve(run.cluster, tasks.ids(run), clock())
        if isinstance(nodes, Full):
            return nodes
        starting.begin(run, nodes)
    except Exception:  # the outer edge: the others must not wait for this one
        logger.exception("%s could not be started", waiting.run_id)
    return Full(NOT_YET)


def _tell(plan: _Plan, waiting: list[_Waiting], found: dict[int, Cluster], most: int) -> None:
    """Say in words what each run waits for, where that changed."""
    lines, places = list(plan.lines.values()), _places(plan, waiting, found)
    names = _Names(holder for line in lines for holder in line.full.holders)
    words = {run.pk: (run, f"Waiting for nodes: {why}") for run, why in plan.never.values()}
    for line in lines:
        for place, run in enumerate([line.first, *line.behind], start=1):
            if place <= most or not run.waits_for:
                where = _where(places[run.pk], line, found[run.cluster_id])
                words[run.pk] = (run, _words(line, where, run, found=found, names=names))
    _write([(run, why[: lifecycle.MOST_TEXT]) for run, why in words.values()])


def _places(
    plan: _Plan, waiting: list[_Waiting], found: dict[int, Cluster]
) -> dict[int, tuple[int, int]]:
    """Return, by a run's key, its place among those of its cluster and among all on its machine."""
    counts: Counter[int | str] = Counter()
    places = {}
    for run in waiting:
        if run.pk not in plan.never:
            key = machine.place_of(found[run.cluster_id])
            counts.update((run.cluster_id, key))
            places[run.pk] = (counts[run.cluster_id], counts[key])
    return places


def _where(places: tuple[int, int], line: _Line, cluster: Cluster) -> str:
    """Say a run's place among those that may start before it, for what it waits for."""
    of_cluster, of_machine = places
    place = of_machine if line.full.of_machine else of_cluster
    words = "next in line" if place == 1 else f"number {place} in line"
    return words if place == of_machine else f"{words} for {cluster.name}"


class _Names:
    """Who holds nodes, as who waits in a workspace may read it."""

    def __init__(self, holders: Iterable[str]):
        found = RunTask.objects.filter(task_id__in=set(holders))
        self.runs = {
            task_id: (pk, workspace_id, name)
            for task_id, pk, workspace_id, name in found.values_list(
                "task_id", "run_id", "run__experiment__workspace_id", "run__name"
            )
        }

    def of(self, holders: Iterable[str], run: _Waiting) -> str:
        """Return ` by brave_fox, calm_heron`, or nothing where nobody is known."""
        held = [self.runs[holder] for holder in holders if holder in self.runs]
        names = list(
            dict.fromkeys(
                OWN if pk == run.pk else name for pk, home, name in held if home == run.workspace_id
            )
        )
        shown = names[:MOST_NAMES] + (["…"] if len(names) > MOST_NAMES else [])
        if any(home != run.workspace_id for _, home, _ in held):
            shown.append("runs of other workspaces")
        return f" by {', '.join(shown)}" if shown else ""


def _words(
    line: _Line, where: str, run: _Waiting, *, found: dict[int, Cluster], names: _Names
) -> str:
    first, full = line.first, line.full
    if run is first and full.words == NOT_YET and run.waits_for:
        return run.waits_for  # its backend's own words
    nodes = "a node" if run.node_count == 1 else f"{run.node_count} nodes"
    why = full.words + names.of(full.holders, run)
    is_neighbour = first.workspace_id == run.workspace_id
    before = f"{first.name if is_neighbour else 'a run of another workspace'} is before it"
    if first.cluster_id != run.cluster_id:
        why = f"{before} in line for {machine.name_of(found[run.cluster_id])}"
    elif full.words == NOT_YET and run is not first:
        why = f"{before}, and {NOT_YET}"
    elif first.node_count != run.node_count:
        why = f"{before}: {why}"
    return f"Waiting for {nodes} ({where}): {why}"


def _write(words: list[tuple[_Waiting, str]]) -> None:
    """Write to many runs at once, however different; one event for each workspace's tables."""
    changed = [(run, why) for run, why in words if run.waits_for != why]
    if not changed:
        return
    rows = [Run(pk=run.pk, waits_for=why) for run, why in changed]
    with transaction.atomic():
        Run.objects.filter(state=State.QUEUED).bulk_update(rows, ["waits_for"])
        pages = [lifecycle.group(row) for row in rows]
        live.publish_to(pages, "run-changed", state=State.QUEUED, number=0)
        for workspace_id, run in {run.workspace_id: run for run, _ in changed}.items():
            where = live.workspace_group(workspace_id)
            live.publish(where, "run-changed", run_id=run.run_id, state=State.QUEUED)

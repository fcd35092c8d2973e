"""Clusters and their nodes: make, change, reserve, release. The only writer of Cluster and Node."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.timezone import now as clock

from compute import machine, room, sizes
from compute.machine import Machine
from compute.models import Cluster, Node
from compute.room import Full
from compute.states import Backend, NodeState, Priority
from studio import live
from studio.errors import BadInput, Conflict
from studio.models import Workspace

DEFAULT_NAME = "cpu-cluster"
DEFAULT_NODES = 2
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,23}")
MOST_NODES = 1000
MOST_IDLE_SECONDS = 7 * 24 * 3600
# What stands where a run names its cluster and has none; no cluster can be called so.
ELSEWHERE = "own computer"
# The same, of a run that is nothing but its steps, each on a cluster of its own.
OF_STEPS = "those of its steps"


def ensure_default(workspace: Workspace) -> Cluster:
    """Return the workspace's `cpu-cluster`, made where it is absent: 0 to 2 nodes that share us."""
    here = machine.this()
    half = sizes.share(here.cpus, here.memory_gib, DEFAULT_NODES)
    return Cluster.objects.get_or_create(
        workspace=workspace,
        name=DEFAULT_NAME,
        deleted_at=None,
        defaults={
            "backend": Backend.LOCAL,
            "node_size": half.name,
            "max_nodes": DEFAULT_NODES,
        },
    )[0]


def elsewhere(workspace: Workspace) -> Cluster:
    """Return what stands for the computers of people whose own scripts log to runs.

    Its row is that of a cluster that was deleted: it is in no list, and nothing is placed on it.
    """
    return _no_cluster(workspace, ELSEWHERE)


def of_steps(workspace: Workspace) -> Cluster:
    """Return what stands where a pipeline run names its cluster: in no list either."""
    return _no_cluster(workspace, OF_STEPS)


def _no_cluster(workspace: Workspace, name: str) -> Cluster:
    found = Cluster.objects.filter(workspace=workspace, name=name).first()
    return found or Cluster.objects.create(
        workspace=workspace, name=name, max_nodes=0, deleted_at=clock()
    )


def create(workspace: Workspace, name: str, **wanted: Any) -> Cluster:
    """Make a cluster; `wanted` holds its fields as in docs/api.md. Raises BadInput, Conflict."""
    if not NAME.fullmatch(name):
        raise BadInput(
            f"cluster name {name[:60]!r} is not allowed: 2 to 24 letters, digits and hyphens,"
            " beginning with a letter",
            fields={"name": "letters, digits, -"},
        )
    cluster = Cluster(workspace=workspace, name=name)
    _set(cluster, wanted)
    try:
        with transaction.atomic():
            cluster.save()
    except IntegrityError:
        raise Conflict(
            f'workspace "{workspace.name}" has a cluster {name} already; change that one',
            fields={"name": "taken"},
        ) from None
    _tell(cluster)
    return cluster


def _tell(cluster: Cluster) -> None:
    """Pages of the workspace ask for its clusters again."""
    group = live.workspace_group(cluster.workspace_id)
    live.publish(group, "cluster-changed", name=cluster.name)


def change(cluster: Cluster, **wanted: Any) -> Cluster:
    """Change a cluster's size or times. What runs goes on: nodes that are too many go when free.

    Raises BadInput.
    """
    with transaction.atomic():
        row = Cluster.objects.select_for_update().get(pk=cluster.pk)
        fixed = [key for key in ("backend",) if key in wanted and wanted[key] != row.backend]
        if fixed:
            raise BadInput(
                f"the backend of {row} cannot be changed; make another cluster",
                fields={"backend": "cannot be changed"},
            )
        _set(row, wanted)
        row.save()
    cluster.refresh_from_db()
    _tell(cluster)
    return cluster


def _set(cluster: Cluster, wanted: dict[str, Any]) -> None:
    for key, value in wanted.items():
        setattr(cluster, key, value)
    _check(cluster)


def _check(cluster: Cluster) -> None:
    cluster.node_size = sizes.find(cluster.node_size).name
    for key, choices in (("backend", Backend), ("priority", Priority)):
        if getattr(cluster, key) not in choices.values:
            known = ", ".join(choices.values)
            raise BadInput(f"{key} is one of {known}", fields={key: f"one of {known}"})
    for key, most in (
        ("min_nodes", MOST_NODES),
        ("max_nodes", MOST_NODES),
        ("idle_seconds_before_scaledown", MOST_IDLE_SECONDS),
    ):
        if not 0 <= getattr(cluster, key) <= most:
            raise BadInput(f"{key} is a number from 0 to {most}", fields={key: f"0 to {most}"})
    if cluster.min_nodes > cluster.max_nodes:
        raise BadInput(
            f"min_nodes ({cluster.min_nodes}) is more than max_nodes ({cluster.max_nodes})",
            fields={"min_nodes": "at most max_nodes"},
        )


def delete(cluster: Cluster, now: datetime) -> None:
    """Take a cluster away: its name is free, its idle nodes go, busy ones when they are released.

    Its row stays for the runs that name it. Safe to repeat.
    """
    with transaction.atomic():
        Cluster.objects.filter(pk=cluster.pk, deleted_at=None).update(deleted_at=now, min_nodes=0)
        Node.objects.filter(cluster=cluster, state=NodeState.IDLE).delete()
        _tell(cluster)


def reserve(cluster: Cluster, holders: Sequence[str], now: datetime) -> list[Node] | Full:
    """Give every holder a node, in their order, or none of them one and say why.

    A node is its holder's already, an idle one, or one that comes up. Those who ask at once never
    get the same one. Nodes share the machine they are on: together they never take more than it
    has. Those that are larger than the machine come up when nothing else is on it, and get what
    there is. Each gets GPUs of its own, as many as its size says and the machine can give.
    """
    there = machine.of(cluster)  # that may ask an engine: not while rows are locked
    if (mine := _held_by(cluster, holders)) is not None:
        return mine
    try:
        with transaction.atomic():
            return _reserve(cluster, holders, there, now)
    except IntegrityError:  # a number was taken, or these holders have nodes, since a moment
        return _held_by(cluster, holders) or Full("another run was faster")


def _held_by(cluster: Cluster, holders: Sequence[str]) -> list[Node] | None:
    found = {node.holder: node for node in cluster.nodes.filter(holder__in=holders)}
    return [found[holder] for holder in holders] if len(found) == len(holders) else None


def _reserve(
    cluster: Cluster, holders: Sequence[str], there: Machine, now: datetime
) -> list[Node] | Full:
    # The rows' locks make counting what is taken and taking more a single step.
    rows = Cluster.objects.there().select_for_update().order_by("pk")
    row = next((row for row in rows if row.pk == cluster.pk), None)
    if row is None:
        return Full(f"{cluster.name} was deleted")
    busy = room.busy_nodes()
    if (full := room.full(row, holders, busy, there)) is not None:
        return full
    nodes = {node.holder: node for node in busy if node.holder in set(holders)}
    missing = [holder for holder in holders if holder not in nodes]
    key, size = machine.place_of(row), sizes.find(row.node_size)
    free = room.free_gpus([n for n in busy if machine.place_of(n.cluster) == key], there)
    each = sizes.gpus_of_node(size, there, len(holders))
    for holder, node in zip(missing, _free_nodes(row, len(missing), now), strict=True):
        node.holder, node.state, node.changed_at = holder, NodeState.BUSY, now
        node.size, node.gpus, free = size.name, free[:each], free[each:]
        node.save()
        nodes[holder] = node
    return [nodes[holder] for holder in holders]


def _free_nodes(cluster: Cluster, count: int, now: datetime) -> list[Node]:
    """So many nodes in the order of their numbers: idle ones, then such as come up."""
    there = {node.number: node for node in cluster.nodes.all()}
    could = range(1, cluster.max_nodes + 1)
    idle = [n for n in could if n in there and there[n].state == NodeState.IDLE]
    new = [n for n in could if n not in there]
    numbers = sorted((idle + new)[:count])
    return [
        there.get(number) or Node(cluster=cluster, number=number, changed_at=now)
        for number in numbers
    ]


def release(holder: str, now: datetime) -> bool:
    """Make the holder's node idle; False when it held none."""
    idle: dict[str, Any] = {"holder": None, "size": "", "gpus": []}
    idle |= {"state": NodeState.IDLE, "changed_at": now}
    held = Node.objects.select_related("cluster").filter(holder=holder).first()
    freed = Node.objects.filter(holder=holder).update(**idle)
    if freed and held:
        _tell(held.cluster)
    return bool(freed)


def retire_idle(now: datetime) -> int:
    """Let nodes go that were idle for the cluster's time, down to its min_nodes; how many went."""
    gone = 0
    idle = Node.objects.filter(state=NodeState.IDLE).select_related("cluster")
    for node in idle.order_by("cluster", "-number"):
        cluster = node.cluster
        rest = timedelta(seconds=cluster.idle_seconds_before_scaledown)
        is_needed = node.number <= cluster.max_nodes and not cluster.deleted_at
        if is_needed and now - node.changed_at < rest:
            continue
        with transaction.atomic():
            Cluster.objects.select_for_update().get(pk=cluster.pk)
            if not is_needed or cluster.nodes.count() > cluster.min_nodes:
                unchanged = Q(pk=node.pk, state=NodeState.IDLE, changed_at=node.changed_at)
                gone += Node.objects.filter(unchanged).delete()[0]
                _tell(cluster)
    return gone


def bring_up(now: datetime) -> int:
    """See that every cluster has the nodes it keeps at least; how many came up."""
    came = 0
    for cluster in Cluster.objects.there().filter(min_nodes__gt=0).prefetch_related("nodes"):
        taken = {node.number for node in cluster.nodes.all()}
        missing = [n for n in range(1, cluster.min_nodes + 1) if n not in taken]
        for number in missing[: max(0, cluster.min_nodes - len(taken))]:
            _, is_new = Node.objects.get_or_create(
                cluster=cluster,
                number=number,
                defaults={"state": NodeState.IDLE, "changed_at": now},
            )
            came += is_new
            _tell(cluster)
    return came


def load(cluster: Cluster) -> dict[str, int]:
    """Count the cluster's nodes: {"Idle", "Running", "max"}."""
    states = list(cluster.nodes.values_list("state", flat=True))
    return {
        "Idle": states.count(NodeState.IDLE),
        "Running": states.count(NodeState.BUSY),
        "max": cluster.max_nodes,
    }

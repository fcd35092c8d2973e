"""Clusters and their nodes: make, change, reserve, release. The only writer of Cluster and Node."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from compute import machine, sizes
from compute.models import Cluster, Node
from compute.states import Backend, NodeState, Priority
from studio import live
from studio.errors import BadInput, Conflict
from studio.models import Workspace

DEFAULT_NAME = "cpu-cluster"
DEFAULT_NODES = 2
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,23}")
MOST_NODES = 1000
MOST_IDLE_SECONDS = 7 * 24 * 3600


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


@dataclass(frozen=True)
class Full:
    """Why there is no node now: in words, and the keys of those who hold what is waited for."""

    words: str
    holders: tuple[str, ...] = ()


def reserve(cluster: Cluster, holder: str, now: datetime) -> Node | Full:
    """Give `holder` a node: its own already, an idle one, or one that comes up; else say why not.

    Two who ask at once get two nodes, or one of them none. Nodes share the machine they are on:
    together they never take more than it has. One that is larger than the machine comes up when
    nothing else is on it, and gets what there is.
    """
    mine = Node.objects.filter(cluster=cluster, holder=holder).first()
    if mine is not None:
        return mine
    try:
        with transaction.atomic():
            return _reserve(cluster, {"state": NodeState.BUSY, "holder": holder, "changed_at": now})
    except IntegrityError:  # another took the number, or this holder has a node since a moment
        mine = Node.objects.filter(cluster=cluster, holder=holder).first()
        return mine or Full("another run was faster")


def _reserve(cluster: Cluster, busy: dict[str, Any]) -> Node | Full:
    # The rows' locks make counting what is taken and taking more a single step.
    row = next(
        row for row in Cluster.objects.select_for_update().order_by("pk") if row.pk == cluster.pk
    )
    limit = 0 if row.deleted_at else row.max_nodes
    nodes = list(Node.objects.filter(cluster=row).order_by("number"))
    idle = [node for node in nodes if node.state == NodeState.IDLE and node.number <= limit]
    if not idle and len(nodes) >= limit:  # a resize may have left more than that, busy still
        return _all_held(row, nodes)
    if (full := _too_much(row)) is not None:
        return full
    for node in idle:
        if Node.objects.filter(pk=node.pk, state=NodeState.IDLE).update(**busy):
            node.refresh_from_db()
            return node
    taken = {node.number for node in nodes}
    number = next(n for n in range(1, limit + 1) if n not in taken)
    return Node.objects.create(cluster=row, number=number, **busy)


def _all_held(cluster: Cluster, nodes: list[Node]) -> Full:
    if cluster.deleted_at:
        return Full(f"{cluster.name} was deleted")
    if cluster.max_nodes == 0:
        return Full(f"{cluster.name} may have no node (max_nodes is 0): resize it")
    holders = tuple(node.holder for node in nodes if node.holder)
    if cluster.max_nodes == 1:
        return Full(f"the only node of {cluster.name} is held", holders)
    return Full(f"all {cluster.max_nodes} nodes of {cluster.name} are held", holders)


def _too_much(cluster: Cluster) -> Full | None:
    """Whether the machine has no room for one more node of this cluster, and who takes it."""
    busy = list(Node.objects.filter(state=NodeState.BUSY).select_related("cluster"))
    if not busy:
        return None
    here, size = machine.this(), sizes.find(cluster.node_size)
    others = [sizes.find(node.cluster.node_size) for node in busy]
    wanted = {
        "vCPU": (size.cpus, sum(o.cpus for o in others), here.cpus),
        "GiB of memory": (size.memory_gib, sum(o.memory_gib for o in others), here.memory_gib),
    }
    if here.gpus:
        wanted["GPU"] = (size.gpus, sum(o.gpus for o in others), len(here.gpus))
    for unit, (more, taken, there) in wanted.items():
        if more and taken + more > there:
            words = f"{size.name} takes {more:g} {unit}, {min(taken, there):.3g} of {there:.3g} are"
            return Full(f"{words} taken on this machine", tuple(str(node.holder) for node in busy))
    return None


def release(holder: str, now: datetime) -> bool:
    """Make the holder's node idle; False when it held none."""
    idle = {"state": NodeState.IDLE, "holder": None, "changed_at": now}
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

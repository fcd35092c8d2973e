"""Clusters and their nodes: make, change, reserve, release. The only writer of Cluster and Node."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from compute import sizes
from compute.models import Cluster, Node
from compute.states import Backend, NodeState, Priority
from studio.errors import BadInput, Conflict
from studio.models import Workspace

DEFAULT_NAME = "cpu-cluster"
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,23}")
MOST_NODES = 1000
MOST_IDLE_SECONDS = 7 * 24 * 3600


def ensure_default(workspace: Workspace) -> Cluster:
    """Return the workspace's `cpu-cluster`, made where it is absent: local, 0 to 2 nodes."""
    return Cluster.objects.get_or_create(
        workspace=workspace,
        name=DEFAULT_NAME,
        deleted_at=None,
        defaults={"backend": Backend.LOCAL},
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
    return cluster


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


def reserve(cluster: Cluster, holder: str, now: datetime) -> Node | None:
    """Give `holder` a node: its own already, an idle one, or one that comes up; None when full.

    Two who ask at once get two nodes, or one of them None.
    """
    mine = Node.objects.filter(cluster=cluster, holder=holder).first()
    if mine is not None:
        return mine
    busy = {"state": NodeState.BUSY, "holder": holder, "changed_at": now}
    try:
        with transaction.atomic():
            # The row's lock makes counting nodes and adding one a single step.
            row = Cluster.objects.select_for_update().get(pk=cluster.pk)
            limit = 0 if row.deleted_at else row.max_nodes
            nodes = list(Node.objects.filter(cluster=cluster).order_by("number"))
            for node in nodes:
                if node.state != NodeState.IDLE or node.number > limit:
                    continue
                if Node.objects.filter(pk=node.pk, state=NodeState.IDLE).update(**busy):
                    node.refresh_from_db()
                    return node
            if len(nodes) >= limit:  # of them some may be too many since a resize, and still busy
                return None
            taken = {node.number for node in nodes}
            number = next(n for n in range(1, limit + 1) if n not in taken)
            return Node.objects.create(cluster=cluster, number=number, **busy)
    except IntegrityError:  # another took the number, or this holder has a node since a moment
        return Node.objects.filter(cluster=cluster, holder=holder).first()


def release(holder: str, now: datetime) -> bool:
    """Make the holder's node idle; False when it held none."""
    idle = {"state": NodeState.IDLE, "holder": None, "changed_at": now}
    return bool(Node.objects.filter(holder=holder).update(**idle))


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
    return gone


def load(cluster: Cluster) -> dict[str, int]:
    """Count the cluster's nodes: {"Idle", "Running", "max"}."""
    states = list(cluster.nodes.values_list("state", flat=True))
    return {
        "Idle": states.count(NodeState.IDLE),
        "Running": states.count(NodeState.BUSY),
        "max": cluster.max_nodes,
    }

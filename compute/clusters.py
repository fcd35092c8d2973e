"""Clusters and their nodes: reserve, release, retire. The only writer of Cluster and Node."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from compute.models import Cluster, Node
from compute.states import Backend, NodeState
from studio.models import Workspace

DEFAULT_NAME = "cpu-cluster"


def ensure_default(workspace: Workspace) -> Cluster:
    """Return the workspace's `cpu-cluster`, made where it is absent: local, 0 to 2 nodes."""
    return Cluster.objects.get_or_create(
        workspace=workspace, name=DEFAULT_NAME, defaults={"backend": Backend.LOCAL}
    )[0]


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
            limit = Cluster.objects.select_for_update().get(pk=cluster.pk).max_nodes
            nodes = list(Node.objects.filter(cluster=cluster).order_by("number"))
            for node in nodes:
                if node.state != NodeState.IDLE:
                    continue
                if Node.objects.filter(pk=node.pk, state=NodeState.IDLE).update(**busy):
                    node.refresh_from_db()
                    return node
            if len(nodes) >= limit:
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
        if now - node.changed_at < rest:
            continue
        with transaction.atomic():
            Cluster.objects.select_for_update().get(pk=cluster.pk)
            if cluster.nodes.count() > cluster.min_nodes:
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

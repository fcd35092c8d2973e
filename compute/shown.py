"""Clusters, node sizes and this machine as the API and the pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from compute import machine, room, sizes
from compute.models import Cluster, Node
from compute.sizes import Size
from compute.states import NodeState

# Of this machine, as node sizes: the whole, and parts of which so many run at once.
PARTS = {1: "The whole machine", 2: "A half", 4: "A quarter"}
MOST_PIPS = 16


@dataclass(frozen=True)
class Share:
    """How much of one thing that the machine has is taken by busy nodes."""

    name: str
    unit: str
    taken: float
    there: float

    @property
    def shown(self) -> float:
        """`taken` as a meter can hold it: a node that is larger than the machine fills it."""
        return min(self.taken, self.there)


def cluster_dict(cluster: Cluster) -> dict[str, Any]:
    """A cluster as the API shows it, its nodes counted by state."""
    nodes = list(cluster.nodes.all())
    states = [node.state for node in nodes]
    size = sizes.known(cluster.node_size)
    is_steady = cluster.min_nodes <= len(nodes) <= cluster.max_nodes
    return {
        "name": cluster.name,
        "backend": cluster.backend,
        "node_size": cluster.node_size,
        "size": size_dict(size) if size else None,
        "min_nodes": cluster.min_nodes,
        "max_nodes": cluster.max_nodes,
        "idle_seconds_before_scaledown": cluster.idle_seconds_before_scaledown,
        "priority": cluster.priority,
        "require_gpu": cluster.require_gpu,
        "has_network": cluster.has_network,
        "created_at": cluster.created_at,
        "state": "Steady" if is_steady else "Resizing",
        "nodes": {state: states.count(state) for state in NodeState},
        "node_list": [{"number": node.number, "state": node.state} for node in nodes],
        "nodes_changed_at": max([cluster.created_at, *(node.changed_at for node in nodes)]),
    }


def size_dict(size: Size) -> dict[str, Any]:
    """What one node of a size has."""
    return {"cpus": size.cpus, "memory_gib": size.memory_gib, "gpus": size.gpus}


def machine_dict() -> dict[str, Any]:
    """What this machine has, and how much of it busy nodes take."""
    here = machine.this()
    taken = {share.name: share.taken for share in taken_here()}
    return {
        "cpus": here.cpus,
        "memory_gib": round(here.memory_gib, 2),
        "gpus": list(here.gpus),
        "taken": {
            "cpus": taken["vCPU"],
            "memory_gib": taken["Memory"],
            "gpus": int(taken["GPU"]),
        },
    }


def taken_here() -> list[Share]:
    """What busy nodes of all clusters take of this machine; idle ones take nothing."""
    here = machine.this()
    taken = room.taken(
        node for node in room.busy_nodes() if machine.place_of(node.cluster) == machine.HERE
    )
    return [
        Share("vCPU", "", taken.cpus, here.cpus),
        Share("Memory", "GiB", taken.memory_gib, here.memory_gib),
        Share("GPU", "", len(taken.gpus), len(here.gpus)),
    ]


def parts_of_machine() -> list[tuple[str, Size]]:
    """Sizes that fit this machine, with what part of it they are."""
    here = machine.this()
    return [(words, sizes.share(here.cpus, here.memory_gib, n)) for n, words in PARTS.items()]


def nodes_facts(cluster: Cluster, nodes: Iterable[Node]) -> dict[str, Any]:
    """What a page says of a cluster's nodes: how many are busy, idle, or may still come up."""
    states = [node.state for node in nodes]
    busy, idle = states.count(NodeState.BUSY), states.count(NodeState.IDLE)
    away = max(0, cluster.max_nodes - len(states))
    counts = {"busy": busy, "idle": idle, "away": away}
    pips = [kind for kind, number in counts.items() for _ in range(number)]
    # Too many to tell apart: then a bar says it.
    return {**counts, "pips": pips if len(pips) <= MOST_PIPS else []}

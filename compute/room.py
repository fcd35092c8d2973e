"""Whether there is room for more nodes: in a cluster, and on the machine that it shares."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compute import machine, sizes
from compute.machine import Machine
from compute.models import Cluster, Node
from compute.sizes import Size
from compute.states import NodeState

# Parts of a vCPU and of a GiB add up to a hair more than they are.
HAIR = 1e-6


@dataclass(frozen=True)
class Full:
    """Why there is no node now: in words, and the keys of those who hold what is waited for.

    of_machine: the cluster may have more nodes, and the machine that it is on has no room for them.
    """

    words: str
    holders: tuple[str, ...] = ()
    of_machine: bool = False


@dataclass(frozen=True)
class Taken:
    """What busy nodes take together: vCPUs, GiB of memory, and numbers of GPUs."""

    cpus: float
    memory_gib: float
    gpus: frozenset[int]


def busy_nodes() -> list[Node]:
    """All nodes that are held, with their clusters."""
    return list(Node.objects.filter(state=NodeState.BUSY).select_related("cluster"))


def size_of(node: Node) -> Size | None:
    """What a node is: while it is held what it was when it was taken, whatever its cluster is now.

    None where nobody knows the size any more.
    """
    return sizes.known(node.size or node.cluster.node_size)


def taken(nodes: Iterable[Node]) -> Taken:
    """What these nodes take of their machine; one that is larger than the machine counts whole."""
    nodes = list(nodes)
    held = [size for node in nodes if (size := size_of(node)) is not None]
    return Taken(
        cpus=sum(size.cpus for size in held),
        memory_gib=sum(size.memory_gib for size in held),
        gpus=frozenset(number for node in nodes for number in node.gpus),
    )


def full(cluster: Cluster, holders: Sequence[str], busy: list[Node], there: Machine) -> Full | None:
    """Why `holders` cannot have a node each now, all at once; None where they can.

    busy: all nodes that are held; those that `holders` have already count as theirs.
    there: the cluster's machine.
    """
    if cluster.deleted_at:
        return Full(f"{cluster.name} was deleted")
    if (words := too_many(cluster, len(holders))) is not None:
        return Full(words)
    others = [node for node in busy if node.holder not in set(holders)]
    own = [node for node in others if node.cluster_id == cluster.pk]
    if len(own) + len(holders) > cluster.max_nodes:
        return _all_held(cluster, own, len(holders))
    size = sizes.known(cluster.node_size)
    if size is None:
        return Full(f"there is no node size {cluster.node_size} any more: resize {cluster.name}")
    if cluster.require_gpu and sizes.gpus_of_node(size, there, len(holders)) < size.gpus:
        return Full(_needs_gpus(cluster, there))
    key = machine.place_of(cluster)
    beside = [node for node in others if machine.place_of(node.cluster) == key]
    return _too_much(size, len(holders), beside, there)


def too_many(cluster: Cluster, count: int) -> str | None:
    """Why the cluster can never give `count` nodes as it is, with the way out; else None."""
    most = cluster.max_nodes
    if most == 0:
        return f"{cluster.name} may have no node (max_nodes is 0): resize it"
    if count > most:
        nodes = "1 node" if most == 1 else f"{most} nodes"
        return f"{cluster.name} has at most {nodes}, {count} are needed: resize it (max_nodes)"
    return None


def _needs_gpus(cluster: Cluster, there: Machine) -> str:
    has = f"{there.name} has {len(there.gpus) or 'none'}"
    why = f" ({there.doubt})" if there.doubt else ""
    return f"{cluster.name} requires a GPU for each node, {has}{why}"


def _all_held(cluster: Cluster, own: list[Node], count: int) -> Full:
    holders = tuple(str(node.holder) for node in own)
    if cluster.max_nodes == 1:
        return Full(f"the only node of {cluster.name} is held", holders)
    free = cluster.max_nodes - len(own)
    if free <= 0:  # a resize may have left more than there may be
        return Full(f"all {cluster.max_nodes} nodes of {cluster.name} are held", holders)
    are = "is" if free == 1 else "are"
    words = f"{count} nodes are needed at once, {free} of {cluster.max_nodes} of {cluster.name}"
    return Full(f"{words} {are} free; the rest are held", holders)


def _too_much(size: Size, count: int, beside: list[Node], there: Machine) -> Full | None:
    """Whether the machine has no room for so many nodes of this size, and who takes it.

    Those that are too large for it, even alone, have it when nothing else is on it.
    """
    if not beside:
        return None
    held = taken(beside)
    holders = tuple(str(node.holder) for node in beside)
    wanted = {
        "vCPU": (count * size.cpus, held.cpus, there.cpus),
        "GiB of memory": (count * size.memory_gib, held.memory_gib, there.memory_gib),
    }
    who = f"{size.name} takes" if count == 1 else f"{count} nodes of {size.name} take"
    doubt = f" ({there.doubt})" if there.doubt else ""
    for unit, (more, by_others, whole) in wanted.items():
        if more and by_others + more > whole + HAIR:
            are = f"{min(by_others, whole):.3g} of {whole:.3g} are taken on {there.name}"
            return Full(f"{who} {more:.4g} {unit}, {are}{doubt}", holders, of_machine=True)
    gpus = count * sizes.gpus_of_node(size, there, count)
    if gpus > len(free_gpus(beside, there)):
        holders = tuple(str(node.holder) for node in beside if node.gpus)
        are = f"{len(held.gpus)} of {len(there.gpus)} are taken on {there.name}"
        return Full(f"{who} {gpus} GPU, {are}{doubt}", holders, of_machine=True)
    return None


def free_gpus(beside: list[Node], there: Machine) -> list[int]:
    """Numbers of the machine's GPUs that none of these nodes has."""
    held = taken(beside).gpus
    return [number for number in range(len(there.gpus)) if number not in held]

"""The only way a request gets hold of a cluster."""

from django.conf import settings

from compute import machine, sizes
from compute.models import Cluster
from compute.states import Backend
from studio.errors import BadInput, NotAllowed, UnknownCluster
from studio.models import User, Workspace

# Less than this no driver starts in: a run must not be let in to fail so.
LEAST_CPUS = 0.05
LEAST_MEMORY_BYTES = 64 * 2**20


def cluster_for(workspace: Workspace, name: str) -> Cluster:
    """Return the cluster `name`. Raises UnknownCluster listing the known ones."""
    cluster = Cluster.objects.there().filter(workspace=workspace, name=name).first()
    if cluster is None:
        known = ", ".join(
            Cluster.objects.there().filter(workspace=workspace).values_list("name", flat=True)
        )
        raise UnknownCluster(
            f'no cluster "{name}" in workspace "{workspace.name}"; clusters: {known or "none yet"}',
            fields={"cluster": f"known: {known or 'none yet'}"},
        )
    return cluster


def may_run_here() -> bool:
    """Whether code of people may run as the studio's own user: one person, or all are trusted."""
    return settings.LOCAL_BACKEND_FOR_ALL or User.objects.filter(is_active=True).count() <= 1


def check_may_run(cluster: Cluster, nodes: int = 1) -> None:
    """Refuse what could never run: raises BadInput; and a local cluster while several can sign in.

    Its tasks are the studio's user. Raises NotAllowed, unless the operator has said that all of
    them are trusted with the account.
    """
    _check_share(cluster, nodes)
    if cluster.require_gpu:
        _check_gpus(cluster, nodes)
    if cluster.backend == Backend.LOCAL and not may_run_here():
        raise NotAllowed(
            f"{cluster} runs scripts as the studio's own user, and several people can sign in:"
            " whoever submits could read everything here. If all of them may, start the studio"
            " with STUDIO_LOCAL_BACKEND_FOR_ALL=1"
        )


def _check_share(cluster: Cluster, nodes: int) -> None:
    """Refuse a run on so many nodes that each would get too little of the machine to run at all."""
    there = machine.of(cluster)
    each = sizes.grant(sizes.find(cluster.node_size), there, nodes)
    most = min(there.cpus / LEAST_CPUS, there.memory_bytes / LEAST_MEMORY_BYTES)
    if not there.doubt and (each.cpus < LEAST_CPUS or each.memory_bytes < LEAST_MEMORY_BYTES):
        raise BadInput(
            f"{nodes} nodes would share {there.name}: each gets {each.cpus:.3f} vCPU and"
            f" {each.memory_bytes / 2**20:.0f} MiB, too little to run anything; ask for"
            f" {most:.0f} or fewer",
            fields={"node_count": f"at most {most:.0f} here"},
        )


def _check_gpus(cluster: Cluster, nodes: int) -> None:
    """Refuse a run on a cluster that requires GPUs where its machine has fewer than it needs."""
    there = machine.of(cluster)
    if there.doubt:  # what it has shows when it answers; the run waits until then
        return
    if not there.gpus:
        raise BadInput(
            f"{cluster} requires a GPU and {there.name} has none: choose another cluster, or"
            " let this one run without (require_gpu)",
            fields={"cluster": "requires a GPU"},
        )
    size = sizes.find(cluster.node_size)
    if not size.gpus:
        raise BadInput(
            f"{cluster} requires a GPU and its nodes ({size.name}) have none: resize it (node_size,"
            f" such as {size.cpus:g}cpu-{size.memory_gib:g}gib-1gpu), or let it run without"
            " (require_gpu)",
            fields={"cluster": "its nodes have no GPU"},
        )
    needed = nodes * size.gpus
    if needed > len(there.gpus):
        what = f"{nodes} node{'s' if nodes > 1 else ''} of {cluster.node_size}"
        raise BadInput(
            f"{cluster} requires a GPU: {what} need {needed}, and {there.name} has"
            f" {len(there.gpus)}; ask for fewer nodes, choose another cluster, or let this one run"
            " with fewer (require_gpu)",
            fields={"node_count" if nodes > 1 else "cluster": f"needs {needed} GPU"},
        )

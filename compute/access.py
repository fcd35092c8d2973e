"""The only way a request gets hold of a cluster."""

from compute.models import Cluster
from studio.errors import UnknownCluster
from studio.models import Workspace


def cluster_for(workspace: Workspace, name: str) -> Cluster:
    """Return the cluster `name`. Raises UnknownCluster listing the known ones."""
    cluster = Cluster.objects.filter(workspace=workspace, name=name).first()
    if cluster is None:
        known = ", ".join(
            Cluster.objects.filter(workspace=workspace).values_list("name", flat=True)
        )
        raise UnknownCluster(
            f'no cluster "{name}" in workspace "{workspace.name}"; clusters: {known or "none yet"}',
            fields={"cluster": f"known: {known or 'none yet'}"},
        )
    return cluster

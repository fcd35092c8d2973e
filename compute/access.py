"""The only way a request gets hold of a cluster."""

from django.conf import settings

from compute import machine
from compute.models import Cluster
from compute.states import Backend
from studio.errors import BadInput, NotAllowed, UnknownCluster
from studio.models import User, Workspace


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


def check_may_run(cluster: Cluster) -> None:
    """Refuse what could never run: raises BadInput; and a local cluster while several can sign in.

    Its tasks are the studio's user. Raises NotAllowed, unless the operator has said that all of
    them are trusted with the account.
    """
    if cluster.require_gpu and not machine.this().gpus:
        raise BadInput(
            f"{cluster} requires a GPU and this machine has none: choose another cluster, or"
            " let this one run without (require_gpu)",
            fields={"cluster": "requires a GPU"},
        )
    if cluster.backend == Backend.LOCAL and not may_run_here():
        raise NotAllowed(
            f"{cluster} runs scripts as the studio's own user, and several people can sign in:"
            " whoever submits could read everything here. If all of them may, start the studio"
            " with STUDIO_LOCAL_BACKEND_FOR_ALL=1"
        )

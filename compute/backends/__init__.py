"""Where tasks run: one module per backend, all keeping the contract in base."""

from compute.backends.base import Backend
from compute.backends.docker import Docker
from compute.backends.local import Local
from compute.models import Cluster
from compute.states import Backend as Kind

BACKENDS: dict[str, Backend] = {Kind.LOCAL: Local(), Kind.DOCKER: Docker()}


def backend_for(cluster: Cluster) -> Backend:
    """Return the backend of a cluster."""
    return BACKENDS[cluster.backend]

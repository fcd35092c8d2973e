"""Clusters over HTTP."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute.access import cluster_for
from compute.models import Cluster
from compute.states import NodeState
from studio.api_access import workspace_of
from studio.auth import ByPerson


def cluster_dict(cluster: Cluster) -> dict[str, Any]:
    """A cluster as the API shows it, its nodes counted by state."""
    states = [node.state for node in cluster.nodes.all()]
    return {
        "name": cluster.name,
        "backend": cluster.backend,
        "node_size": cluster.node_size,
        "min_nodes": cluster.min_nodes,
        "max_nodes": cluster.max_nodes,
        "idle_seconds_before_scaledown": cluster.idle_seconds_before_scaledown,
        "created_at": cluster.created_at,
        "nodes": {state: states.count(state) for state in NodeState},
    }


class Clusters(APIView):
    """The clusters of a workspace."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="list_clusters", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        found = Cluster.objects.filter(workspace=place).prefetch_related("nodes")
        return Response({"items": [cluster_dict(cluster) for cluster in found]})


class OneCluster(APIView):
    """One cluster; 404 unknown_cluster lists the known ones."""

    permission_classes = [ByPerson]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        return Response(cluster_dict(cluster_for(workspace_of(request, workspace), name)))

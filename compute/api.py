"""Clusters over HTTP. What runs and waits on them is the upper app's."""

from django.utils.timezone import now as clock
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute import clusters, sizes
from compute.access import cluster_for
from compute.models import Cluster
from compute.shown import cluster_dict, machine_dict, size_dict
from studio.api_access import workspace_of
from studio.api_input import Input
from studio.auth import ByPerson


class ClusterFields(Input):
    """What may be said of a cluster; what is not said stays, or is the usual."""

    node_size = serializers.CharField(required=False, max_length=40)
    min_nodes = serializers.IntegerField(required=False)
    max_nodes = serializers.IntegerField(required=False)
    idle_seconds_before_scaledown = serializers.IntegerField(required=False)
    backend = serializers.CharField(required=False, max_length=16)
    priority = serializers.CharField(required=False, max_length=16)
    require_gpu = serializers.BooleanField(required=False)
    has_network = serializers.BooleanField(required=False)


class NewCluster(ClusterFields):
    """A cluster to make."""

    name = serializers.CharField(max_length=255)


class Clusters(APIView):
    """The clusters of a workspace; POST makes one."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="list_clusters", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        found = Cluster.objects.there().filter(workspace=place).prefetch_related("nodes")
        return Response({"items": [cluster_dict(cluster) for cluster in found]})

    @extend_schema(request=NewCluster, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = NewCluster.read(request.data)
        return Response(cluster_dict(clusters.create(place, **wanted)), status=201)


class OneCluster(APIView):
    """One cluster; 404 unknown_cluster lists the known ones. PATCH changes it, DELETE ends it."""

    permission_classes = [ByPerson]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        return Response(cluster_dict(cluster_for(workspace_of(request, workspace), name)))

    @extend_schema(request=ClusterFields, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        cluster = cluster_for(place, name)
        return Response(cluster_dict(clusters.change(cluster, **ClusterFields.read(request.data))))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        clusters.delete(cluster_for(place, name), clock())
        return Response(status=204)


class Sizes(APIView):
    """The node sizes that have names, and what this machine has and gives."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="list_node_sizes", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace)
        named = [{"name": size.name, **size_dict(size)} for size in sizes.SIZES.values()]
        return Response({"items": named, "machine": machine_dict()})

"""Aliases over HTTP: names for one version of a model or of a dataset that people move on."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import aliases, datasets
from registry.access import asset_for, version_for
from registry.api import model_dict
from registry.api_access import people_only
from registry.datasets_api import dataset_dict
from registry.models import Kind, Version
from studio.api_access import workspace_of
from studio.api_input import Input
from studio.auth import ByPersonOrRun


class PointedAt(Input):
    """The version that an alias shall stand for."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class AliasView(APIView):
    """PUT lets an alias stand for a version, in one step; DELETE takes the alias away."""

    permission_classes = [ByPersonOrRun]
    kind: Kind

    def shown(self, version: Version) -> dict[str, Any]:
        """The version, as the API shows it."""
        return model_dict(version)

    @extend_schema(request=PointedAt, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request, workspace: str, name: str, alias: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        aliases.check(alias)
        number = PointedAt.read(request.data)["version"]
        version = version_for(place, self.kind, name, number, write=True)
        aliases.point(version, alias)
        return Response(self.shown(version))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, workspace: str, name: str, alias: str) -> Response:
        people_only(request)
        place = workspace_of(request, workspace, write=True)
        aliases.remove(asset_for(place, self.kind, name, write=True), alias)
        return Response(status=204)


class ModelAlias(AliasView):
    """An alias of a model's version."""

    kind = Kind.MODEL


class DatasetAlias(AliasView):
    """An alias of a dataset's version."""

    kind = Kind.DATASET

    def shown(self, version: Version) -> dict[str, Any]:
        return dataset_dict(datasets.with_tree(version))

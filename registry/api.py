"""Environments and models over HTTP."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute.models import ImageBuild
from registry import environments, model_files, versions
from registry.access import number_in, version_for
from registry.models import Kind, Version
from studio.api_access import workspace_of
from studio.api_input import Input
from studio.auth import ByPerson, ByPersonOrRun, user_of
from studio.files import blobs
from studio.files.downloads import file_response, zip_response


def common(version: Version) -> dict[str, Any]:
    """What every version says of itself."""
    return {
        "name": version.asset.name,
        "version": version.number,
        "id": str(version),
        "description": version.description,
        "tags": version.tags,
        "properties": version.properties,
        "created_at": version.created_at,
        "created_by": version.created_by.username if version.created_by else None,
    }


def environment_dict(version: Version, image: str | None) -> dict[str, Any]:
    """An environment version; `image` is its build's state, None when nobody asked for one yet."""
    return {**common(version), "definition": version.environment.definition, "image": image}


def model_dict(version: Version, *, with_files: bool = True) -> dict[str, Any]:
    """A model version. `run_id` is the run it was registered from, "" for an upload."""
    tree = version.model.tree
    facts = {
        **common(version),
        "framework": version.model.framework,
        "framework_version": version.model.framework_version,
        "size_bytes": tree.size_bytes,
        "file_count": tree.file_count,
        "run_id": version.properties.get("run_id", ""),
    }
    if with_files:
        facts["files"] = [[path, size] for path, _, size in model_files.files(version)]
    return facts


def image_states(found: list[Version]) -> dict[str, str]:
    """Recipe digest → state of its image build, for those that were ever asked for."""
    digests = {version.environment.recipe_digest for version in found}
    builds = ImageBuild.objects.filter(recipe_digest__in=digests)
    return dict(builds.values_list("recipe_digest", "state"))


class NewEnvironment(Input):
    """A definition to register under a name."""

    name = serializers.CharField(max_length=255)
    definition = serializers.JSONField()
    description = serializers.CharField(required=False, allow_blank=True, default="")


class Environments(APIView):
    """The newest version of each environment; POST registers the next one."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="list_environments", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        found = environments.latest(workspace_of(request, workspace))
        states = image_states(found)
        items = [environment_dict(v, states.get(v.environment.recipe_digest)) for v in found]
        return Response({"items": items})

    @extend_schema(request=NewEnvironment, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = NewEnvironment.read(request.data)
        version = environments.register(place, user_of(request), **wanted)
        states = image_states([version])
        image = states.get(version.environment.recipe_digest)
        return Response(environment_dict(version, image), status=201)


class OneEnvironment(APIView):
    """One version of an environment, the newest without `?version=`."""

    permission_classes = [ByPerson]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        number = number_in(request.query_params.get("version"))
        version = environments.get(workspace_of(request, workspace), name, number)
        states = image_states([version])
        return Response(environment_dict(version, states.get(version.environment.recipe_digest)))


class Models(APIView):
    """The newest version of each model."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="list_models", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        found = versions.latest(workspace_of(request, workspace), Kind.MODEL)
        return Response({"items": [model_dict(version, with_files=False) for version in found]})


class OneModel(APIView):
    """One version of a model, the newest without `?version=`."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        number = number_in(request.query_params.get("version"))
        version = version_for(workspace_of(request, workspace), Kind.MODEL, name, number)
        return Response(model_dict(version))


class ModelFile(APIView):
    """One file of a model version (Range, ETag)."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(
        self, request: Request, workspace: str, name: str, number: int, path: str
    ) -> HttpResponseBase:
        version = version_for(workspace_of(request, workspace), Kind.MODEL, name, number)
        return file_response(request, model_files.file(version, path), path)


class ModelZip(APIView):
    """All files of a model version as one zip."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(self, request: Request, workspace: str, name: str, number: int) -> HttpResponseBase:
        version = version_for(workspace_of(request, workspace), Kind.MODEL, name, number)
        entries = ((path, blobs.read(sha256)) for path, sha256, _ in model_files.files(version))
        return zip_response(request, entries, f"{name}-{number}.zip")

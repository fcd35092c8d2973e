"""Models over HTTP."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import model_files, versions
from registry.access import number_in, version_for
from registry.api_shown import common
from registry.models import Kind, Version
from studio.api_access import workspace_of
from studio.auth import ByPerson, ByPersonOrRun
from studio.files import blobs
from studio.files.downloads import file_response, zip_response


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

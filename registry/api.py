"""Models over HTTP: what is said of a version, and its bytes. The rest is `model_api`."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import model_files
from registry.access import named_in, version_for
from registry.api_shown import common
from registry.inspecting import looking
from registry.inspecting.found import Inside
from registry.inspecting.reading import source_of
from registry.models import Kind, Version
from studio.api_access import workspace_of
from studio.auth import ByPersonOrRun
from studio.errors import NotFound
from studio.files import blobs
from studio.files.downloads import file_response, zip_response

MOST_TENSORS = 10_000


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
        "aliases": [alias.name for alias in version.aliases.all()],
        "archived": version.asset.archived_at is not None,
    }
    if with_files:
        facts["files"] = [[path, size] for path, _, size in model_files.files(version)]
        facts["tree"] = tree.sha256
    return facts


class ModelFile(APIView):
    """One file of a model version (Range, ETag)."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(
        self, request: Request, workspace: str, name: str, number: str, path: str
    ) -> HttpResponseBase:
        place = workspace_of(request, workspace)
        version = version_for(place, Kind.MODEL, name, named_in(number))
        return file_response(request, model_files.file(version, path), path)


class ModelZip(APIView):
    """All files of a model version as one zip, or those below `?prefix=`."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[OpenApiParameter("prefix")], responses=OpenApiTypes.BINARY)
    def get(self, request: Request, workspace: str, name: str, number: str) -> HttpResponseBase:
        place = workspace_of(request, workspace)
        version = version_for(place, Kind.MODEL, name, named_in(number))
        prefix = request.query_params.get("prefix", "")
        chosen = [one for one in model_files.files(version) if one[0].startswith(prefix)]
        if not chosen:
            raise NotFound(f"{version} has no file below {prefix[:200]}")
        entries = ((path, blobs.read(sha256)) for path, sha256, _ in chosen)
        part = "-" + prefix.strip("/").rpartition("/")[2] if prefix.strip("/") else ""
        return zip_response(request, entries, f"{name}-{version.number}{part}.zip")


class ModelInside(APIView):
    """What one file of a model version holds, without loading it: names, shapes, dtypes."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        parameters=[OpenApiParameter("path", required=True)], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, workspace: str, name: str, number: str) -> Response:
        place = workspace_of(request, workspace)
        version = version_for(place, Kind.MODEL, name, named_in(number))
        path = request.query_params.get("path", "")
        blob = model_files.file(version, path)
        found = looking.look(path, source_of(blob.sha256, blob.size_bytes))
        return Response({"path": path, **inside_dict(found)})


def inside_dict(found: Inside) -> dict[str, Any]:
    """What is inside a file, as the API says it."""
    tensors = [
        {
            "name": tensor.name,
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "size_bytes": tensor.size_bytes,
            "remark": tensor.remark,
        }
        for tensor in found.tensors[:MOST_TENSORS]
    ]
    return {
        "format": found.format,
        "parameter_count": found.parameter_count,
        "dtypes": dict(found.dtypes),
        "facts": [list(fact) for fact in found.facts],
        "tensors": tensors,
        "tensor_count": len(found.tensors),
        "tables": [
            {"title": table.title, "columns": list(table.columns), "rows": table.rows}
            for table in found.tables
        ],
        "warning": found.warning,
        "problem": found.problem,
    }

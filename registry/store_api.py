"""The workspace's store over HTTP: what `workspaceblobstore` is to scripts."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import store
from registry.api_access import people_only
from registry.datasets_api import (
    CURSOR,
    FILES_ON_A_PAGE,
    MOST_FILES_ON_A_PAGE,
    OBJECT,
    Pairs,
    tree_dict,
    whole,
)
from studio.api_access import workspace_of
from studio.api_input import Input
from studio.auth import ByPersonOrRun
from studio.files.downloads import file_response


class NewFiles(Input):
    """Files to store; those that are there stay as they are without `overwrite`."""

    files = Pairs()
    overwrite = serializers.BooleanField(required=False, default=False)


class Store(APIView):
    """Files of the workspace, by path; POST stores contents that were sent under paths."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        operation_id="list_store",
        parameters=[OpenApiParameter("prefix"), CURSOR, OpenApiParameter("count", type=int)],
        responses=OBJECT,
    )
    def get(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        query = request.query_params
        size = max(1, whole(request, "count", FILES_ON_A_PAGE, MOST_FILES_ON_A_PAGE))
        rows, following = store.listed(place, query.get("prefix", ""), query.get("cursor"), size)
        return Response({"items": [_shown(row) for row in rows], "next": following})

    @extend_schema(request=NewFiles, responses=OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = NewFiles.read(request.data)
        stored, skipped = store.put(place, wanted["files"], overwrite=wanted["overwrite"])
        return Response({"stored": stored, "skipped": skipped})


def _shown(row: Any) -> dict[str, Any]:
    return {
        "path": row.path,
        "size_bytes": row.blob.size_bytes,
        "sha256": row.blob_id,
        "updated_at": row.updated_at,
    }


class StoredOne(APIView):
    """One file of the store (Range, ETag); DELETE removes it, or all below a folder."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(self, request: Request, workspace: str, path: str = "tree") -> HttpResponseBase:
        return file_response(request, store.get(workspace_of(request, workspace), path), path)

    @extend_schema(responses=OBJECT)
    def delete(self, request: Request, workspace: str, path: str = "tree") -> Response:
        people_only(request)  # whose file it was is not known: a run may replace it, not remove it
        place = workspace_of(request, workspace, write=True)
        return Response(asdict(store.remove(place, path)))


class Patterns(Input):
    """Files of the store that become one tree."""

    patterns = serializers.ListField(child=serializers.CharField(max_length=1000))


class StoreTree(StoredOne):
    """POST: the tree of the files that patterns name. Else the file that is called `tree`."""

    @extend_schema(request=Patterns, responses=OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        return Response(tree_dict(store.tree(place, Patterns.read(request.data)["patterns"])))

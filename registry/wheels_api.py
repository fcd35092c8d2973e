"""Wheels of a workspace over HTTP; where pip gets them is `views.wheels`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import wheels
from registry.api_access import people_only
from registry.datasets_api import CURSOR, OBJECT
from registry.models import PrivateWheel
from studio.api_access import workspace_of
from studio.api_input import Input
from studio.auth import ByPersonOrRun, user_of
from studio.pages import page


class NewWheel(Input):
    """A content that was sent, and what the wheel is called."""

    name = serializers.CharField(max_length=255)
    sha256 = serializers.CharField(max_length=64)
    exist_ok = serializers.BooleanField(required=False, default=False)


class Wheels(APIView):
    """Wheels that are kept for environments, by name; POST keeps one that was sent."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(operation_id="list_wheels", parameters=[CURSOR], responses=OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        found = place.private_wheels.select_related("blob", "created_by")
        shown, following = page(found, request.query_params.get("cursor"))
        return Response({"items": [_shown(wheel) for wheel in shown], "next": following})

    @extend_schema(request=NewWheel, responses={201: OBJECT, 200: OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wheel, is_new = wheels.add(place, user_of(request), **NewWheel.read(request.data))
        return Response(_shown(wheel), status=201 if is_new else 200)


class OneWheel(APIView):
    """DELETE keeps a wheel no longer."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, workspace: str, sha256: str, name: str) -> Response:
        people_only(request)
        wheels.remove(workspace_of(request, workspace, write=True), sha256, name)
        return Response(status=204)


def _shown(wheel: PrivateWheel) -> dict[str, Any]:
    return {
        "name": wheel.name,
        "sha256": wheel.blob_id,
        "size_bytes": wheel.blob.size_bytes,
        "url": wheels.address(wheel),
        "created_at": wheel.created_at,
        "created_by": wheel.created_by.username,
    }

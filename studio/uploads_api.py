"""Large contents over HTTP, in pieces, so that a cut costs what was under way and no more."""

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from studio.api import RawBody, body_of
from studio.api_access import workspace_of
from studio.api_input import Input
from studio.auth import ByPersonOrRun, subject_of, user_of
from studio.files import uploads
from studio.models import Blob, Upload

MOST_BYTES = 2**62


class Wanted(Input):
    """What will be sent."""

    size_bytes = serializers.IntegerField(min_value=0, max_value=MOST_BYTES)
    sha256 = serializers.CharField(required=False, allow_blank=True, default="")


class From(Input):
    """From which byte on."""

    offset = serializers.IntegerField(min_value=0, max_value=MOST_BYTES)


class Uploads(APIView):
    """Begin to send a content."""

    permission_classes = [ByPersonOrRun]
    parser_classes = [JSONParser]

    @extend_schema(request=Wanted, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = Wanted.read(request.data)
        begun = uploads.begin(place, user_of(request), subject=subject_of(request) or "", **wanted)
        if isinstance(begun, Blob):
            there = {"sha256": begun.sha256, "size_bytes": begun.size_bytes, "is_there": True}
            return Response(there, status=201)
        return Response(_shown(begun), status=201)


class OneUpload(APIView):
    """How far an upload is; more bytes of it; away with it."""

    permission_classes = [ByPersonOrRun]
    parser_classes = [RawBody]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, upload_id: UUID) -> Response:
        return Response(_shown(_upload(request, workspace, upload_id)))

    @extend_schema(parameters=[From], request=OpenApiTypes.BINARY, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, workspace: str, upload_id: UUID) -> Response:
        upload = _upload(request, workspace, upload_id)
        offset = From.read(request.query_params)["offset"]
        return Response({"at": uploads.append(upload, offset, body_of(request))})

    @extend_schema(responses={204: None})
    def delete(self, request: Request, workspace: str, upload_id: UUID) -> Response:
        uploads.abandon(_upload(request, workspace, upload_id))
        return Response(status=204)


class FinishUpload(APIView):
    """Make the content of what arrived."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str, upload_id: UUID) -> Response:
        blob = uploads.finish(_upload(request, workspace, upload_id))
        return Response({"sha256": blob.sha256, "size_bytes": blob.size_bytes})


def _upload(request: Request, workspace: str, key: UUID) -> Upload:
    place = workspace_of(request, workspace, write=True)
    return uploads.find(place, user_of(request), subject_of(request) or "", key)


def _shown(upload: Upload) -> dict[str, object]:
    return {"id": upload.pk, "at": uploads.at(upload), "size_bytes": upload.size_bytes}

"""Who am I, workspaces, tokens, blobs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.timezone import now
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from studio import tokens, workspaces
from studio.access import home_workspace, workspaces_of
from studio.api_access import workspace_of
from studio.api_input import Input, Tags, changed
from studio.auth import ByPerson, ByPersonOrRun, subject_of, user_of
from studio.errors import NotAllowed, NotFound
from studio.files import batches, blobs, bodies
from studio.models import Token, TokenKind, Workspace


class RawBody(BaseParser):
    """Leaves the body alone: the view streams it."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None):  # type: ignore[no-untyped-def]
        return stream


def body_of(request: Request) -> Iterator[bodies.Piece]:
    """Yield the request's body as studio.files.bodies does. Raises CutOff where it ends early."""
    return bodies.body_of(request._request)


class Me(APIView):
    """Who the caller is and where."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        token = request.auth if isinstance(request.auth, Token) else None
        workspace = token.workspace if token else home_workspace(user_of(request))
        return Response(
            {
                "username": user_of(request).username,
                "workspace": workspace.name,
                "token": token.kind if token else None,
                "version": settings.SPECTACULAR_SETTINGS["VERSION"],
            }
        )


def workspace_dict(workspace: Workspace) -> dict[str, Any]:
    """A workspace as the API shows it."""
    return {
        "name": workspace.name,
        "friendly_name": workspace.friendly_name,
        "description": workspace.description,
        "tags": workspace.tags,
        "created_at": workspace.created_at,
    }


class ChangedWorkspace(Input):
    """What may be changed of a workspace; tags are merged, null removes one."""

    friendly_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    description = serializers.CharField(required=False, allow_blank=True)
    tags = Tags(required=False)


class NewWorkspace(ChangedWorkspace):
    """A workspace to make, with what is written on it."""

    name = serializers.CharField(max_length=100)


class Workspaces(APIView):
    """The workspaces that the caller reaches; POST makes one, and gives a token for it."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="list_workspaces", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        found = workspaces_of(user_of(request))
        if isinstance(request.auth, Token):
            found = found.filter(pk=request.auth.workspace_id)
        return Response({"items": [workspace_dict(workspace) for workspace in found]})

    @extend_schema(request=NewWorkspace, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        wanted = NewWorkspace.read(request.data)
        made = workspaces.make(user_of(request), **wanted)
        until = now() + timedelta(days=365)
        words = f"made with {made.name}"
        _, secret = tokens.issue(user_of(request), made, name=words, expires_at=until)
        return Response({**workspace_dict(made), "token": secret}, status=201)


class OneWorkspace(APIView):
    """A workspace; PATCH describes it, by those who own it."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        return Response(workspace_dict(workspace_of(request, workspace)))

    @extend_schema(request=ChangedWorkspace, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, workspace: str) -> Response:
        if subject_of(request) is not None:
            raise NotAllowed("a run may not change its workspace; use a personal token")
        place = workspace_of(request, workspace, own=True)
        workspaces.describe(place, **changed(ChangedWorkspace, request))
        return Response(workspace_dict(place))


class NewToken(Input):
    name = serializers.CharField(max_length=100)
    days = serializers.IntegerField(min_value=1, max_value=3650, default=365)


class Tokens(APIView):
    """Personal tokens of the caller."""

    permission_classes = [ByPerson]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        mine = Token.objects.filter(user=user_of(request), kind=TokenKind.PERSONAL)
        return Response({"items": [_shown(token) for token in mine]})

    @extend_schema(request=NewToken, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        wanted = NewToken.read(request.data)
        token, secret = tokens.issue(
            user_of(request),
            request.auth.workspace
            if isinstance(request.auth, Token)
            else home_workspace(user_of(request)),
            name=wanted["name"],
            expires_at=now() + timedelta(days=wanted["days"]),
        )
        return Response({**_shown(token), "token": secret}, status=201)


class OneToken(APIView):
    permission_classes = [ByPerson]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        gone, _ = Token.objects.filter(
            pk=token_id, user=user_of(request), kind=TokenKind.PERSONAL
        ).delete()
        if not gone:
            raise NotFound(f"no token {token_id} of yours; it may be revoked already")
        return Response(status=204)


def _shown(token: Token) -> dict[str, object]:
    return {
        "id": token.pk,
        "name": token.name,
        "hint": token.hint,
        "workspace": token.workspace.name,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }


class Asked(Input):
    sha256 = serializers.ListField(child=serializers.CharField(), max_length=20_000)


class MissingBlobs(APIView):
    """Which contents still have to be sent."""

    permission_classes = [ByPerson]
    parser_classes = [JSONParser]

    @extend_schema(request=Asked, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace, write=True)
        asked = Asked.read(request.data)
        return Response({"missing": blobs.missing(asked["sha256"])})


class PutBlob(APIView):
    """Send one content under its SHA-256."""

    permission_classes = [ByPerson]
    parser_classes = [RawBody]

    @extend_schema(request=OpenApiTypes.BINARY, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request, workspace: str, sha256: str) -> Response:
        workspace_of(request, workspace, write=True)
        blob = blobs.put(body_of(request), sha256, bodies.length_of(request._request))
        return Response({"sha256": blob.sha256, "size_bytes": blob.size_bytes})


class PutBatch(APIView):
    """Send many small contents, each under its SHA-256, in one body: all are kept, or none."""

    permission_classes = [ByPersonOrRun]
    parser_classes = [RawBody]

    @extend_schema(request=OpenApiTypes.BINARY, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace, write=True)
        return Response({"kept": batches.keep(body_of(request))})


class PostBlob(APIView):
    """Send one content; the answer says its SHA-256."""

    permission_classes = [ByPerson]
    parser_classes = [RawBody]

    @extend_schema(request=OpenApiTypes.BINARY, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace, write=True)
        blob = blobs.put(body_of(request), size_bytes=bodies.length_of(request._request))
        return Response({"sha256": blob.sha256, "size_bytes": blob.size_bytes}, status=201)

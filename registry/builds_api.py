"""The images of environment versions over HTTP: state, log, lock, Dockerfile, comparison."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute import recipes
from compute.building import locks
from compute.building.masking import without_secrets
from compute.models import Image, ImageBuild
from compute.states import ImageKind
from registry import builds, comparing, environments
from registry.access import number_in
from registry.models import Version
from studio.api_access import workspace_of
from studio.api_input import Input
from studio.api_streams import PieceAsked, piece
from studio.auth import ByPerson
from studio.errors import NotFound

OBJECT = OpenApiTypes.OBJECT
KIND = OpenApiParameter("kind", enum=ImageKind.values, description="local where it is not said")
LOG = "20_image_build_log.txt"


def image_dict(image: Image) -> dict[str, Any]:
    """A finished image."""
    return {
        "digest": image.digest,
        "place": image.place,
        "python": image.python,
        "size_bytes": image.size_bytes,
        "build_seconds": image.build_seconds,
        "built_at": image.built_at,
        "last_used_at": image.last_used_at,
    }


def build_dict(build: ImageBuild, definition: dict[str, Any]) -> dict[str, Any]:
    """A build; `lines` are those of the definition's text `lines_in` that it blames."""
    lines_in, lines = recipes.blamed_in(definition, build.guilty)
    return {
        "kind": build.kind,
        "state": build.state,
        "progress": without_secrets(build.progress),
        "error": without_secrets(build.error),
        "guilty": without_secrets(build.guilty),
        "lines": lines,
        "lines_in": lines_in,
        "attempt": build.attempt,
        "is_wanted": build.is_wanted,
        "asked_at": build.asked_at,
        "started_at": build.started_at,
        "ended_at": build.ended_at,
        "log_size_bytes": build.log.size_bytes,
        "image": image_dict(build.image) if build.image else None,
    }


def version_of(request: Request, workspace: str, name: str, number: int, **write: bool) -> Version:
    """The version that a call's address names, for who may see it."""
    return environments.get(workspace_of(request, workspace, **write), name, number_in(number))


def kind_of(request: Request) -> ImageKind:
    """The kind of image that a call's query names."""
    return builds.kind_in(request.query_params.get("kind"))


def build_asked(request: Request, workspace: str, name: str, number: int) -> ImageBuild:
    """The build of the version and kind that a call names. Raises NotFound."""
    return builds.build_of(version_of(request, workspace, name, number), kind_of(request))


class Build(APIView):
    """The build of a version's image: GET how far it is, POST asks for it."""

    permission_classes = [ByPerson]

    @extend_schema(parameters=[KIND], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str, number: int) -> Response:
        version = version_of(request, workspace, name, number)
        build = builds.build_of(version, kind_of(request))
        return Response(build_dict(build, version.environment.definition))

    @extend_schema(request=None, parameters=[KIND], responses=OBJECT)
    def post(self, request: Request, workspace: str, name: str, number: int) -> Response:
        version = version_of(request, workspace, name, number, write=True)
        build = builds.ask(version, kind_of(request))
        return Response(build_dict(build, version.environment.definition))


class CancelBuild(APIView):
    """Take back that an image is wanted by itself; its build goes on while runs wait for it."""

    permission_classes = [ByPerson]

    @extend_schema(request=None, parameters=[KIND], responses=OBJECT)
    def post(self, request: Request, workspace: str, name: str, number: int) -> Response:
        version = version_of(request, workspace, name, number, write=True)
        build = builds.cancel(version, kind_of(request))
        return Response(build_dict(build, version.environment.definition))


class BuildLog(APIView):
    """Text of a build's log, cut only between characters; a negative offset is from the end."""

    permission_classes = [ByPerson]

    @extend_schema(parameters=[KIND, PieceAsked], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str, number: int) -> Response:
        build = build_asked(request, workspace, name, number)
        return Response(piece(build.log, LOG, PieceAsked.read(request.query_params)))


class Lock(APIView):
    """The exact packages that a version comes to, with their hashes."""

    permission_classes = [ByPerson]

    @extend_schema(parameters=[KIND], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str, number: int) -> Response:
        version = version_of(request, workspace, name, number)
        lock = without_secrets(builds.build_of(version, kind_of(request)).lock)
        if not lock:
            raise NotFound(f"{version} is not solved yet: there is no lock; build it, or wait")
        packages = [
            {
                "name": one.name,
                "version": one.version,
                "source": one.source,
                "build": one.build,
                "channel": one.channel,
            }
            for one in locks.read(lock)
        ]
        return Response({"text": lock, "packages": packages})


class DockerfileText(APIView):
    """The Dockerfile that a Docker build of this version uses, or used."""

    permission_classes = [ByPerson]

    @extend_schema(responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str, number: int) -> Response:
        version = version_of(request, workspace, name, number)
        return Response({"text": environments.dockerfile(version)})


class Compared(Input):
    """Two versions: `a` of this environment, `b` of this one or of `other`."""

    a = serializers.CharField()
    b = serializers.CharField()
    other = serializers.CharField(required=False)


class Compare(APIView):
    """What version `b` has more, less and otherwise than version `a`."""

    permission_classes = [ByPerson]

    @extend_schema(parameters=[Compared], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace)
        asked = Compared.read(request.query_params)
        a = environments.get(place, name, number_in(asked["a"]))
        b = environments.get(place, asked.get("other") or name, number_in(asked["b"]))
        difference, remark = comparing.packages(a, b)
        return Response(
            {
                "added": difference.added,
                "removed": difference.removed,
                "changed": difference.changed,
                "remark": remark,
                "definition": comparing.definitions(a, b),
            }
        )

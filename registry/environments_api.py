"""Environments over HTTP: definitions, names and versions. Their builds are `builds_api`."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute import recipes
from registry import access, builds, environments
from registry.access import number_in
from registry.api_shown import common
from registry.models import Kind, Version
from studio.api_access import workspace_of
from studio.api_input import Input, Tags, changed
from studio.auth import ByPerson, user_of
from studio.errors import BadInput
from studio.pages import page

OBJECT = OpenApiTypes.OBJECT
CURSOR = OpenApiParameter("cursor")


def environment_dict(version: Version, states: dict[str, dict[str, str]]) -> dict[str, Any]:
    """An environment version. states: as `builds.states_of`."""
    known = states.get(version.environment.recipe_digest, {})
    return {
        **common(version),
        "definition": version.environment.definition,
        "summary": version.environment.summary,
        "curated": version.asset.is_curated,
        "archived": version.asset.archived_at is not None,
        "image": known.get("local") or known.get("docker"),
        "builds": known,
    }


def answer(version: Version, status: int = 200) -> Response:
    """One version as an answer."""
    return Response(environment_dict(version, builds.states_of([version])), status=status)


def paged(found: list[Version], following: str | None) -> Response:
    """A page of versions as an answer."""
    states = builds.states_of(found)
    items = [environment_dict(version, states) for version in found]
    return Response({"items": items, "next": following})


class NewEnvironment(Input):
    """A definition to register under a name; a tag that is null is left out."""

    name = serializers.CharField(max_length=255)
    definition = serializers.JSONField()
    description = serializers.CharField(required=False, allow_blank=True, default="")
    tags = Tags(required=False, allow_null=True, default=None)

    def validate_tags(self, tags: dict[str, Any] | None) -> dict[str, Any]:
        return {name: text for name, text in (tags or {}).items() if text is not None}


class Environments(APIView):
    """The newest version of each environment, own and curated; POST registers the next one."""

    permission_classes = [ByPerson]

    @extend_schema(
        operation_id="list_environments",
        parameters=[CURSOR, OpenApiParameter("archived", description="1: the archived ones")],
        responses=OBJECT,
    )
    def get(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        archived = request.query_params.get("archived", "") in ("1", "true")
        found = environments.listed(place, archived=archived)
        return paged(*page(found, request.query_params.get("cursor")))

    @extend_schema(request=NewEnvironment, responses={201: OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = NewEnvironment.read(request.data)
        return answer(environments.register(place, user_of(request), **wanted), 201)


class Definition(Input):
    """A definition to look at."""

    definition = serializers.JSONField()


class Check(APIView):
    """Say what a definition comes to, or what is wrong with it and where: nothing is kept."""

    permission_classes = [ByPerson]

    @extend_schema(request=Definition, responses=OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace)
        definition = Definition.read(request.data)["definition"]
        return Response(checked(definition))


def checked(definition: Any) -> dict[str, Any]:
    """What Check answers; what is wrong with a definition is an answer, not an error."""
    try:
        recipe = recipes.from_definition(definition)
    except BadInput as error:
        place = {"line": error.facts.get("line"), "column": error.facts.get("column")}
        nothing: dict[str, Any] = {
            "python": None,
            "packages": [],
            "provided": [],
            "builds": {},
            "summary": "",
        }
        return {"problem": error.message, **place, **nothing}
    packages = [line for line in (*recipe.conda, *recipe.pip) if not line.startswith("-")]
    return {
        "problem": None,
        "line": None,
        "column": None,
        "python": recipe.python,
        "packages": packages,
        "provided": list(recipe.provided),
        "summary": recipes.summary(recipe),
        "builds": builds.states_by_digest([recipe.digest]).get(recipe.digest, {}),
    }


class ChangedName(Input):
    """What may be changed of an environment as a whole."""

    archived = serializers.BooleanField()


class OneEnvironment(APIView):
    """One version of an environment, the newest without `?version=`; PATCH archives it, or not."""

    permission_classes = [ByPerson]

    @extend_schema(parameters=[OpenApiParameter("version")], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        number = number_in(request.query_params.get("version"))
        return answer(environments.get(workspace_of(request, workspace), name, number))

    @extend_schema(request=ChangedName, responses=OBJECT)
    def patch(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        asset = access.asset_for(place, Kind.ENVIRONMENT, name, write=True)
        environments.archive(asset, changed(ChangedName, request)["archived"])
        return answer(environments.get(place, name))


class Versions(APIView):
    """The versions of an environment, the newest first."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="list_versions", parameters=[CURSOR], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace)
        asset = access.asset_for(place, Kind.ENVIRONMENT, name)
        found = asset.versions.select_related("asset", "created_by", "environment")
        return paged(*page(found, request.query_params.get("cursor")))


class Words(Input):
    """What may be changed of a version; tags are merged, null removes one."""

    description = serializers.CharField(required=False, allow_blank=True)
    tags = Tags(required=False, allow_null=True)


class OneVersion(APIView):
    """Change what is written on a version: description and tags, nothing else."""

    permission_classes = [ByPerson]

    @extend_schema(request=Words, responses=OBJECT)
    def patch(self, request: Request, workspace: str, name: str, number: int) -> Response:
        place = workspace_of(request, workspace, write=True)
        version = environments.get(place, name, number_in(number), write=True)
        words = changed(Words, request)
        environments.describe(version, description=words.get("description"), tags=words.get("tags"))
        return answer(version)


class Update(APIView):
    """Ask for newer packages: the next version, with the same content, to be solved anew."""

    permission_classes = [ByPerson]

    @extend_schema(request=None, responses={201: OBJECT})
    def post(self, request: Request, workspace: str, name: str, number: int) -> Response:
        place = workspace_of(request, workspace, write=True)
        version = environments.get(place, name, number_in(number), write=True)
        return answer(environments.newer_packages(place, user_of(request), version), 201)

"""Models over HTTP: found, registered, described, named, archived, deleted."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import model_deleting, model_files, model_finding, versions
from registry.access import asset_for, named_in, version_for
from registry.api import model_dict
from registry.api_access import people_only
from registry.models import Kind, Version
from studio import marks
from studio.api_access import workspace_of
from studio.api_input import Input, Tags, changed
from studio.auth import ByPersonOrRun, subject_of, user_of
from studio.errors import BadInput, NotFound
from studio.files import trees
from studio.models import Workspace
from studio.pages import page
from studio.texts import mapping

OBJECT = OpenApiTypes.OBJECT
TRUE = ("1", "true", "True")
QUERY = [
    OpenApiParameter(name)
    for name in ("cursor", "q", "name", "tag", "property", "run_id", "framework", "latest")
] + [OpenApiParameter("archived", description="1: the archived ones")]


def wanted_in(request: Request) -> model_finding.Wanted:
    """What a list is asked for. `tag` and `property` may be said several times: `a=1` or `a`."""
    said = request.query_params
    name = said.get("name", "")
    return model_finding.Wanted(
        words=said.get("q", "")[:100],
        name=name,
        tags=marks.pairs_in(said.getlist("tag")),
        properties=marks.pairs_in(said.getlist("property")),
        framework=said.get("framework", ""),
        run_id=said.get("run_id", ""),
        archived=True if said.get("archived") in TRUE else None if name else False,
        only_newest=said.get("latest", "1") in TRUE,
    )


class ModelToRegister(Input):
    """A model to register: from files that are kept, a tree, or another version."""

    name = serializers.CharField(max_length=255)
    files = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2),
        required=False,
        allow_empty=False,
    )
    tree = serializers.CharField(required=False, max_length=64)
    copy_of = serializers.CharField(required=False, max_length=400)
    description = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=10_000
    )
    tags = Tags(required=False, allow_null=True, default=None)
    properties = Tags(required=False, allow_null=True, default=None)
    framework = serializers.CharField(required=False, allow_blank=True, default="", max_length=60)
    framework_version = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=60
    )


class Models(APIView):
    """Models by name: the newest version of each, or with `latest=0` all; POST registers one."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(operation_id="list_models", parameters=QUERY, responses=OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        rows = model_finding.found(workspace_of(request, workspace), wanted_in(request))
        found, following = page(rows, request.query_params.get("cursor"), 100)
        items = [model_dict(version, with_files=False) for version in found]
        return Response({"items": items, "next": following})

    @extend_schema(request=ModelToRegister, responses={201: OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = ModelToRegister.read(request.data)
        words: dict[str, Any] = {
            key: mapping(key, wanted.pop(key)) for key in ("tags", "properties")
        }
        if subject := subject_of(request):
            words["properties"][model_files.RUN] = subject
        words |= {key: wanted[key] for key in ("description", "framework", "framework_version")}
        version = _registered(request, place, wanted, words)
        return Response(model_dict(version), status=201)


def _registered(
    request: Request, place: Workspace, wanted: dict[str, Any], words: dict[str, Any]
) -> Version:
    """Register from the one source that was said. Raises BadInput for none or several."""
    given = [key for key in ("files", "tree", "copy_of") if wanted.get(key)]
    if len(given) != 1:
        raise BadInput(
            'say what the model is made of: one of "files" [[path, sha256], …], "tree" (a SHA-256)'
            ' and "copy_of" ("name:version")',
            fields={"files": "one of files, tree, copy_of"},
        )
    name, user = wanted["name"], user_of(request)
    versions.check_name(Kind.MODEL, name)
    if given == ["copy_of"]:
        source = named_version(place, wanted["copy_of"])
        return model_files.register_copy(place, user, name=name, source=source, **words)
    if given == ["tree"]:
        tree = trees.find(wanted["tree"])
        if tree is None:
            raise NotFound(f"no tree {wanted['tree'][:12]}… is kept here; send its files first")
    else:
        tree = trees.make([(path, sha256) for path, sha256 in wanted["files"]])
    return model_files.register(place, user, name=name, tree=tree, **words)


def named_version(place: Workspace, reference: str) -> Version:
    """The model version that `name:2`, `name:champion` or `name` means."""
    name, _, number = reference.strip().partition(":")
    return version_for(place, Kind.MODEL, name, named_in(number))


class ChangedModel(Input):
    """What may be changed of a model as a whole."""

    archived = serializers.BooleanField()


class OneModel(APIView):
    """One version of a model, the newest without `?version=`, which may be an alias.

    PATCH archives the model, or puts it back; DELETE deletes it with all its versions.
    """

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[OpenApiParameter("version")], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        number = named_in(request.query_params.get("version"))
        version = version_for(workspace_of(request, workspace), Kind.MODEL, name, number)
        return Response(model_dict(version))

    @extend_schema(request=ChangedModel, responses=OBJECT)
    def patch(self, request: Request, workspace: str, name: str) -> Response:
        people_only(request)
        place = workspace_of(request, workspace, write=True)
        version = version_for(place, Kind.MODEL, name, write=True)
        model_files.archive(version.asset, changed(ChangedModel, request)["archived"])
        return Response(model_dict(version))

    @extend_schema(responses=OBJECT)
    def delete(self, request: Request, workspace: str, name: str) -> Response:
        people_only(request)
        place = workspace_of(request, workspace, write=True)
        asset = asset_for(place, Kind.MODEL, name, write=True)
        return Response(model_deleting.delete(model_files.there(asset), user_of(request)))


class ModelVersions(APIView):
    """The versions of a model, the newest first."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        operation_id="list_model_versions",
        parameters=[OpenApiParameter("cursor")],
        responses=OBJECT,
    )
    def get(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace)
        asset = asset_for(place, Kind.MODEL, name)
        wanted = model_finding.Wanted(name=asset.name, archived=None, only_newest=False)
        rows = model_finding.found(place, wanted)
        found, following = page(rows, request.query_params.get("cursor"), 100)
        items = [model_dict(version, with_files=False) for version in found]
        return Response({"items": items, "next": following})


class ModelWords(Input):
    """What may be changed of a version; tags and properties are merged, null removes one."""

    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    tags = Tags(required=False, allow_null=True)
    properties = Tags(required=False, allow_null=True)
    framework = serializers.CharField(required=False, allow_blank=True, max_length=60)
    framework_version = serializers.CharField(required=False, allow_blank=True, max_length=60)


class OneModelVersion(APIView):
    """GET one version, by number or alias; PATCH what is written on it; DELETE it."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str, number: str) -> Response:
        place = workspace_of(request, workspace)
        return Response(model_dict(version_for(place, Kind.MODEL, name, named_in(number))))

    @extend_schema(request=ModelWords, responses=OBJECT)
    def patch(self, request: Request, workspace: str, name: str, number: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        version = version_for(place, Kind.MODEL, name, named_in(number), write=True)
        model_files.describe(version, **changed(ModelWords, request))
        return Response(model_dict(version))

    @extend_schema(responses=OBJECT)
    def delete(self, request: Request, workspace: str, name: str, number: str) -> Response:
        people_only(request)
        place = workspace_of(request, workspace, write=True)
        version = version_for(place, Kind.MODEL, name, named_in(number), write=True)
        return Response(model_deleting.delete([version], user_of(request)))

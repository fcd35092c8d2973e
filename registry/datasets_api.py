"""Datasets over HTTP: names, versions and their files. Tables in them are `tables_api`."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import access, datasets, fetching, removing
from registry.api_access import people_only
from registry.api_shown import common
from registry.models import Kind, Version
from registry.tables import checked_reading
from studio.api_access import workspace_of
from studio.api_input import Input, Tags, changed
from studio.auth import ByPerson, ByPersonOrRun, user_of
from studio.errors import BadInput
from studio.files import blobs, trees
from studio.files.downloads import file_response, zip_response
from studio.models import Tree, Workspace
from studio.pages import page

OBJECT = OpenApiTypes.OBJECT
CURSOR = OpenApiParameter("cursor")
TIMES = OpenApiParameter("times", description="1: also when the studio first had each content")
MOST_VERSIONS_SHOWN = 1000
FILES_ON_A_PAGE, MOST_FILES_ON_A_PAGE = 1000, 10_000


def summary_dict(version: Version) -> dict[str, Any]:
    """A dataset version as lists show it."""
    detail = version.dataset
    return {
        **common(version),
        "form": detail.form,
        "size_bytes": detail.tree.size_bytes,
        "file_count": detail.tree.file_count,
        "archived": version.asset.archived_at is not None,
        "aliases": [alias.name for alias in version.aliases.all()],
    }


def dataset_dict(version: Version) -> dict[str, Any]:
    """A dataset version, with where it came from and its other versions' numbers."""
    detail = version.dataset
    numbers = datasets.there(version.asset).values_list("number", flat=True)
    return {
        **summary_dict(version),
        "source": detail.source,
        "reading": detail.reading,
        "tree": detail.tree.sha256,
        "versions": list(numbers[:MOST_VERSIONS_SHOWN]),
    }


class Pairs(serializers.JSONField):
    """[[path, sha256], …]."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, list) or not all(
            isinstance(pair, list)
            and len(pair) == 2
            and all(isinstance(part, str) for part in pair)
            for pair in data
        ):
            raise serializers.ValidationError("list pairs: [[path, sha256], …]")
        return [(path, sha256) for path, sha256 in data]


class NewTree(Input):
    """Files that have no name yet."""

    files = Pairs()


class NewDataset(Input):
    """What to register: the files by exactly one of `files`, `tree` and `fetch`."""

    name = serializers.CharField(max_length=255)
    files = Pairs(required=False)
    tree = serializers.CharField(required=False, max_length=64)
    fetch = serializers.IntegerField(required=False, min_value=1)
    form = serializers.CharField(required=False, default="file", max_length=20)
    reading = serializers.JSONField(required=False, default=dict)
    source = serializers.ListField(  # type: ignore[assignment]
        child=serializers.CharField(), required=False, default=list
    )
    description = serializers.CharField(required=False, allow_blank=True, default="")
    tags = Tags(required=False, allow_null=True, default=None)
    create_new_version = serializers.BooleanField(required=False, default=False)


def tree_dict(tree: Tree) -> dict[str, Any]:
    """A tree without a name."""
    return {"tree": tree.sha256, "file_count": tree.file_count, "size_bytes": tree.size_bytes}


def made_tree(files: list[tuple[str, str]]) -> Tree:
    """The tree of `files`. Raises BadInput for none at all."""
    if not files:
        raise BadInput("a dataset needs at least one file", fields={"files": "at least one"})
    return trees.make(files)


class Trees(APIView):
    """Make a tree of contents that are there: files to read without a name."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=NewTree, responses=OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace, write=True)
        return Response(tree_dict(made_tree(NewTree.read(request.data)["files"])))


class TreeFiles(APIView):
    """The files of a tree, by path, for whoever knows its name."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        operation_id="list_tree_files",
        parameters=[OpenApiParameter("prefix"), CURSOR, OpenApiParameter("count", type=int), TIMES],
        responses=OBJECT,
    )
    def get(self, request: Request, workspace: str, sha256: str) -> Response:
        workspace_of(request, workspace)
        return files_answer(request, datasets.tree_for(sha256))


class TreeFile(APIView):
    """One file of a tree (Range, ETag)."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(self, request: Request, workspace: str, sha256: str, path: str) -> HttpResponseBase:
        workspace_of(request, workspace)
        return file_response(request, datasets.file(datasets.tree_for(sha256), path), path)


class Datasets(APIView):
    """The newest version of each dataset; POST registers one."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        operation_id="list_datasets",
        parameters=[CURSOR, OpenApiParameter("archived", description="1: the archived ones")],
        responses=OBJECT,
    )
    def get(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        archived = request.query_params.get("archived", "") in ("1", "true")
        found = datasets.listed(place, archived=archived)
        shown, following = page(found, request.query_params.get("cursor"))
        return Response({"items": [summary_dict(v) for v in shown], "next": following})

    @extend_schema(request=NewDataset, responses={201: OBJECT, 200: OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = NewDataset.read(request.data)
        datasets.check_name(wanted["name"])
        tree, source = _files_of(place, wanted)
        version, is_new = datasets.register(
            place,
            user_of(request),
            name=wanted["name"],
            tree=tree,
            form=wanted["form"],
            source=source,
            reading=checked_reading(wanted["form"], wanted["reading"]),
            description=wanted["description"],
            tags={name: text for name, text in (wanted["tags"] or {}).items() if text is not None},
            create_new_version=wanted["create_new_version"],
        )
        return Response(dataset_dict(version), status=201 if is_new else 200)


def _files_of(place: Workspace, wanted: dict[str, Any]) -> tuple[Tree, list[str]]:
    """The tree that a call names in one of three ways, and where its files came from."""
    ways = [way for way in ("files", "tree", "fetch") if wanted.get(way) is not None]
    if len(ways) != 1:
        raise BadInput(
            "name the dataset's files in exactly one way: files, tree or fetch",
            fields={"files": "files, tree or fetch"},
        )
    source = wanted["source"]
    if ways == ["fetch"]:
        fetch = fetching.get(place, wanted["fetch"])
        return fetching.tree_of(fetch), source or [file["url"] for file in fetch.files]
    if ways == ["tree"]:
        return datasets.tree_for(wanted["tree"]), source
    return made_tree(wanted["files"]), source


class WordsOfVersion(Input):
    """What may be changed: words on a version (the newest without `version`), and the archive."""

    description = serializers.CharField(required=False, allow_blank=True)
    tags = Tags(required=False, allow_null=True)
    archived = serializers.BooleanField(required=False)


class OneDataset(APIView):
    """One version of a dataset, the newest without `?version=`.

    PATCH changes what is written on it; DELETE archives it, or with `?forever=1` deletes it.
    """

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[OpenApiParameter("version")], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        return Response(dataset_dict(_version(request, workspace, name)))

    @extend_schema(
        request=WordsOfVersion, parameters=[OpenApiParameter("version")], responses=OBJECT
    )
    def patch(self, request: Request, workspace: str, name: str) -> Response:
        version = _version(request, workspace, name, write=True)
        words = changed(WordsOfVersion, request)
        datasets.describe(version, description=words.get("description"), tags=words.get("tags"))
        if "archived" in words:
            datasets.archive(version.asset, words["archived"])
        return Response(dataset_dict(version))

    @extend_schema(
        parameters=[OpenApiParameter("forever", description="1: delete, not archive")],
        responses={204: None},
    )
    def delete(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        asset = access.asset_for(place, Kind.DATASET, name, write=True)
        if request.query_params.get("forever", "") in ("1", "true"):
            people_only(request)
            removing.delete(asset)
        else:
            datasets.archive(asset, True)
        return Response(status=204)


def _version(request: Request, workspace: str, name: str, *, write: bool = False) -> Version:
    place = workspace_of(request, workspace, write=write)
    number = access.named_in(request.query_params.get("version"))
    return datasets.get(place, name, number, write=write)


def version_of(request: Request, workspace: str, name: str, number: str | int) -> Version:
    """The version that a call's address names, for who may see it."""
    return datasets.get(workspace_of(request, workspace), name, access.named_in(number))


class OneDatasetVersion(APIView):
    """One version, by its number or an alias; DELETE deletes it alone, for ever."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(operation_id="get_dataset_version", responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str, number: str) -> Response:
        return Response(dataset_dict(version_of(request, workspace, name, number)))

    @extend_schema(operation_id="delete_dataset_version", responses=OBJECT)
    def delete(self, request: Request, workspace: str, name: str, number: str) -> Response:
        people_only(request)
        place = workspace_of(request, workspace, write=True)
        version = datasets.get(place, name, access.named_in(number), write=True)
        return Response(removing.delete_version(version, user_of(request)))


class DatasetVersions(APIView):
    """The versions of a dataset, the newest first."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="list_dataset_versions", parameters=[CURSOR], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace)
        there = datasets.there(access.asset_for(place, Kind.DATASET, name))
        shown, following = page(there, request.query_params.get("cursor"))
        return Response({"items": [summary_dict(v) for v in shown], "next": following})


def whole(request: Request, name: str, default: int, most: int) -> int:
    """A count in a call's query, from 0 (a start) or 1 on. Raises BadInput."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadInput(f'{name} is a whole number, not "{text[:40]}"', fields={name: "a number"})
    return min(int(text), most)


def files_answer(request: Request, tree: Tree) -> Response:
    """A page of a tree's files as an answer."""
    query = request.query_params
    size = max(1, whole(request, "count", FILES_ON_A_PAGE, MOST_FILES_ON_A_PAGE))
    files, following = datasets.files_page(tree, query.get("prefix", ""), query.get("cursor"), size)
    items = [[file.path, file.blob.size_bytes, file.blob_id] for file in files]
    if query.get("times", "") in ("1", "true"):
        items = [[*item, file.blob.created_at] for item, file in zip(items, files, strict=True)]
    return Response({"items": items, "next": following})


class DatasetFiles(APIView):
    """The files of a dataset version, by path, a page at a time."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        operation_id="list_dataset_files",
        parameters=[OpenApiParameter("prefix"), CURSOR, OpenApiParameter("count", type=int), TIMES],
        responses=OBJECT,
    )
    def get(self, request: Request, workspace: str, name: str, number: str) -> Response:
        return files_answer(request, version_of(request, workspace, name, number).dataset.tree)


class DatasetFile(APIView):
    """One file of a dataset version (Range, ETag)."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(
        self, request: Request, workspace: str, name: str, number: str, path: str
    ) -> HttpResponseBase:
        version = version_of(request, workspace, name, number)
        return file_response(request, datasets.file(version.dataset.tree, path), path)


class DatasetZip(APIView):
    """All files of a dataset version as one zip."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(self, request: Request, workspace: str, name: str, number: str) -> HttpResponseBase:
        version = version_of(request, workspace, name, number)
        files = datasets.tree_files(version.dataset.tree)
        entries = ((path, blobs.read(sha256)) for path, sha256, _ in files)
        return zip_response(request, entries, f"{name}-{version.number}.zip")

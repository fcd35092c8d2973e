"""A run's files, logs and code over HTTP."""

from collections.abc import Callable, Iterable, Iterator

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import datasets
from runs import browsing, interactive, logs, outputs, searching
from runs.api_access import run_of
from runs.models import Run
from studio import streams
from studio.api_input import Input
from studio.api_streams import PieceAsked, piece
from studio.auth import ByPersonOrRun
from studio.errors import NotFound
from studio.files import blobs, trees
from studio.files.downloads import bytes_response, file_response, zip_response

Entry = tuple[str, Iterator[bytes]]
# Of a list of everything, logs too; a folder at a time has no such limit.
MOST_LISTED = 250_000


class FilesAsked(Input):
    """A folder's page, or what a path holds. Without either: everything."""

    prefix = serializers.CharField(allow_blank=True, trim_whitespace=False, required=False)
    cursor = serializers.CharField(allow_blank=True, trim_whitespace=False, default="")
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=browsing.PAGE)
    find = serializers.CharField(allow_blank=True, max_length=200, default="")


class Files(APIView):
    """The logs and files of a run: all of them by path, or those of one folder."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        operation_id="list_run_files", parameters=[FilesAsked], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id)
        asked = FilesAsked.read(request.query_params)
        if asked["find"]:
            return Response({"items": browsing.find_in_run(run, asked["find"])})
        if "prefix" in asked:
            page = browsing.of_run(run, _folder(asked["prefix"]), asked["cursor"], asked["limit"])
            return Response(page.as_dict())
        items = outputs.listing(run)
        return Response({"items": items[:MOST_LISTED], "is_cut": len(items) > MOST_LISTED})


def _folder(prefix: str) -> str:
    """The prefix as folders are named: "outputs" and "outputs/" are one."""
    return prefix if not prefix or prefix.endswith("/") else prefix + "/"


class OneFile(APIView):
    """The bytes of a kept file, or of a log as far as it is now."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(self, request: Request, run_id: str, path: str) -> HttpResponseBase:
        run = run_of(request, run_id)
        log = run.logs.select_related("stream").filter(path=path).first()
        if log is None:
            return file_response(request, outputs.file_for(run, path).blob, path)
        size = log.stream.size_bytes
        return bytes_response(
            request,
            size=size,
            etag=f'"log-{log.stream_id}-{size}"',
            name=path,
            read=lambda start, length: streams.range_of(log.stream, start, length),
        )


class Chosen(Input):
    """Files, and folders (ending in /), of which one zip is made."""

    path = serializers.ListField(child=serializers.CharField(trim_whitespace=False), min_length=1)


class _Zip(APIView):
    """One zip of everything below `prefix` (GET), or of the chosen paths (POST), streamed."""

    permission_classes = [ByPersonOrRun]
    # A page sends a form, so that the browser itself keeps the file.
    parser_classes = [FormParser, JSONParser]
    ending = ""

    def entries(self, run: Run) -> Iterable[Entry]:
        raise NotImplementedError

    def answer(
        self, request: Request, run: Run, is_wanted: Callable[[str], bool]
    ) -> HttpResponseBase:
        wanted = ((path, read) for path, read in self.entries(run) if is_wanted(path))
        return zip_response(request, wanted, f"{run.run_id}{self.ending}.zip")

    @extend_schema(parameters=[OpenApiParameter("prefix")], responses=OpenApiTypes.BINARY)
    def get(self, request: Request, run_id: str) -> HttpResponseBase:
        prefix = request.query_params.get("prefix", "")
        return self.answer(request, run_of(request, run_id), lambda path: path.startswith(prefix))

    @extend_schema(request=Chosen, responses=OpenApiTypes.BINARY)
    def post(self, request: Request, run_id: str) -> HttpResponseBase:
        run = run_of(request, run_id)
        paths = set(Chosen.read(request.data)["path"])
        return self.answer(request, run, lambda path: browsing.is_chosen(path, paths))


class Zip(_Zip):
    """The logs and files of a run as one zip."""

    def entries(self, run: Run) -> Iterable[Entry]:
        return outputs.zip_entries(run)


class LogAsked(PieceAsked):
    """Which log, from which byte on, at most how many bytes."""

    path = serializers.CharField()


class Log(APIView):
    """Text of a log, cut only between characters; a negative offset counts from the end."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[LogAsked], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id)
        asked = LogAsked.read(request.query_params)
        answer = piece(logs.log_for(run, asked["path"]).stream, asked["path"], asked)
        answer["is_complete"] = answer["is_complete"] or run.is_final
        return Response(answer)


class Taken(Input):
    """Files that were sent, by the name of their snapshot."""

    snapshot = serializers.CharField(max_length=64)


class Code(APIView):
    """The source files that the run was started from: all of them, or those of one folder.

    POST gives its code to a run that was begun without.
    """

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[FilesAsked], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        tree = run_of(request, run_id).snapshot
        asked = FilesAsked.read(request.query_params)
        if asked["find"]:
            return Response({"items": browsing.find_in_tree(tree, asked["find"])})
        if "prefix" in asked:
            page = browsing.of_tree(tree, _folder(asked["prefix"]), asked["cursor"], asked["limit"])
            return Response(page.as_dict())
        files = [[path, size, sha256] for path, sha256, size in trees.listing(tree)]
        return Response({"snapshot": tree.sha256, "files": files})

    @extend_schema(request=Taken, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id, write=True)
        tree = datasets.tree_for(Taken.read(request.data)["snapshot"])
        return Response({"snapshot": interactive.take_snapshot(run, tree).snapshot.sha256})


class SearchAsked(Input):
    """What to look for in the code, plain or as a regular expression."""

    text = serializers.CharField(max_length=200, trim_whitespace=False)
    regex = serializers.BooleanField(default=False)
    case = serializers.BooleanField(default=False)


class CodeSearch(APIView):
    """Where a text stands in the run's code."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[SearchAsked], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id)
        asked = SearchAsked.read(request.query_params)
        text = asked.pop("text")
        return Response(searching.search(run.snapshot, text, **asked))


class CodeFile(APIView):
    """One source file of the run."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(self, request: Request, run_id: str, path: str) -> HttpResponseBase:
        run = run_of(request, run_id)
        found = run.snapshot.files.select_related("blob").filter(path=path).first()
        if found is None:
            raise NotFound(f"the code of run {run.run_id} has no file {path}")
        return file_response(request, found.blob, path)


class CodeZip(_Zip):
    """The source files of the run as one zip."""

    ending = "-code"

    def entries(self, run: Run) -> Iterable[Entry]:
        return ((path, blobs.read(sha256)) for path, sha256, _ in trees.listing(run.snapshot))

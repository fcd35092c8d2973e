"""A run's files, logs and code over HTTP."""

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import logs, outputs
from runs.api_access import run_of
from studio import streams
from studio.api_streams import PieceAsked, piece
from studio.auth import ByPersonOrRun
from studio.errors import NotFound
from studio.files import blobs, trees
from studio.files.downloads import bytes_response, file_response, zip_response


class Files(APIView):
    """The logs and files of a run, by path."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(operation_id="list_run_files", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        return Response({"items": outputs.listing(run_of(request, run_id))})


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


class Zip(APIView):
    """All logs and files of a run below `prefix` as one zip, streamed."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[OpenApiParameter("prefix")], responses=OpenApiTypes.BINARY)
    def get(self, request: Request, run_id: str) -> HttpResponseBase:
        run = run_of(request, run_id)
        prefix = request.query_params.get("prefix", "")
        return zip_response(request, outputs.zip_entries(run, prefix), f"{run.run_id}.zip")


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


class Code(APIView):
    """The source files that the run was started from."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        tree = run_of(request, run_id).snapshot
        files = [[path, size, sha256] for path, sha256, size in trees.listing(tree)]
        return Response({"snapshot": tree.sha256, "files": files})


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


class CodeZip(APIView):
    """The source files of the run as one zip."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(self, request: Request, run_id: str) -> HttpResponseBase:
        run = run_of(request, run_id)
        files = trees.listing(run.snapshot)
        entries = ((path, blobs.read(sha256)) for path, sha256, _ in files)
        return zip_response(request, entries, f"{run.run_id}-code.zip")

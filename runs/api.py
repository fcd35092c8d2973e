"""Submitting, and runs over HTTP, for people and their scripts."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute.access import cluster_for
from registry.api import model_dict
from runs import control, listing, outputs, snapshots, tasks
from runs.access import experiment_for
from runs.api_access import run_of
from runs.models import Run
from runs.shown import run_dict
from studio.api_access import workspace_of
from studio.api_input import Input, object_in
from studio.auth import ByPerson, ByPersonOrRun, subject_of, user_of
from studio.errors import BadInput
from studio.files import trees
from studio.models import Tree
from studio.pages import page


class Runs(APIView):
    """Runs, newest first; POST submits one."""

    permission_classes = [ByPerson]

    @extend_schema(
        parameters=[
            OpenApiParameter("experiment"),
            OpenApiParameter("cluster"),
            OpenApiParameter("active", description="1: only those that have not ended"),
            OpenApiParameter("tag", description="name=value, or name; may be repeated"),
            OpenApiParameter("property", description="name=value, or name; may be repeated"),
            OpenApiParameter("state"),
            OpenApiParameter("children", description="0: without children of other runs"),
            OpenApiParameter("cursor"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        found = Run.objects.filter(experiment__workspace=place).select_related(
            *("experiment__workspace", "cluster", "created_by", "environment", "snapshot", "step")
        )
        found = found.defer("step__order")
        if name := request.query_params.get("experiment"):
            found = found.filter(experiment=experiment_for(place, name))
        if name := request.query_params.get("cluster"):
            found = found.filter(cluster=cluster_for(place, name))
        if request.query_params.get("active") == "1":
            found = found.active()
        some = listing.narrowed(found, request.query_params)
        runs, following = page(some.order_by("-id"), request.query_params.get("cursor"))
        nodes = tasks.nodes_of(runs)
        items = [{**run_dict(run, whole=False), "nodes": nodes[run.pk]} for run in runs]
        return Response({"items": items, "next": following})

    @extend_schema(request=OpenApiTypes.OBJECT, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        run = control.submit(user_of(request), place, object_in(request))
        return Response(run_dict(run), status=201)


class OneRun(APIView):
    """One run; PATCH adds tags and properties, or names it."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        return Response(run_dict(run_of(request, run_id)))

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id, write=True)
        return Response(run_dict(control.change(run, object_in(request))))


class Cancel(APIView):
    """Ask a run to end. One that has ended stays as it is."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id, write=True)
        by_itself = subject_of(request) is not None
        return Response(run_dict(control.cancel(run, user_of(request), by_itself=by_itself)))


class SentFiles(Input):
    """Contents that were sent before, and what they are called in the run."""

    files = serializers.ListField(
        child=serializers.ListField(
            child=serializers.CharField(max_length=1000, trim_whitespace=False),
            min_length=2,
            max_length=2,
        ),
        max_length=10_000,
    )
    overwrite = serializers.BooleanField(required=False, default=False)


class Uploads(APIView):
    """Keep contents that were sent as files of a run, also of one that has ended."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=SentFiles, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id, write=True)
        wanted = SentFiles.read(request.data)
        files = [(path, sha256) for path, sha256 in wanted["files"]]
        kept = outputs.add(run, files, is_new=not wanted["overwrite"])
        return Response({"files": kept})


class NewModel(Input):
    """A model to register from a run's files."""

    name = serializers.CharField(max_length=255)
    path = serializers.CharField(required=False, allow_blank=True, default="")
    description = serializers.CharField(required=False, allow_blank=True, default="")
    tags = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    properties = serializers.DictField(
        child=serializers.CharField(allow_blank=True), required=False
    )
    framework = serializers.CharField(max_length=60, allow_blank=True, default="")
    framework_version = serializers.CharField(max_length=60, allow_blank=True, default="")


class RegisterModel(APIView):
    """Make the next version of a model from a file or folder of the run; no byte is copied."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=NewModel, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id, write=True)
        wanted = NewModel.read(request.data)
        version = outputs.register_model(run, user_of(request), **wanted)
        return Response(model_dict(version), status=201)


class FileListing(Input):
    """Pairs of a path and what belongs to it: a size, or a SHA-256."""

    files = serializers.ListField(
        child=serializers.ListField(min_length=2, max_length=2), max_length=100_000
    )


class SnapshotCheck(APIView):
    """What a folder would send, before anything is sent."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace, write=True)
        wanted = FileListing.read(request.data)
        try:
            files = [(str(path), int(size)) for path, size in wanted["files"]]
        except (TypeError, ValueError, OverflowError):
            raise BadInput('"files" is a list of [path, size]') from None
        texts = object_in(request).get("ignore") or {}
        if not isinstance(texts, dict) or not all(isinstance(t, str) for t in texts.values()):
            raise BadInput('"ignore" maps .amlignore and .gitignore to their text')
        return Response(snapshots.check(files, texts))


class Snapshots(APIView):
    """Make a snapshot of contents that were sent before."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=OpenApiTypes.OBJECT, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace, write=True)
        wanted = FileListing.read(request.data)
        files = [(str(path), str(sha256)) for path, sha256 in wanted["files"]]
        return Response(snapshot_dict(snapshots.make(files)), status=201)


def snapshot_dict(tree: Tree) -> dict[str, Any]:
    """A snapshot with its paths and sizes."""
    return {
        "snapshot": tree.sha256,
        "file_count": tree.file_count,
        "size_bytes": tree.size_bytes,
        "files": [[path, size] for path, _, size in trees.listing(tree)],
    }


class ZipSent(Input):
    """A zip that was sent as a blob."""

    sha256 = serializers.CharField()


class SnapshotFromZip(APIView):
    """Make a snapshot of a zip's files; ignore files in it are respected."""

    permission_classes = [ByPerson]

    @extend_schema(request=ZipSent, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace, write=True)
        wanted = ZipSent.read(request.data)
        return Response(snapshot_dict(snapshots.from_zip(wanted["sha256"])), status=201)


class ExampleAsked(Input):
    """The name of a ready example."""

    name = serializers.CharField()


class SnapshotOfExample(APIView):
    """Make a snapshot of a ready example, and say how to run it."""

    permission_classes = [ByPerson]

    @extend_schema(request=ExampleAsked, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace, write=True)
        wanted = ExampleAsked.read(request.data)
        tree, facts = snapshots.example(wanted["name"])
        return Response({**snapshot_dict(tree), **facts}, status=201)

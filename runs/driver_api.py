"""What the driver beside a script says and asks, by the run's own token. Every call may repeat."""

from typing import Any

from django.conf import settings
from django.db.models import F
from django.http import HttpResponseBase
from django.utils.timezone import now as clock
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute import recipes
from registry.datasets_api import Pairs
from runs import actors, ending, inputs, logs, output_datasets, outputs, starting, tasks, watching
from runs.models import Run, RunTask
from runs.states import State
from studio import queue
from studio.api import RawBody, body_of
from studio.api_input import Input, object_in
from studio.auth import ByRun, ByRunOrLogger, logged_to, subject_of
from studio.errors import BadInput, Conflict, NotFound
from studio.files import batches, blobs, bodies, trees
from studio.files.downloads import file_response
from studio.models import Blob
from studio.texts import kept

MOST_LOG_BYTES = 4 * 1024 * 1024


WITH = ("experiment__workspace", "cluster", "snapshot", "canceled_by", "image_build__image")


def run_of(request: Request, *, ended: bool = False) -> Run:
    """Return the run whose token this is. Raises Conflict when it has ended (unless `ended`)."""
    return open_run(
        Run.objects.select_related(*WITH).filter(run_id=subject_of(request)).first(), ended
    )


def logged_run(request: Request) -> Run:
    """Return the run that a token logs to, its own or another's. Raises Conflict when it ended."""
    return open_run(Run.objects.filter(run_id=logged_to(request)).first(), ended=False)


def open_run(run: Run | None, ended: bool) -> Run:
    """Return the run of a token. Raises NotFound; Conflict when it has ended (unless `ended`)."""
    if run is None:
        raise NotFound("the run of this token was deleted")
    if run.is_final and not ended:
        raise Conflict(f"run {run.run_id} has ended as {run.state}; nothing more is taken")
    return run


def task_of(request: Request, *, ended: bool = False) -> RunTask:
    """Return the task that the driver names by `task`; that of rank 0 where it names none.

    Raises Conflict when the run has ended (unless `ended`), was started again without the task, or
    never had it.
    """
    found = RunTask.objects.select_related(*(f"run__{name}" for name in WITH)).filter(
        run__run_id=subject_of(request), attempt=F("run__attempt")
    )
    if named := request.query_params.get("task"):
        found = found.filter(task_id=named)
    task = found.order_by("rank").first()
    if task is None:
        run = run_of(request, ended=ended)
        if named and not run.tasks.filter(task_id=named).exists():
            raise Conflict(f"{named[:40]!r} is no task of run {run.run_id}; nothing is taken of it")
        raise Conflict(f"run {run.run_id} was started again; nothing more is taken of this task")
    open_run(task.run, ended)
    return task


class Job(APIView):
    """What to run, with which files."""

    permission_classes = [ByRun]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        task = task_of(request)
        run = task.run
        cancel = watching.heard(task, clock())
        host, _, port = run.master.rpartition(":")
        kept = run.files.values_list("path", "blob_id", "blob__size_bytes")
        return Response(
            {
                "run_id": run.run_id,
                "experiment": run.experiment.name,
                "workspace": run.workspace.name,
                "script": run.script,
                "arguments": run.arguments,
                "variables": recipes.variables_of(run.definition),
                "cluster": run.cluster.name,
                "node_number": task.node_number,
                "node": _node(task),
                "node_rank": task.rank,
                "node_count": run.node_count,
                "processes_per_node": run.processes_per_node,
                "distribution": run.distribution,
                "parameter_servers": run.parameter_servers,
                "master": {"host": host, "port": int(port)} if port else None,
                "hosts": starting.hosts(run),
                "attempt": run.attempt,
                "files": [list(file) for file in trees.listing(run.snapshot)],
                "outputs": [list(file) for file in kept],
                "inputs": inputs.for_driver(run),
                "output_datasets": output_datasets.for_driver(run),
                "logs": dict(run.logs.values_list("path", "stream__size_bytes")),
                "cancel": cancel,
                "cancel_grace_s": settings.CANCEL_GRACE_SECONDS,
            }
        )


def _node(task: RunTask) -> dict[str, Any]:
    """What the node of a task is, for its log."""
    cluster, build = task.run.cluster, task.run.image_build
    return {
        "size": cluster.node_size,
        "backend": cluster.backend,
        "image": build.image.place if build and build.image else "",
        "gpus": task.gpus,
    }


class DriverBlob(APIView):
    """Contents of the run's own code, inputs and outputs; contents it made."""

    permission_classes = [ByRunOrLogger]
    parser_classes = [RawBody]

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(self, request: Request, sha256: str) -> HttpResponseBase:
        run = run_of(request)
        blob = Blob.objects.filter(pk=sha256).first()
        own = (
            run.snapshot.files.filter(blob_id=sha256).exists()
            or run.files.filter(blob_id=sha256).exists()
            or run.inputs.filter(tree__files__blob=sha256).exists()
        )
        if blob is None or not own:
            raise NotFound(f"{sha256[:12]}… is not part of this run")
        return file_response(request, blob, sha256)

    @extend_schema(request=OpenApiTypes.BINARY, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request, sha256: str) -> Response:
        logged_run(request)
        blob = blobs.put(body_of(request), sha256, bodies.length_of(request._request))
        return Response({"sha256": blob.sha256, "size_bytes": blob.size_bytes})


class DriverBatch(APIView):
    """Many small contents in one body, as people send them."""

    permission_classes = [ByRunOrLogger]
    parser_classes = [RawBody]

    @extend_schema(request=OpenApiTypes.BINARY, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        logged_run(request)
        return Response({"kept": batches.keep(body_of(request))})


class Listed(Input):
    """Where a list of files goes on."""

    cursor = serializers.CharField(
        required=False, allow_blank=True, default="", trim_whitespace=False
    )


class Needed(Input):
    """Whether the driver asks for the first time."""

    first = serializers.BooleanField(required=False, default=False)


class DriverInput(APIView):
    """The files of an input (GET); where on the driver's own machine they lie (POST)."""

    permission_classes = [ByRun]

    @extend_schema(parameters=[Listed], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, name: str) -> Response:
        after = Listed.read(request.query_params)["cursor"]
        files, following = inputs.files(inputs.named(run_of(request), name), after)
        return Response({"files": files, "next": following})

    @extend_schema(request=Needed, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, name: str) -> Response:
        found = inputs.named(run_of(request), name)
        answer, is_due = inputs.looked_for(found, is_first=Needed.read(request.data)["first"])
        if is_due:
            queue.send(actors.lay_out, found.tree_id)
        return Response(answer)


class WrittenSaid(Input):
    """What a node wrote for an output dataset, and what is to be known of it."""

    files = Pairs()
    text = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class DriverOutput(APIView):
    """What a node wrote for an output dataset, sent before: to the store, and to the run."""

    permission_classes = [ByRun]

    @extend_schema(request=WrittenSaid, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, name: str) -> Response:
        # By its task, so that its attempt is that of who calls.
        run, said = task_of(request).run, WrittenSaid.read(request.data)
        one = output_datasets.take(run, name, said["files"], said["text"])
        return Response({"file_count": one.tree.file_count if one.tree else 0, "text": one.text})


class StateSaid(Input):
    """How far the driver is."""

    state = serializers.ChoiceField([State.STARTING, State.RUNNING, State.FINALIZING])
    text = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class SayState(APIView):
    """The driver says how far it is; a state that was passed is acknowledged."""

    permission_classes = [ByRun]

    @extend_schema(request=StateSaid, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        task = task_of(request)
        said = StateSaid.read(request.data)
        cancel = watching.report(task, State(said["state"]), said["text"], clock())
        return Response({"cancel": cancel})


class FailedSaid(Input):
    """That a process failed, before its node has ended."""

    failed_at = serializers.FloatField(min_value=0, max_value=1e11)


class BeatSaid(Input):
    """What a heartbeat may bring."""

    failed = FailedSaid(required=False, allow_null=True, default=None)


class Heartbeat(APIView):
    """The driver lives; the answer says whether to end what it runs."""

    permission_classes = [ByRun]

    @extend_schema(request=BeatSaid, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        task, now = task_of(request), clock()
        if failed := BeatSaid.read(request.data)["failed"]:
            tasks.fail(task, failed["failed_at"], now)
        return Response({"cancel": watching.heard(task, now)})


class LogPlace(Input):
    """Which log, and where its bytes belong."""

    path = serializers.CharField(max_length=1000)
    offset = serializers.IntegerField(min_value=0)


class AppendLog(APIView):
    """Bytes of a log, at the offset where it ends."""

    permission_classes = [ByRun]
    parser_classes = [RawBody]

    @extend_schema(
        parameters=[LogPlace], request=OpenApiTypes.BINARY, responses=OpenApiTypes.OBJECT
    )
    def post(self, request: Request) -> Response:
        run = run_of(request)
        wanted = LogPlace.read(request.query_params)
        data = request._request.read(MOST_LOG_BYTES + 1)
        if len(data) > MOST_LOG_BYTES:
            raise BadInput(f"send at most {MOST_LOG_BYTES:,} bytes of a log at a time")
        return Response(logs.take(run, wanted["path"], wanted["offset"], data)._asdict())


class KeepFiles(APIView):
    """Contents that were sent become files of the run."""

    permission_classes = [ByRunOrLogger]

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        run = logged_run(request)
        try:
            files = [(str(path), str(sha256)) for path, sha256 in object_in(request)["files"]]
        except (KeyError, TypeError, ValueError):
            raise BadInput('"files" is a list of [path, sha256]') from None
        return Response({"files": outputs.add(run, files)})


class Ended(Input):
    """How the script ended."""

    exit_code = serializers.IntegerField(allow_null=True, default=None)
    signal = serializers.IntegerField(allow_null=True, default=None)
    error = serializers.DictField(allow_null=True, default=None)
    canceled = serializers.BooleanField(default=False)
    told = serializers.ChoiceField(["studio", "signal", ""], default="")
    rank = serializers.IntegerField(allow_null=True, default=None)
    failed_at = serializers.FloatField(allow_null=True, default=None, min_value=0, max_value=1e11)
    undelivered = serializers.CharField(allow_blank=True, default="", max_length=2000)


class Finish(APIView):
    """The end of a run on one of its nodes; said again, it is acknowledged again."""

    permission_classes = [ByRun]

    @extend_schema(request=Ended, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        task = task_of(request, ended=True)
        said = Ended.read(request.data)
        if ending.finish(task, _plain(said), clock()):
            queue.send(actors.clean, task.run.pk)
        return Response({})


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    """Only texts in an error, none of them long: it is shown on pages and kept in a row."""
    error = said.get("error") or {}
    texts = {
        key: kept(str(error[key]), 8000) for key in ("type", "message", "traceback") if key in error
    }
    return {**said, "error": texts}

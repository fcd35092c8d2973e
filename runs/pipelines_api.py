"""Pipelines over HTTP: graphs that are run, published, listed, run by their address."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs.access import pipeline_for, runs_for
from runs.models import Pipeline
from runs.pipelines import graphs, publishing, starting
from runs.shown import run_dict
from studio.api_access import workspace_of
from studio.api_input import object_in
from studio.auth import ByPerson, user_of
from studio.errors import BadInput
from studio.models import Workspace
from studio.pages import page


class PipelineRuns(APIView):
    """Run a graph; or, with "again", what a pipeline run did."""

    permission_classes = [ByPerson]

    @extend_schema(
        operation_id="run_a_graph",
        request=OpenApiTypes.OBJECT,
        responses={201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        given = object_in(request)
        if "again" in given:
            if len(given) > 1:
                raise BadInput('"again" stands alone: the rest is as it was in that run')
            wanted = starting.again(_run(place, "again", given["again"]))
        else:
            wanted = starting.read(given)
        run = starting.start(user_of(request), place, wanted)
        return Response(run_dict(run), status=201)


class Pipelines(APIView):
    """Published pipelines, newest first; POST publishes one."""

    permission_classes = [ByPerson]

    @extend_schema(
        operation_id="list_pipelines",
        parameters=[
            OpenApiParameter("active", description="1: without those that are disabled"),
            OpenApiParameter("cursor"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        found = Pipeline.objects.filter(workspace=place).defer("graph")
        if request.query_params.get("active") == "1":
            found = found.filter(disabled_at=None)
        found = found.select_related("workspace", "created_by").order_by("-id")
        items, following = page(found, request.query_params.get("cursor"))
        return Response({"items": [publishing.shown(one) for one in items], "next": following})

    @extend_schema(request=OpenApiTypes.OBJECT, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        given = object_in(request)
        known = {"name", "description", "version", "graph", "run"}
        if given.keys() - known or ("graph" in given) == ("run" in given):
            raise BadInput('publish {"name", "description"?, "version"?} and "graph" or "run"')
        if "run" in given:
            graph = publishing.graph_of(_run(place, "run", given["run"]))
        else:
            graph = graphs.read(given["graph"])
        words = {key: given.get(key) for key in ("name", "description", "version")}
        made = publishing.publish(user_of(request), place, graph, **words)
        return Response(publishing.shown(made), status=201)


class OnePipeline(APIView):
    """One published pipeline; PATCH disables or enables it."""

    permission_classes = [ByPerson]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, pipeline: str) -> Response:
        found = pipeline_for(workspace_of(request, workspace), pipeline)
        return Response(publishing.shown(found))

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, workspace: str, pipeline: str) -> Response:
        found = pipeline_for(workspace_of(request, workspace, write=True), pipeline)
        given = object_in(request)
        if given.keys() != {"status"}:
            raise BadInput('what changes of a published pipeline is its "status", nothing else')
        return Response(publishing.shown(publishing.set_status(found, given["status"])))


class RunsOfPipeline(APIView):
    """Run a published pipeline."""

    permission_classes = [ByPerson]

    @extend_schema(request=OpenApiTypes.OBJECT, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str, pipeline: str) -> Response:
        found = pipeline_for(workspace_of(request, workspace, write=True), pipeline)
        run = publishing.run(user_of(request), found, object_in(request))
        return Response({**run_dict(run), "Id": run.run_id}, status=201)


def _run(workspace: Workspace, key: str, run_id: Any) -> Any:
    if not isinstance(run_id, str):
        raise BadInput(f'"{key}" is the id of a pipeline run', fields={key: "an id"})
    return runs_for(workspace, [run_id])[0]

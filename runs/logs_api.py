"""A run's logs over HTTP by the numbers of their lines, and what is found in them."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import logs
from runs.api_access import run_of
from studio.api_streams import FindAsked, LinesAsked, found_in, lines
from studio.auth import ByPersonOrRun


class LogLinesAsked(LinesAsked):
    """Which log, which lines, and whether the same log of other ranks is to be named."""

    path = serializers.CharField()
    ranks = serializers.BooleanField(default=False)


class LogFindAsked(FindAsked):
    """Which log, and what to find in it."""

    path = serializers.CharField()


class LogLines(APIView):
    """Lines of a log by their numbers; a negative `from` counts from the end."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[LogLinesAsked], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id)
        asked = LogLinesAsked.read(request.query_params)
        answer = lines(logs.log_for(run, asked["path"]).stream, asked["path"], asked)
        answer["is_complete"] = answer["is_complete"] or run.is_final
        if asked["ranks"]:
            answer["ranks"] = logs.ranks_of(run, asked["path"])
        return Response(answer)


class LogFind(APIView):
    """Where a text or a pattern is in a log, a portion at a time."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        parameters=[LogFindAsked, OpenApiParameter("from", int)], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id)
        asked = LogFindAsked.read(request.query_params)
        return Response(found_in(logs.log_for(run, asked["path"]).stream, asked["path"], asked))

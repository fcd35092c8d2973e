"""What a run's script drew, over HTTP: images, tables, texts, and charts out of its files."""

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import drawn
from runs.api_access import run_of
from runs.metrics_api import LEAST_WHOLE, MOST_WHOLE, answer
from studio.api_input import Input
from studio.auth import ByPersonOrRun
from studio.files.downloads import made_response

MOST_ITEMS = 200
NAME = OpenApiParameter("name", required=True, description="the series")


class Named(Input):
    """Which series is asked for."""

    name = serializers.CharField(max_length=255, trim_whitespace=False)


class Drawn(APIView):
    """A summary of each series of a run that is no curve: images, tables, texts, charts."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(operation_id="list_drawn", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        return Response({"series": drawn.summaries(run_of(request, run_id))})


class ItemsAsked(Named):
    """Which points of a series: from which number on, or around which step; how many."""

    after = serializers.IntegerField(min_value=0, max_value=MOST_WHOLE, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_ITEMS, default=20)
    step = serializers.IntegerField(
        required=False, default=None, min_value=LEAST_WHOLE, max_value=MOST_WHOLE
    )


class Items(APIView):
    """The points of an image or a chart, with their files as far as they have arrived."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        parameters=[
            NAME,
            OpenApiParameter("after", OpenApiTypes.INT, description="from this number on"),
            OpenApiParameter("limit", OpenApiTypes.INT, description="how many, at most 200"),
            OpenApiParameter("step", OpenApiTypes.INT, description="the page that holds this step"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id)
        asked = ItemsAsked.read(request.query_params)
        series = drawn.one(run, asked["name"], drawn.FILES)
        after, number = asked["after"], None
        if asked["step"] is not None:
            number = drawn.number_at(series, asked["step"])
            after = number - number % asked["limit"]
        found = drawn.items(run, series, after, asked["limit"])
        return Response({"count": series.count, "after": after, "number": number, "items": found})


class ChartAsked(Named):
    """Which point of a chart; of an accuracy table, which class."""

    number = serializers.IntegerField(min_value=0, max_value=2**62)
    which = serializers.CharField(max_length=20, default="", allow_blank=True)


class Chart(APIView):
    """One chart: its file read and checked, and what is drawn of it."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        parameters=[
            NAME,
            OpenApiParameter("number", OpenApiTypes.INT, required=True, description="which point"),
            OpenApiParameter("which", description="a class's number, macro or micro"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, run_id: str) -> HttpResponse:
        run = run_of(request, run_id)
        asked = ChartAsked.read(request.query_params)
        series = drawn.one(run, asked["name"], drawn.FILES)
        return answer(drawn.chart(run, series, asked["number"], asked["which"]))


class Columns(APIView):
    """The columns of a table in the order of their first appearance."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[NAME], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id)
        name = Named.read(request.query_params)["name"]
        return Response(drawn.columns(drawn.one(run, name, drawn.TABLES)))


class Lines(APIView):
    """A table's columns of numbers over the first of them, thinned."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[NAME], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> HttpResponse:
        run = run_of(request, run_id)
        name = Named.read(request.query_params)["name"]
        return answer(drawn.lines(drawn.one(run, name, drawn.TABLES)))


class Csv(APIView):
    """All rows of a table as CSV, streamed."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[NAME], responses=OpenApiTypes.BINARY)
    def get(self, request: Request, run_id: str) -> HttpResponseBase:
        run = run_of(request, run_id)
        name = Named.read(request.query_params)["name"]
        series = drawn.one(run, name, drawn.TABLES)
        table = f"{run.run_id}-{name.replace('/', '_')}.csv"
        return made_response(
            request, drawn.csv_lines(series), table, kind="text/csv; charset=utf-8"
        )

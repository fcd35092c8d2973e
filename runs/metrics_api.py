"""A run's metrics over HTTP: summaries, points, and one metric of many runs."""

from typing import Any

import orjson
from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import metrics
from runs.access import runs_for
from runs.api_access import run_of
from runs.metrics import exporting, tabling
from runs.models import MetricSeries, Run
from studio.api_access import workspace_of
from studio.api_input import Input, object_in
from studio.auth import ByPerson, ByPersonOrRun
from studio.errors import BadInput, NotFound
from studio.files.downloads import made_response

# More in one picture are nothing but a surface; they are asked for in groups.
MOST_RUNS = 1000
# What a database's whole numbers hold.
LEAST_WHOLE, MOST_WHOLE = -(2**63), 2**63 - 1


def answer(content: Any) -> HttpResponse:
    """Return arrays and what is around them as JSON."""
    packed = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return HttpResponse(packed, content_type="application/json")


class Metrics(APIView):
    """A summary of each metric that a run's script logged, or of what its nodes did."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        parameters=[OpenApiParameter("monitoring", description="1: of the nodes instead")],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id)
        monitoring = request.query_params.get("monitoring") == "1"
        return Response({"series": metrics.summaries(run, monitoring=monitoring)})


class StepsAsked(Input):
    """Which steps are wanted: `from` and `to`, which are no names of attributes in Python."""

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": _step(), "to": _step()}


def _step() -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False,
        default=None,
        allow_null=True,
        min_value=LEAST_WHOLE,
        max_value=MOST_WHOLE,
    )


class PointsAsked(StepsAsked):
    """Which points are wanted: after how many, how many, thinned to how many, which steps."""

    after = serializers.IntegerField(min_value=0, max_value=MOST_WHOLE, default=0)
    limit = serializers.IntegerField(min_value=0, max_value=MOST_WHOLE, default=0)
    most = serializers.IntegerField(min_value=0, max_value=100_000, default=0)


class Points(APIView):
    """Points of a run's metrics, whole or thinned."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        parameters=[
            OpenApiParameter(name, description=text)
            for name, text in (
                ("name", "a metric; may be repeated; absent: all of the script"),
                ("after", "how many points the caller has"),
                ("limit", "how many points at most; 0: all"),
                ("most", "thin to about so many points; 0: every one"),
                ("from", "first step"),
                ("to", "last step"),
            )
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, run_id: str) -> HttpResponse:
        run = run_of(request, run_id)
        given = request.query_params
        wanted = PointsAsked.read({key: given[key] for key in given if key != "name"})
        series = metrics.points(
            run,
            given.getlist("name"),
            after=wanted["after"],
            limit=wanted["limit"],
            most=wanted["most"],
            span=(wanted["from"], wanted["to"]),
        )
        return answer({"series": series})


class CurvesAsked(StepsAsked):
    """Whose metric is wanted, thinned to how many points, in which steps."""

    runs = serializers.ListField(child=serializers.CharField(max_length=280), max_length=MOST_RUNS)
    name = serializers.CharField(max_length=255)
    most = serializers.IntegerField(min_value=2, max_value=20_000, default=400)
    times = serializers.BooleanField(default=False)


class Curves(APIView):
    """One metric of many runs, thinned, in one answer. Asked by POST: so many names need room."""

    permission_classes = [ByPerson]

    @extend_schema(request=CurvesAsked, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str) -> HttpResponse:
        place = workspace_of(request, workspace)
        wanted = CurvesAsked.read(object_in(request))
        found = metrics.curves(
            runs_for(place, wanted["runs"]),
            wanted["name"],
            most=wanted["most"],
            span=(wanted["from"], wanted["to"]),
            times=wanted["times"],
        )
        return answer({"runs": found})


class RowsAsked(Input):
    """Which rows of a table are wanted: after how many, and how many."""

    after = serializers.IntegerField(min_value=0, max_value=MOST_WHOLE, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=200)


class Rows(APIView):
    """Values of several metrics by the steps of the first named, a page of rows at a time."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "name", description="a metric; may be repeated; the first has the rows"
            ),
            OpenApiParameter("after", description="how many rows come before"),
            OpenApiParameter("limit", description="how many rows at most, up to 1,000"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, run_id: str) -> HttpResponse:
        run = run_of(request, run_id)
        given = request.query_params
        wanted = RowsAsked.read({key: given[key] for key in given if key != "name"})
        names = list(dict.fromkeys(given.getlist("name")))
        return answer(tabling.rows(_named(run, names), **wanted))


def _named(run: Run, names: list[str]) -> list[MetricSeries]:
    """The script's metrics with these names, in their order. Raises NotFound, BadInput for none."""
    if not names:
        raise BadInput("name at least one metric: name=loss")
    found = {series.name: series for series in metrics.logged(run).filter(name__in=names)}
    unknown = next((name for name in names if name not in found), None)
    if unknown is not None:
        raise NotFound(f'run {run.run_id} has logged no metric "{unknown[:300]}"')
    return [found[name] for name in names]


class ExportAsked(Input):
    """As what the points are wanted, and of which metrics; of all when none is named."""

    format = serializers.ChoiceField(["csv", "json"], default="csv")


class OwnFormat(DefaultContentNegotiation):
    """Leaves `?format=` to the view: the framework would look for a renderer of that name."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:
        return renderers


class Export(APIView):
    """Every point of a run's metrics as one file, made while it is sent."""

    permission_classes = [ByPersonOrRun]
    content_negotiation_class = OwnFormat

    @extend_schema(
        parameters=[
            OpenApiParameter("format", description="csv or json", enum=["csv", "json"]),
            OpenApiParameter("name", description="a metric; may be repeated; absent: all"),
        ],
        responses=OpenApiTypes.BINARY,
    )
    def get(self, request: Request, run_id: str) -> HttpResponseBase:
        run = run_of(request, run_id)
        names = list(dict.fromkeys(request.query_params.getlist("name")))
        form = ExportAsked.read({"format": request.query_params.get("format", "csv")})["format"]
        chosen = _named(run, names) if names else list(metrics.logged(run))
        body = exporting.as_csv(chosen) if form == "csv" else exporting.as_json(run.run_id, chosen)
        what = names[0].replace("/", "_") if len(names) == 1 else "metrics"
        kind = f"{exporting.TYPES[form]}; charset=utf-8"
        return made_response(request, body, f"{run.run_id}-{what}.{form}", kind=kind)

"""What differs between runs, and their means by group, over HTTP."""

from typing import Any

from django.http import HttpResponse
from django.utils.timezone import now as clock
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from runs.comparing import bands, chosen, columns, grouping, measured
from runs.metrics_api import MOST_WHOLE, StepsAsked, answer
from runs.models import Run
from runs.states import FINAL
from studio.api_access import workspace_of
from studio.api_input import Input, object_in
from studio.auth import ByPerson
from studio.errors import BadInput
from studio.models import Workspace

MOST_NAMES = 200
# Of each run no more than this is looked at; more ids than runs are shown are cut, and told.
MOST_IDS = 10_000


class Ids(serializers.ListField):
    """Run ids."""

    child = serializers.CharField(max_length=280)


class CompareAsked(Input):
    """Which runs, which names of metrics are listed, and of which the values are wanted."""

    runs = Ids(max_length=MOST_IDS, default=list)
    experiment = serializers.CharField(max_length=255, default="", allow_blank=True)
    q = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    sort = serializers.CharField(max_length=300, default="", allow_blank=True)
    metrics = serializers.ListField(
        child=serializers.CharField(max_length=255), max_length=MOST_NAMES, default=list
    )
    columns = serializers.BooleanField(default=True)
    find = serializers.CharField(max_length=255, default="", allow_blank=True)
    after = serializers.IntegerField(min_value=0, max_value=MOST_WHOLE, default=0)
    most = serializers.IntegerField(min_value=0, max_value=MOST_NAMES, default=50)


class Compare(APIView):
    """Facts, parameters and tags of runs and which of them differ; their metrics and values.

    Asked by POST: so many ids need room.
    """

    permission_classes = [ByPerson]

    @extend_schema(request=CompareAsked, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str) -> HttpResponse:
        place = workspace_of(request, workspace)
        wanted = CompareAsked.read(object_in(request))
        found = _chosen(place, wanted)
        runs = found.runs
        page = {key: wanted[key] for key in ("find", "after", "most")}
        listed = columns.of(runs, clock()) if wanted["columns"] else []
        return answer(
            {
                "runs": [_run(run) for run in runs],
                "cut": found.cut,
                "columns": [column.as_dict() for column in listed],
                "metrics": measured.names(runs, **page) if wanted["most"] else None,
                "values": measured.values(runs, wanted["metrics"]) if wanted["metrics"] else {},
            }
        )


def _chosen(place: Workspace, wanted: dict[str, Any]) -> chosen.Chosen:
    if wanted["runs"]:
        return chosen.all_named(place, wanted["runs"])
    if wanted["experiment"]:
        return chosen.found(place, wanted["experiment"], wanted["q"], sort=wanted["sort"])
    return chosen.Chosen([], [], 0)


def _run(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "number": run.number,
        "name": run.name,
        "experiment": run.experiment.name,
        "state": run.state,
        "is_final": run.state in FINAL,
        "archived": run.archived_at is not None,
        "started": run.started_at.timestamp() if run.started_at else None,
    }


class BandsAsked(StepsAsked):
    """Whose metric is wanted, in which groups, in how many bins of which steps."""

    runs = Ids(max_length=chosen.MOST_RUNS, default=list)
    by = serializers.CharField(max_length=300, default="", allow_blank=True)
    groups = serializers.DictField(child=Ids(max_length=chosen.MOST_RUNS), default=dict)
    name = serializers.CharField(max_length=255)
    band = serializers.ChoiceField(["range", "deviation"], default="range")
    most = serializers.IntegerField(min_value=2, max_value=20_000, default=400)


class Bands(APIView):
    """The mean of a metric in each group of runs, and how far its runs are apart."""

    permission_classes = [ByPerson]

    @extend_schema(request=BandsAsked, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str) -> HttpResponse:
        place = workspace_of(request, workspace)
        wanted = BandsAsked.read(object_in(request))
        groups, left_out = _groups(place, wanted)
        found = bands.bands(
            groups,
            wanted["name"],
            most=wanted["most"],
            span=(wanted["from"], wanted["to"]),
            deviation=wanted["band"] == "deviation",
        )
        return answer({**found, "left_out": left_out})


def _groups(place: Workspace, wanted: dict[str, Any]) -> tuple[dict[str, list[Run]], int]:
    """The groups as the caller says them, or made by a column; and how many runs are in none."""
    if not wanted["groups"]:
        runs = chosen.all_named(place, wanted["runs"]).runs
        return grouping.groups(runs, wanted["by"], clock())
    given: dict[str, list[str]] = wanted["groups"]
    if len(given) > grouping.MOST_GROUPS:
        raise BadInput(
            f"at most {grouping.MOST_GROUPS} groups, not {len(given):,}: more hide each other",
            fields={"groups": f"at most {grouping.MOST_GROUPS}"},
        )
    ids = [run_id for members in given.values() for run_id in members]
    if len(ids) > chosen.MOST_RUNS:
        raise BadInput(f"at most {chosen.MOST_RUNS:,} runs, not {len(ids):,}: choose fewer")
    found = {run.run_id: run for run in chosen.all_named(place, ids).runs}
    return {
        group: [found[run_id] for run_id in dict.fromkeys(members)]
        for group, members in given.items()
    }, 0

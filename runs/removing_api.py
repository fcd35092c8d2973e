"""Away with runs and experiments over HTTP: what that frees, what stays, and the removal."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api_access import people_only
from runs import acting, api, experiments_api, removing
from runs.access import experiment_for
from runs.api_access import run_of
from runs.models import Run
from studio.api_access import workspace_of
from studio.api_input import object_in
from studio.auth import ByPerson, subject_of
from studio.errors import NotAllowed
from studio.models import Workspace

# More names than this are no help; their number is said as well.
MOST_NAMED = 20


def _shown(runs: Sequence[Run], frees: dict[str, int], workspace: Workspace) -> dict[str, Any]:
    """What removing frees, which versions stay, and which of the runs stay and why."""
    versions, count = removing.staying(runs, MOST_NAMED)
    why_not = removing.why_not(runs)
    stays = [
        {
            "name": str(version),
            "page": reverse(
                f"registry:{version.asset.kind}-version",
                args=[workspace.name, version.asset.name, version.number],
            ),
        }
        for version in versions
    ]
    refused = [
        {"run_id": run.run_id, "name": run.name, "why": why_not[run.run_id]}
        for run in runs
        if run.run_id in why_not
    ]
    return {**frees, "stays": stays, "stay_count": count, "refused": refused}


class OneRun(api.OneRun):
    """One run; PATCH adds tags and properties, or names it; DELETE removes it."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def delete(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id, write=True)
        if subject_of(request) is not None:
            raise NotAllowed("a run may not remove itself; use a personal token")
        return Response(removing.remove(run))


class Removal(APIView):
    """What removing a run would free."""

    permission_classes = [ByPerson]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id)
        return Response(_shown([run], removing.preview([run]), run.workspace))


class RemovalOfMany(APIView):
    """What removing those of the runs that have ended would free; `refused`: the others."""

    permission_classes = [ByPerson]

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        runs = acting.chosen(place, acting.run_ids(object_in(request).get("runs")))
        refused = removing.why_not(runs)
        going = [run for run in runs if run.run_id not in refused]
        shown = _shown(runs, removing.preview(going), place)
        return Response({**shown, "runs": len(going)})


class ExperimentRemoval(APIView):
    """What removing an experiment with all its runs would free."""

    permission_classes = [ByPerson]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace)
        frees, runs = removing.preview_experiment(experiment_for(place, name))
        shown = _shown(runs, frees, place)
        shown["refused"] = shown["refused"][:MOST_NAMED]
        return Response(shown)


class OneExperiment(experiments_api.OneExperiment):
    """One experiment; PATCH changes what is written on it; DELETE removes it with all its runs."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def delete(self, request: Request, workspace: str, name: str) -> Response:
        people_only(request)
        place = workspace_of(request, workspace, write=True)
        return Response(removing.remove_experiment(experiment_for(place, name)))

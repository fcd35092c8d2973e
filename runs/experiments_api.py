"""Experiments over HTTP: listed, made, described, tagged, archived."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api_access import people_only
from runs import experiments
from runs.access import experiment_for
from runs.models import Experiment, Run
from studio import marks
from studio.api_access import workspace_of
from studio.api_input import Input, Tags, changed
from studio.auth import ByPerson, ByPersonOrRun, subject_of
from studio.errors import BadInput, NotAllowed
from studio.pages import page
from studio.texts import checked

# What `archived` says: which of the experiments are listed.
ARCHIVED: dict[str, bool | None] = {"0": False, "1": True, "all": None}
MOST_TAGS = 10


def experiment_dict(experiment: Experiment) -> dict[str, Any]:
    """An experiment as the API shows it."""
    return {
        "name": experiment.name,
        "description": experiment.description,
        "tags": experiment.tags,
        "archived": experiment.archived_at is not None,
        "created_at": experiment.created_at,
        "run_count": experiment.run_count,
    }


class NewExperiment(Input):
    """An experiment to make, or to get when it is there."""

    name = serializers.CharField(max_length=255)


class Experiments(APIView):
    """Experiments, newest first; POST makes one or gets it."""

    permission_classes = [ByPerson]

    @extend_schema(
        operation_id="list_experiments",
        parameters=[
            OpenApiParameter("name"),
            OpenApiParameter("tag", description="name=value, or name; may be repeated"),
            OpenApiParameter("archived", description="1: the archived ones; all: both kinds"),
            OpenApiParameter("cursor"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace)
        found = experiments.found(place, _wanted_in(request)).order_by("-id")
        items, following = page(found, request.query_params.get("cursor"))
        return Response({"items": [experiment_dict(e) for e in items], "next": following})

    @extend_schema(request=NewExperiment, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = NewExperiment.read(request.data)
        made = experiments.get_or_make(place, wanted["name"])
        return Response(experiment_dict(made), status=201)


def _wanted_in(request: Request) -> experiments.Wanted:
    said = request.query_params
    archived = said.get("archived", "0")
    if archived not in ARCHIVED:
        known = ", ".join(ARCHIVED)
        raise BadInput(f"archived is one of {known}", fields={"archived": f"one of {known}"})
    tags = said.getlist("tag")
    if len(tags) > MOST_TAGS:
        raise BadInput(f"ask for at most {MOST_TAGS} tags at a time", fields={"tag": "too many"})
    return experiments.Wanted(
        name=checked("name", said.get("name", ""), 255),
        tags=marks.pairs_in([checked("tag", one, 1200) for one in tags]),
        archived=ARCHIVED[archived],
    )


class ChangedExperiment(Input):
    """What may be changed of an experiment; tags are merged, null removes one."""

    description = serializers.CharField(required=False, allow_blank=True)
    tags = Tags(required=False)
    archived = serializers.BooleanField(required=False)


class OneExperiment(APIView):
    """One experiment; PATCH describes, tags, archives it or brings it back."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        found = experiment_for(workspace_of(request, workspace), name)
        subject = subject_of(request)
        if subject is not None and not Run.objects.filter(run_id=subject, experiment=found):
            raise NotAllowed(f"the token of run {subject} is good for that run's experiment only")
        return Response(experiment_dict(found))

    @extend_schema(request=ChangedExperiment, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, workspace: str, name: str) -> Response:
        people_only(request)
        found = experiment_for(workspace_of(request, workspace, write=True), name)
        wanted = changed(ChangedExperiment, request)
        return Response(experiment_dict(experiments.change(found, **wanted)))

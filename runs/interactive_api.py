"""Runs of people's own computers over HTTP, and the children of runs."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import experiments, interactive, listing, outside
from runs.api_access import run_of
from runs.shown import run_dict
from studio.api_access import workspace_of
from studio.api_input import Input
from studio.auth import ByPerson, ByPersonOrRun, subject_of, user_of
from studio.errors import NotFound
from studio.files import blobs, trees
from studio.pages import page
from studio.texts import kept

MOST_ERROR = 8000
Texts = serializers.DictField


class Begun(Input):
    """A run that begins where it is called."""

    name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    script = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    snapshot = serializers.CharField(required=False, allow_blank=True, default="")
    tags = Texts(child=serializers.CharField(allow_blank=True), required=False)
    properties = Texts(child=serializers.CharField(allow_blank=True), required=False)


class BegunAt(Begun):
    """The same, in an experiment."""

    experiment = serializers.CharField(max_length=255)


class Interactive(APIView):
    """Begin a run that is on no cluster; the answer holds the token that logs to it."""

    permission_classes = [ByPerson]

    @extend_schema(request=BegunAt, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = BegunAt.read(request.data)
        home = experiments.get_or_make(place, wanted["experiment"])
        made = interactive.start(user_of(request), home, [_order(wanted)])
        return Response(_shown(*made[0]), status=201)


class BegunBelow(Begun):
    """The same, of a run below another, which may choose its id."""

    run_id = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")


class NewChildren(Input):
    """Children to begin, each as a run that begins alone."""

    items = serializers.ListField(
        child=serializers.DictField(), max_length=interactive.MOST_CHILDREN
    )


class Children(APIView):
    """The runs that were begun below a run; POST begins some, and gives their tokens."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(parameters=[OpenApiParameter("cursor")], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        found = interactive.children(run_of(request, run_id)).select_related(
            *("experiment__workspace", "cluster", "created_by", "environment", "snapshot", "step")
        )
        found = listing.narrowed(found.defer("step__order"), request.query_params)
        runs, following = page(found.order_by("-id"), request.query_params.get("cursor"))
        return Response({"items": [run_dict(run, whole=False) for run in runs], "next": following})

    @extend_schema(request=NewChildren, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id, write=True)
        wanted = NewChildren.read(request.data)
        orders = [{**_order(BegunBelow.read(one)), "parent": run} for one in wanted["items"]]
        made = interactive.start(user_of(request), run.experiment, orders)
        return Response({"items": [_shown(*one) for one in made]}, status=201)


class Logging(APIView):
    """A token that logs to a run which has not ended, from outside of it."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=None, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id, write=True)
        by: Any = request.auth if subject_of(request) is not None else None
        secret = outside.token_for(run, user_of(request), by=by)
        return Response({"token": secret}, status=201)


class Failure(Input):
    """Why it failed, in words."""

    type = serializers.CharField(required=False, allow_blank=True, default="")
    message = serializers.CharField(required=False, allow_blank=True, default="")


class Said(Input):
    """How a run ended: well without an error."""

    error = Failure(required=False, allow_null=True, default=None)


class End(APIView):
    """End a run that is on no cluster."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=Said, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, run_id: str) -> Response:
        run = run_of(request, run_id, write=True)
        said = Said.read(request.data)["error"]
        return Response(run_dict(interactive.end(run, _error(said))))


def _order(wanted: dict[str, Any]) -> dict[str, Any]:
    """What interactive.start takes. Raises NotFound for a snapshot that was not sent."""
    order = dict(wanted)
    if name := order.pop("snapshot"):
        tree = trees.find(name) if blobs.SHA256.fullmatch(name) else None
        if tree is None:
            raise NotFound("the code was not sent: there is no such snapshot; send the files first")
        order["snapshot"] = tree
    return order


def _error(said: dict[str, str] | None) -> dict[str, str] | None:
    if said is None:
        return None
    message = kept(said["message"], MOST_ERROR) or "the run was said to have failed"
    return {"type": kept(said["type"], 100) or "UserError", "message": message}


def _shown(run: Any, secret: str) -> dict[str, Any]:
    return {**run_dict(run, whole=False), "token": secret}

"""Fetches over HTTP: files that the studio brings from URLs or out of a zip; open datasets."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import actors, fetching, opendata
from registry.api_access import people_only
from registry.datasets_api import OBJECT
from registry.models import Fetch, FetchState
from studio import queue
from studio.api_access import workspace_of
from studio.api_input import Input
from studio.auth import ByPersonOrRun, user_of
from studio.errors import BadInput


class NewFetch(Input):
    """What to bring: `urls`, or the files in an uploaded `zip` (its SHA-256)."""

    urls = serializers.ListField(child=serializers.CharField(), required=False)
    sha256 = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    zip = serializers.CharField(required=False, max_length=64)


def asked(fetch: Fetch, *, status: int = 201) -> Response:
    """A fetch that was just asked for, sent to the worker, as an answer."""
    if fetch.state == FetchState.QUEUED:
        queue.send(actors.fetch, fetch.pk)
    return Response(fetching.fetch_dict(fetch), status=status)


class Fetches(APIView):
    """Ask for files; GET `fetches/<id>` says how far they are."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=NewFetch, responses={201: OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted, user = NewFetch.read(request.data), user_of(request)
        if ("urls" in wanted) == ("zip" in wanted):
            raise BadInput('name what to fetch: "urls", or a "zip"', fields={"urls": "urls or zip"})
        if "zip" in wanted:
            return asked(fetching.from_zip(place, user, wanted["zip"]))
        return asked(fetching.from_urls(place, user, wanted["urls"], wanted["sha256"]))


class OneFetch(APIView):
    """How far a fetch is."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OBJECT)
    def get(self, request: Request, workspace: str, number: int) -> Response:
        return Response(fetching.fetch_dict(_fetch(request, workspace, number)))


class CancelFetch(APIView):
    """Stop a fetch; one that has ended stays as it is."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=None, responses=OBJECT)
    def post(self, request: Request, workspace: str, number: int) -> Response:
        fetch = _fetch(request, workspace, number, write=True)
        if fetch.created_by_id != user_of(request).pk:
            people_only(request)  # a run stops what was begun for it, not what others wait for
        return Response(fetching.fetch_dict(fetching.cancel(fetch)))


def _fetch(request: Request, workspace: str, number: int, **write: bool) -> Fetch:
    return fetching.get(workspace_of(request, workspace, **write), number)


class OpenData(APIView):
    """The open datasets that the studio knows."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(operation_id="list_opendata", responses=OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        workspace_of(request, workspace)
        return Response({"items": [opendata.entry_dict(one) for one in opendata.catalogue()]})


class OneOpenDataset(APIView):
    """Ask for the files of an open dataset; what is there already is not fetched again."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(request=OBJECT, responses={201: OBJECT})
    def post(self, request: Request, workspace: str, name: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        files = opendata.files_of(opendata.get(name), _filter(request.data))
        return asked(fetching.ask(place, user_of(request), files))


def _filter(body: Any) -> str:
    """`{"filter": "all"|"train"|"test"}`, as scripts say it."""
    return str(body.get("filter") or "all") if isinstance(body, dict) else "all"

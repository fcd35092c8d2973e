"""The log of an environment's build over HTTP by its lines, and what is found in it."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.builds_api import KIND, LOG, OBJECT, build_asked
from studio.api_streams import FindAsked, LinesAsked, found_in, lines
from studio.auth import ByPerson


class Lines(APIView):
    """Lines of a build's log by their numbers; a negative `from` counts from the end."""

    permission_classes = [ByPerson]

    @extend_schema(parameters=[KIND, LinesAsked], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str, number: int) -> Response:
        build = build_asked(request, workspace, name, number)
        return Response(lines(build.log, LOG, LinesAsked.read(request.query_params)))


class Find(APIView):
    """Where a text or a pattern is in a build's log, a portion at a time."""

    permission_classes = [ByPerson]

    @extend_schema(parameters=[KIND, FindAsked], responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str, number: int) -> Response:
        build = build_asked(request, workspace, name, number)
        return Response(found_in(build.log, LOG, FindAsked.read(request.query_params)))

"""Away with a run over HTTP: what that frees, and the removal."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import api, removing
from runs.api_access import run_of
from studio.auth import ByPerson, subject_of
from studio.errors import NotAllowed


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
        return Response(removing.preview(run_of(request, run_id)))

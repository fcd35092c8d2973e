"""What a workspace keeps, over HTTP."""

from functools import partial
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import actors, disk, storage
from studio import queue
from studio.api_access import workspace_of
from studio.auth import ByPerson
from studio.models import Workspace


class Storage(APIView):
    """What was counted last, and what the disk has; POST has it counted again."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="get_storage", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str) -> Response:
        return Response(_shown(workspace_of(request, workspace)))

    @extend_schema(operation_id="count_storage", request=None, responses={202: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str) -> Response:
        return Response(_shown(workspace_of(request, workspace), anew=True), status=202)


def _shown(place: Workspace, *, anew: bool = False) -> dict[str, Any]:
    told = storage.told(place, partial(queue.send, actors.count_storage), anew=anew)
    here = disk.facts()
    return {
        "counted_at": told.counted_at,
        "is_counting": told.is_counting,
        **told.whole.as_dict(),
        "kinds": {kind: kept.as_dict() for kind, kept in told.kinds.items()},
        "log_bytes": told.log_bytes,
        "upload_bytes": told.upload_bytes,
        "studio": {
            "size_bytes": told.studio.size_bytes,
            "unused_bytes": told.unnamed.size_bytes,
            "laid_out_bytes": told.laid_out_bytes,
            "images": {
                kind: {"count": count, "size_bytes": size}
                for kind, (count, size) in here.images.items()
            },
        },
        "disk": {"free_bytes": here.free_bytes, "size_bytes": here.size_bytes},
        "limits": here.limits,
    }

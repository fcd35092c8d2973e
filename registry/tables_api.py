"""Looks into datasets over HTTP: rows of tables, pictures by the page, what is in columns."""

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import actors, profiling, tables
from registry.datasets_api import OBJECT, version_of, whole
from registry.models import DatasetForm, Version
from studio import queue
from studio.auth import ByPersonOrRun
from studio.errors import BadInput

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
PICTURES_ON_A_PAGE, MOST_PICTURES = 60, 500
MOST_FROM = 10**12


class Preview(APIView):
    """A page of a dataset version: rows of its table, or of the file `path`; else its pictures."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(
        parameters=[
            OpenApiParameter("path", description="one file, a table by its name"),
            OpenApiParameter("from", type=int, description="the first row or picture, from 0"),
            OpenApiParameter("count", type=int),
        ],
        responses=OBJECT,
    )
    def get(self, request: Request, workspace: str, name: str, number: str) -> Response:
        version = version_of(request, workspace, name, number)
        path = request.query_params.get("path", "")
        start = whole(request, "from", 0, MOST_FROM)
        if version.dataset.form == DatasetForm.FILE and not path:
            count = whole(request, "count", PICTURES_ON_A_PAGE, MOST_PICTURES)
            return Response(pictures(version, start, max(1, count)))
        count = whole(request, "count", tables.ROWS, tables.MOST_ROWS)
        return Response(rows(version, path=path, start=start, count=count))


def rows(version: Version, *, path: str, start: int, count: int) -> dict[str, Any]:
    """A page of rows. Raises BadInput for a file that is no table."""
    detail = version.dataset
    reading = detail.reading if detail.form == DatasetForm.TABULAR else tables.reading_of(path)
    if reading is None:
        names = ", ".join(tables.FORMATS)
        raise BadInput(f"{path[:200]} is no table by its name; tables are called {names}")
    found = tables.page(detail.tree, reading, path=path, start=start, count=count)
    return {"kind": "table", "path": path, **found}


def pictures(version: Version, start: int, count: int) -> dict[str, Any]:
    """A page of the pictures' paths, by path; `count` in all."""
    named = Q(pk__in=[])
    for end in PICTURES:
        named |= Q(path__iendswith=end)
    found = version.dataset.tree.files.filter(named).order_by("path")
    shown = found.values_list("path", "blob__size_bytes", "blob_id")[start : start + count + 1]
    items = [list(row) for row in shown]
    return {
        "kind": "pictures",
        "items": items[:count],
        "from": start,
        "next": start + count if len(items) > count else None,
        "count": found.count(),
    }


class Profile(APIView):
    """What is in the columns of a table; one that is large is made by the worker meanwhile."""

    permission_classes = [ByPersonOrRun]

    @extend_schema(responses=OBJECT)
    def get(self, request: Request, workspace: str, name: str, number: str) -> Response:
        version = version_of(request, workspace, name, number)
        found, to_ask = profiling.profile(version)
        if to_ask:
            queue.send(actors.profile, version.pk)
        return Response(found)

"""What the pages show of a run's files and of its code, piece by piece."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import outputs, parquet
from runs.api_access import run_of
from studio.api_input import Input
from studio.auth import ByPersonOrRun
from studio.errors import NotFound
from studio.previewing import frames, previews, sources
from studio.previewing.sources import Source

LARGEST = 2**62


class PreviewAsked(Input):
    """Which file; another look than its own; where a later piece begins."""

    path = serializers.CharField(trim_whitespace=False)
    look = serializers.ChoiceField(choices=["text", "hex"], default="", allow_blank=True)
    offset = serializers.IntegerField(min_value=0, max_value=LARGEST, default=0)
    row = serializers.IntegerField(min_value=0, max_value=LARGEST, default=0)
    cell = serializers.IntegerField(min_value=0, max_value=LARGEST, default=0)


class FrameAsked(Input):
    """Which page; of a notebook, which output of which cell."""

    path = serializers.CharField(trim_whitespace=False)
    cell = serializers.IntegerField(min_value=0, max_value=LARGEST, default=None, allow_null=True)
    output = serializers.IntegerField(min_value=0, max_value=LARGEST, default=0)


class _Preview(APIView):
    permission_classes = [ByPersonOrRun]
    of_code = False

    def source(self, request: Request, run_id: str, path: str) -> tuple[Source, "QuerySet[Any]"]:
        """The file, and the files that it is one of."""
        run = run_of(request, run_id)
        if not self.of_code:
            return sources.of_blob(path, outputs.file_for(run, path).blob), run.files.all()
        found = run.snapshot.files.select_related("blob").filter(path=path).first()
        if found is None:
            raise NotFound(f"the code of run {run.run_id} has no file {path}")
        return sources.of_blob(path, found.blob), run.snapshot.files.all()

    @extend_schema(parameters=[PreviewAsked], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: str) -> Response:
        asked = PreviewAsked.read(request.query_params)
        source, files = self.source(request, run_id, asked.pop("path"))
        return Response(
            previews.of(
                source,
                wanted=asked.pop("look"),
                rows_of=lambda row: parquet.page(source, files, row),
                **asked,
            )
        )


class _Frame(_Preview):
    @extend_schema(parameters=[FrameAsked], responses=OpenApiTypes.BINARY)
    def get(self, request: Request, run_id: str) -> HttpResponseBase:  # type: ignore[override]
        asked = FrameAsked.read(request.query_params)
        source, _ = self.source(request, run_id, asked["path"])
        return frames.answer(source, cell=asked["cell"], output=asked["output"])


class Preview(_Preview):
    """What is shown of a kept file of the run."""


class Frame(_Frame):
    """A kept page, SVG or notebook output, for a frame that can reach nothing."""


class CodePreview(_Preview):
    """What is shown of a source file of the run."""

    of_code = True


class CodeFrame(_Frame):
    """A page among the run's code, for a frame that can reach nothing."""

    of_code = True

"""Tables of an experiment's runs over HTTP: pages, completion, saved views, bulk actions."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import acting, queries, tables
from runs.access import experiment_for
from runs.models import Experiment, SavedView
from runs.tables import saved
from studio.api_access import workspace_of
from studio.api_input import Input, object_in
from studio.auth import ByPerson, user_of
from studio.errors import BadInput


def _experiment(request: Request, names: tuple[str, str], *, write: bool = False) -> Experiment:
    workspace, name = names
    return experiment_for(workspace_of(request, workspace, write=write), name)


class Table(APIView):
    """A page of an experiment's runs with their metrics, parameters and tags."""

    permission_classes = [ByPerson]

    @extend_schema(
        parameters=[
            OpenApiParameter(name, description=text)
            for name, text in (
                ("q", "a query, e.g. metrics.loss < 0.3 and tag:baseline"),
                ("sort", "a column's key, - in front for downwards; absent: newest first"),
                ("columns", "keys with commas between; absent: the usual ones"),
                ("archived", "1: archived runs as well"),
                ("size", "how many runs, 50 unless told, 200 at most"),
                ("cursor", "`next` of the page before"),
            )
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, workspace: str, name: str) -> Response:
        asked = tables.Asked.read(request.query_params)
        page = tables.page(_experiment(request, (workspace, name)), asked)
        if page.error:
            # A script that asked for some must not get all.
            error = page.error
            place = {"position": error.position, "end": error.end}
            raise BadInput(
                error.message,
                fields={error.field: error.message},
                **place,
                expected=list(error.expected),
            )
        return Response(page_dict(page))


def page_dict(page: tables.Page) -> dict[str, Any]:
    """A page as the API shows it; a value that a run does not have is left out."""
    columns = [
        {
            "key": column.key,
            "title": column.title,
            "kind": column.kind,
            "name": column.name,
            "part": column.part,
            "is_number": column.is_number,
        }
        for column in page.columns
    ]
    return {
        "columns": columns,
        "items": [_row_dict(row, page.columns) for row in page.rows],
        "next": page.following,
        "count": page.count,
        "all_count": page.all_count,
        "archived_count": page.archived_count,
        "took_ms": round(page.took_ms, 1),
    }


def _row_dict(row: tables.Row, columns: tuple[tables.Column, ...]) -> dict[str, Any]:
    run = row.run
    pairs = zip(columns, row.cells, strict=True)
    return {
        "run_id": run.run_id,
        "name": run.name,
        "number": run.number,
        "state": run.state,
        "is_archived": run.archived_at is not None,
        "values": {column.key: cell.value for column, cell in pairs if cell is not None},
    }


class Complete(APIView):
    """What may stand in a query where the cursor is."""

    permission_classes = [ByPerson]

    @extend_schema(
        parameters=[
            OpenApiParameter("q", description="the query so far"),
            OpenApiParameter("at", description="where the cursor is, in characters; absent: end"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, workspace: str, name: str) -> Response:
        experiment = _experiment(request, (workspace, name))
        text = request.query_params.get("q") or ""
        at = request.query_params.get("at") or ""
        place = int(at) if at.isascii() and at.isdigit() and len(at) < 8 else len(text)
        items = queries.complete(experiment, text, place)
        return Response({"items": items, "error": queries.trouble_in(experiment, text)})


class NewView(Input):
    """A name for what follows ? in a table's address."""

    name = serializers.CharField(max_length=saved.MOST_NAME)
    query = serializers.CharField(allow_blank=True, max_length=queries.MOST_CHARACTERS, default="")


def view_dict(view: SavedView) -> dict[str, Any]:
    """A saved view as the API shows it."""
    return {
        "id": view.pk,
        "name": view.name,
        "query": view.query,
        "created_by": view.created_by.username,
        "updated_at": view.updated_at,
    }


class Views(APIView):
    """An experiment's saved views, by name; POST keeps one."""

    permission_classes = [ByPerson]

    @extend_schema(operation_id="workspaces_experiments_views_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        views = saved.saved_views(_experiment(request, (workspace, name)))
        return Response({"items": [view_dict(view) for view in views]})

    @extend_schema(request=NewView, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, workspace: str, name: str) -> Response:
        experiment = _experiment(request, (workspace, name), write=True)
        wanted = NewView.read(request.data)
        view = saved.save_view(experiment, user_of(request), wanted["name"], wanted["query"])
        return Response(view_dict(view), status=201)


class OneView(APIView):
    """One saved view; PATCH renames it or has it show something else."""

    permission_classes = [ByPerson]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, workspace: str, name: str, view: str) -> Response:
        experiment = _experiment(request, (workspace, name))
        return Response(view_dict(saved.saved_view(experiment, view)))

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, workspace: str, name: str, view: str) -> Response:
        experiment = _experiment(request, (workspace, name), write=True)
        found = saved.saved_view(experiment, view)
        return Response(view_dict(saved.change_view(found, object_in(request))))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, workspace: str, name: str, view: str) -> Response:
        experiment = _experiment(request, (workspace, name), write=True)
        saved.saved_view(experiment, view).delete()
        return Response(status=204)


class Actions(APIView):
    """One action on many runs: what can be done is done, the rest is said with its reason."""

    permission_classes = [ByPerson]

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, workspace: str) -> Response:
        place = workspace_of(request, workspace, write=True)
        wanted = object_in(request)
        done, refused = acting.act(
            user_of(request),
            place,
            str(wanted.get("action") or ""),
            acting.run_ids(wanted.get("runs")),
            tags=wanted.get("tags"),
        )
        why = [{"run_id": run_id, "why": words} for run_id, words in refused.items()]
        return Response({"done": done, "refused": why})

"""What every page and list shares: the frame around a page, and paging by an opaque cursor."""

import base64
import binascii
import json
from typing import Any, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from studio.errors import BadInput
from studio.models import Member, Role, Workspace

M = TypeVar("M", bound=Model)
MOST_ON_A_PAGE = 500
# Key (also the icon), title, URL name, key after "g".
PLACES = (
    ("home", "Home", "studio:home", "h"),
    ("experiments", "Experiments", "runs:experiments", "r"),
    ("models", "Models", "registry:models", "m"),
    ("data", "Data", "registry:datasets", "d"),
    ("environments", "Environments", "registry:environments", "e"),
    ("compute", "Compute", "compute:clusters", "c"),
)


class Place(NamedTuple):
    """One entry of the left navigation."""

    key: str
    title: str
    url: str
    keys: str
    is_here: bool
    count_url: str


def page(queryset: QuerySet[M], cursor: str | None, size: int = 50) -> tuple[list[M], str | None]:
    """Return the next `size` rows after `cursor`, in the queryset's own order, and the cursor on.

    The cursor names the last row seen, so rows that come or go meanwhile shift nothing. The
    primary key breaks ties. Raises BadInput for a cursor that no list gave.
    """
    size = max(1, min(size, MOST_ON_A_PAGE))
    order = _order_of(queryset)
    try:
        if cursor:
            queryset = queryset.filter(_after(order, _read(cursor, len(order))))
        rows = list(queryset.order_by(*order)[: size + 1])
    except (ValueError, TypeError, OverflowError, ValidationError):
        raise _bad_cursor() from None
    if len(rows) <= size:
        return rows, None
    last = rows[size - 1]
    return rows[:size], _write([_value(last, name) for name in order])


def _order_of(queryset: QuerySet[Any]) -> list[str]:
    """The queryset's order as field names, with "-" where descending, ending in the key."""
    names = [str(name) for name in queryset.query.order_by or queryset.model._meta.ordering]
    if not any(name.lstrip("-") in ("pk", "id") for name in names):
        names.append("-pk" if names and names[0].startswith("-") else "pk")
    return names


def _after(order: list[str], values: list[Any]) -> Q:
    """Rows behind `values`: (a, b) < (x, y) spelled out, since fields may run both ways."""
    behind = Q(pk__in=[])
    same = Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        step = "lt" if name.startswith("-") else "gt"
        behind |= same & Q(**{f"{field}__{step}": value})
        same &= Q(**{field: value})
    return behind


def _value(row: Model, name: str) -> Any:
    value: Any = row
    for part in name.lstrip("-").split("__"):
        value = getattr(value, part)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _write(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise _bad_cursor() from None
    simple = isinstance(values, list) and all(isinstance(v, str | int | float) for v in values)
    if not simple or len(values) != length:
        raise _bad_cursor()
    return list(values)


def _bad_cursor() -> BadInput:
    return BadInput(
        "this cursor is not one that the list gave; begin again without it",
        fields={"cursor": "not a cursor of this list"},
    )


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks: for the part of the page that it will replace."""
    return request.headers.get("HX-Request") == "true"


def gone(event: str) -> HttpResponse:
    """Answer htmx when what a fragment shows was deleted: it stays, the page hears `event`."""
    return HttpResponse(status=204, headers={"HX-Trigger": event})


def frame(request: HttpRequest) -> dict[str, Any]:
    """What base.html needs: the workspace one is in, those one could be in, the navigation.

    A view that shows a thing of another workspace passes its own `workspace`, which wins.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or is_fragment(request):
        return {"workspace": None}
    members = Member.objects.filter(user=user).select_related("workspace")
    roles = {member.workspace: member.role for member in members.order_by("workspace__name")}
    workspaces = list(roles)
    match = request.resolver_match
    asked = match.kwargs.get("workspace") if match else None
    asked = asked or request.GET.get("workspace")
    workspace = next(
        (w for w in workspaces if w.name == asked), workspaces[0] if workspaces else None
    )
    section = _section(request)
    return {
        "workspaces": workspaces,
        "workspace": workspace,
        # What changes things is hidden from those who may only read; the API refuses it anyway.
        "read_only": [place.name for place, role in roles.items() if role == Role.READER],
        "section": section,
        "nav": _navigation(workspace, section) if workspace else [],
    }


def _section(request: HttpRequest) -> str:
    """The navigation's key of the page that is shown."""
    match = request.resolver_match
    app, name = (match.app_name, match.url_name or "") if match else ("", "")
    if app == "runs":
        return "models" if name.startswith("models-") else "experiments"
    if app == "registry":
        of = {"environment": "environments", "dataset": "data", "store": "data"}
        return next((key for word, key in of.items() if word in name), "models")
    if app == "compute":
        return "compute"
    return "home" if name == "home" else "settings" if app == "studio" else ""


def _navigation(workspace: Workspace, section: str) -> list[Place]:
    def url(name: str) -> str:
        return reverse(name) if name == "studio:home" else reverse(name, args=[workspace.name])

    return [
        Place(
            key,
            title,
            url(name),
            keys,
            key == section,
            url("runs:count") if key == "experiments" else "",
        )
        for key, title, name, keys in PLACES
    ]

"""Views of a table that people keep under a name."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import QueryDict

from runs.models import Experiment, SavedView
from runs.queries import MOST_CHARACTERS, QueryError, parse
from studio.errors import BadInput, Conflict, NotFound
from studio.models import User
from studio.texts import checked

MOST_VIEWS = 100
MOST_NAME = 100
# Where in a table one was, and which view it was, are none of the view's own.
NOT_KEPT = ("cursor", "view")


def saved_views(experiment: Experiment) -> QuerySet[SavedView]:
    """An experiment's views, by name."""
    return SavedView.objects.filter(experiment=experiment).select_related("created_by")


def saved_view(experiment: Experiment, key: str) -> SavedView:
    """Return the view with this id. Raises NotFound, also for another experiment's."""
    is_key = key.isascii() and key.isdigit() and len(key) < 19
    view = saved_views(experiment).filter(pk=int(key)).first() if is_key else None
    if view is None:
        raise NotFound(f'experiment "{experiment.name}" has no view {key[:40]}; it may be deleted')
    return view


def save_view(experiment: Experiment, user: User, name: Any, query: Any) -> SavedView:
    """Keep what follows ? in a table's address. Raises BadInput, Conflict for a name in use."""
    named, address = _name(name), _address(query)
    with transaction.atomic():
        # Two who save the last one there is room for come after each other.
        Experiment.objects.select_for_update().get(pk=experiment.pk)
        if SavedView.objects.filter(experiment=experiment).count() >= MOST_VIEWS:
            raise BadInput(
                f"an experiment has at most {MOST_VIEWS} views; delete one that nobody needs"
            )
        _free(experiment, named)
        return SavedView.objects.create(
            experiment=experiment, name=named, query=address, created_by=user
        )


def change_view(view: SavedView, wanted: dict[str, Any]) -> SavedView:
    """Rename a view, or have it show something else. Raises BadInput, Conflict."""
    name = _name(wanted["name"]) if "name" in wanted else view.name
    query = _address(wanted["query"]) if "query" in wanted else view.query
    if name != view.name:
        _free(view.experiment, name)
    view.name, view.query = name, query
    try:
        with transaction.atomic():
            view.save(update_fields=["name", "query", "updated_at"])
    except IntegrityError:
        raise _taken(name) from None
    return view


def _free(experiment: Experiment, name: str) -> None:
    if SavedView.objects.filter(experiment=experiment, name=name).exists():
        raise _taken(name)


def _taken(name: str) -> Conflict:
    return Conflict(
        f'there is a view "{name}" already: choose another name, or change that one',
        fields={"name": "in use"},
    )


def _name(given: Any) -> str:
    return checked("name", given, MOST_NAME, empty=False).strip()


def _address(given: Any) -> str:
    """The address's query as it is kept: read, and written again without what does not belong."""
    text = checked("query", given, MOST_CHARACTERS).removeprefix("?")
    read = QueryDict(text, mutable=True)
    for name in NOT_KEPT:
        read.pop(name, None)
    try:
        parse(read.get("q") or "")
    except QueryError as error:
        raise BadInput(
            f"the view's query cannot be read: {error.message}", fields={"query": error.message}
        ) from None
    address = read.urlencode()
    # What came in other letters may have grown.
    return checked("query", address, 3 * MOST_CHARACTERS)

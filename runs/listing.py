"""Runs with certain tags or properties, of a state, or without a parent: as lists ask for them."""

from collections.abc import Mapping

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import QueryDict

from runs.models import Run
from runs.states import State
from studio.errors import BadInput
from studio.texts import WHOLE, checked

# The properties of a child that name the run it was begun in, and the uppermost above that.
PARENT, ROOT = "parent_run_id", "root_run_id"
MOST_MARKS = 10


def narrowed(found: QuerySet[Run], query: QueryDict) -> QuerySet[Run]:
    """Narrow runs by what an address says: tag, property, state, children=0 (docs/api.md).

    Raises BadInput.
    """
    for field, key in (("tags", "tag"), ("properties", "property")):
        said = query.getlist(key)
        if len(said) > MOST_MARKS:
            raise BadInput(f"ask for at most {MOST_MARKS} of {key} at a time")
        found = marked(found, field, dict(_pair(key, one) for one in said))
    if state := query.get("state"):
        if state not in State.values:
            known = ", ".join(State.values)
            raise BadInput(f"state is one of {known}", fields={"state": f"one of {known}"})
        found = found.filter(state=state)
    if query.get("children") == "0":
        found = found.annotate(of_run=KeyTransform(PARENT, "properties"))
        found = found.filter(Q(of_run__isnull=True))
    return found


def marked(found: QuerySet[Run], field: str, wanted: Mapping[str, str | None]) -> QuerySet[Run]:
    """Narrow runs to those with these tags or properties; None: with any value."""
    for number, (name, text) in enumerate(wanted.items()):
        mark = f"{field}_{number}"
        found = found.annotate(**{mark: KeyTransform(name, field)})
        found = found.filter(**({f"{mark}__isnull": False} if text is None else {mark: text}))
    return found


def _pair(key: str, said: str) -> tuple[str, str | None]:
    name, sign, text = checked(key, said, 1200).partition("=")
    if not name or WHOLE.fullmatch(name):
        # A database takes a whole number for a place in a list.
        raise BadInput(f"{key}={said[:100]!r} is not name=value, with a name that is no number")
    return name, text if sign else None

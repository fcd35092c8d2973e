"""Runs with certain tags or properties, of a state, or without a parent: as lists ask for them."""

from collections.abc import Mapping

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import QueryDict

from runs.models import Experiment, Run
from runs.states import State
from studio import marks
from studio.errors import BadInput
from studio.texts import checked

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
        for one in said:
            found = found.filter(marks.has(field, *_pair(key, one)))
    if state := query.get("state"):
        if state not in State.values:
            known = ", ".join(State.values)
            raise BadInput(f"state is one of {known}", fields={"state": f"one of {known}"})
        found = found.filter(state=state)
    if query.get("children") == "0":
        found = found.annotate(of_run=KeyTransform(PARENT, "properties"))
        found = found.filter(Q(of_run__isnull=True))
    return found


def parent_of(experiment: Experiment, properties: Mapping[str, str]) -> Run | None:
    """The run that a run with these properties is a child of: one of the same experiment."""
    named = properties.get(PARENT)
    return Run.objects.filter(experiment=experiment, run_id=named).first() if named else None


def _pair(key: str, said: str) -> tuple[str, str | None]:
    name, sign, text = checked(key, said, 1200).partition("=")
    if not name:
        raise BadInput(f"{key}={said[:100]!r} is not name=value")
    return name, text if sign else None

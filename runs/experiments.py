"""Experiments: made, found, described, tagged, archived, brought back."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.timezone import now as clock

from runs import orders
from runs.models import Experiment
from studio import live, marks
from studio.models import Workspace
from studio.texts import checked, merged

MOST_DESCRIPTION = 10_000
MOST_WORDS = 10


@dataclass(frozen=True)
class Wanted:
    """Which experiments are looked for. tags: name → text, None where any text will do.

    archived: None for both kinds.
    """

    words: str = ""
    name: str = ""
    tags: dict[str, str | None] = field(default_factory=dict)
    archived: bool | None = False


def get_or_make(workspace: Workspace, name: str) -> Experiment:
    """Return the experiment `name`, making it when it is new. Raises BadInput for its name."""
    named = orders.experiment_name(name)
    return Experiment.objects.get_or_create(workspace=workspace, name=named)[0]


def count(experiment: Experiment, added: int, *, is_shown: bool = True) -> None:
    """Count runs that begin in `experiment`: `run_count` is the number of the last of them.

    is_shown: one that was archived is on the lists again; not for what belongs to a run it has.
    """
    changes: dict[str, Any] = {"archived_at": None} if is_shown else {}
    row = Experiment.objects.filter(pk=experiment.pk)
    row.update(run_count=F("run_count") + added, **changes)
    experiment.refresh_from_db()


def found(workspace: Workspace, wanted: Wanted) -> QuerySet[Experiment]:
    """The workspace's experiments that fit, in no order yet."""
    rows = Experiment.objects.filter(workspace=workspace)
    if wanted.archived is not None:
        rows = rows.filter(archived_at__isnull=not wanted.archived)
    if wanted.name:
        rows = rows.filter(name=wanted.name)
    for name, text in wanted.tags.items():
        rows = rows.filter(marks.has("tags", name, text))
    for word in wanted.words.split()[:MOST_WORDS]:
        said = Q(name__icontains=word) | Q(description__icontains=word)
        rows = rows.filter(said | Q(marks.holds("tags", word)))
    return rows


def change(
    experiment: Experiment,
    *,
    description: str | None = None,
    tags: dict[str, Any] | None = None,
    archived: bool | None = None,
) -> Experiment:
    """Set what is written on an experiment, archive it or bring it back; None leaves as it is.

    tags: merged with those there are, None takes one away. Its runs are as they were.
    Raises BadInput.
    """
    with transaction.atomic():
        # Two who tag at once both find their tag: the row is read again under its lock.
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        if description is not None:
            row.description = checked("description", description, MOST_DESCRIPTION)
        if tags is not None:
            row.tags = merged("tags", row.tags, tags)
        if archived is not None:
            row.archived_at = (row.archived_at or clock()) if archived else None
        row.save(update_fields=["description", "tags", "archived_at"])
        place = live.workspace_group(row.workspace_id)
        live.publish(place, "experiment-changed", name=row.name)
    experiment.refresh_from_db(fields=["description", "tags", "archived_at"])
    return experiment

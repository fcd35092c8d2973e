"""Which runs are compared: those that are named, or those of an experiment that a query finds."""

from collections.abc import Sequence
from typing import NamedTuple

from runs import tables
from runs.access import experiment_for
from runs.models import Run, RunQuerySet
from studio.errors import NotFound
from studio.models import Workspace

MOST_RUNS = 1000


class Chosen(NamedTuple):
    """runs: in the order asked for.   absent: ids of none.   cut: how many are left out."""

    runs: list[Run]
    absent: list[str]
    cut: int


def named(workspace: Workspace, run_ids: Sequence[str]) -> Chosen:
    """Return the runs of these ids, each once; those of another workspace are absent."""
    wanted = list(dict.fromkeys(run_ids))
    kept = wanted[:MOST_RUNS]
    found = {run.run_id: run for run in _loaded(workspace).filter(run_id__in=kept)}
    absent = [run_id for run_id in kept if run_id not in found]
    runs = [found[run_id] for run_id in kept if run_id in found]
    return Chosen(runs, absent, len(wanted) - len(kept))


def all_named(workspace: Workspace, run_ids: Sequence[str]) -> Chosen:
    """As `named`. Raises NotFound that names an id which is not in the workspace."""
    chosen = named(workspace, run_ids)
    if chosen.absent:
        raise NotFound(f'no run "{chosen.absent[0][:300]}" in workspace "{workspace.name}"')
    return chosen


def found(workspace: Workspace, experiment: str, query: str, *, sort: str = "") -> Chosen:
    """Return the runs of the experiment that the query finds, sorted as its table is.

    Raises NotFound for the experiment, BadInput for a query that cannot be read.
    """
    home = experiment_for(workspace, experiment)
    # One more than are shown, so that it can be said that there are more.
    ids = tables.ids_of(home, query, most=MOST_RUNS + 1, sort=sort)
    chosen = named(workspace, ids)
    return chosen._replace(absent=[])


def _loaded(workspace: Workspace) -> RunQuerySet:
    """The workspace's runs with what is compared of them, without their long texts."""
    return (
        Run.objects.filter(experiment__workspace=workspace)
        .select_related("experiment", "cluster", "created_by", "environment", "snapshot")
        .defer("definition", "error", "properties", "arguments", "tags", "waits_for")
    )

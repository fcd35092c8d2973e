"""One action on many runs: what can be done is done, and the rest is said with its reason."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.timezone import now as clock

from runs import control, lifecycle, parameters, removing
from runs.models import Run
from runs.states import FINAL, State
from studio import live
from studio.errors import BadInput, StudioError
from studio.models import User, Workspace
from studio.texts import MOST_ENTRIES, kept, mapping

MOST_RUNS = 1000
Why = dict[str, str]


def act(
    user: User, workspace: Workspace, action: str, run_ids: Sequence[str], **given: Any
) -> tuple[list[str], Why]:
    """Do `action` to the runs; return the ids it was done to, and why not for each of the others.

    tags: what to add, or which names to take away. Raises BadInput for an action there is not.
    """
    known: dict[str, Callable[[list[Run]], Why]] = {
        "cancel": lambda runs: _cancel(runs, user),
        "archive": lambda runs: _archive(runs),
        "restore": lambda runs: _restore(runs),
        "tag": lambda runs: _tag(runs, mapping("tags", given.get("tags"))),
        "untag": lambda runs: _untag(runs, _names(given.get("tags"))),
        "delete": lambda runs: removing.remove_all(runs),
    }
    if action not in known:
        raise BadInput(
            f'there is no action "{action[:40]}"; there are: {", ".join(known)}',
            fields={"action": f"one of {', '.join(known)}"},
        )
    if action in ("tag", "untag") and not given.get("tags"):
        raise BadInput('say which tags: {"tags": {"name": "text"}}', fields={"tags": "missing"})
    wanted = list(dict.fromkeys(run_ids))
    runs = chosen(workspace, wanted)
    found = {run.run_id for run in runs}
    refused = {
        run_id: f'no such run in workspace "{workspace.name}"'
        for run_id in wanted
        if run_id not in found
    }
    if runs:
        refused |= known[action](runs)
    return [run_id for run_id in wanted if run_id not in refused], refused


def chosen(workspace: Workspace, run_ids: Sequence[str]) -> list[Run]:
    """Return those of the workspace's runs that have these ids, with their code."""
    there = Run.objects.filter(experiment__workspace=workspace, run_id__in=run_ids)
    return list(there.select_related("experiment__workspace", "snapshot", "cluster").order_by("id"))


def run_ids(given: Any) -> list[str]:
    """Return ids as they were sent. Raises BadInput for what is no list of at most MOST_RUNS."""
    is_list = isinstance(given, list) and all(isinstance(run_id, str) for run_id in given)
    if not is_list or not 0 < len(given) <= MOST_RUNS:
        raise BadInput(
            f'"runs" lists from 1 to {MOST_RUNS:,} ids of runs', fields={"runs": "a list"}
        )
    # No run is called so, and databases refuse to look.
    return [kept(run_id, 280) for run_id in given]


def _cancel(runs: list[Run], user: User) -> Why:
    """Each on its own: a run on a node is stopped, and all of that is said on its page."""
    refused: Why = {}
    for run in runs:
        if run.state in FINAL:
            refused[run.run_id] = f"it has ended already: {run.state}"
            continue
        try:
            control.cancel(run, user)
        except StudioError as error:
            refused[run.run_id] = error.message
    return refused


def _archive(runs: list[Run]) -> Why:
    active = {run.run_id: "it has not ended; cancel it first" for run in runs if not run.is_final}
    done = [run for run in runs if run.is_final]
    with transaction.atomic():
        rows = Run.objects.filter(pk__in=[run.pk for run in done], state__in=FINAL)
        rows.filter(archived_at=None).update(archived_at=clock())
        _tell(done)
    return active


def _restore(runs: list[Run]) -> Why:
    with transaction.atomic():
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(archived_at=None)
        _tell(runs)
    return {}


def _tag(runs: list[Run], tags: dict[str, str]) -> Why:
    def added(row: Run) -> dict[str, str]:
        return {**row.tags, **tags}

    with transaction.atomic():
        done, refused = _retagged(runs, added)
        for _, of_one in _by_experiment(done):
            parameters.tag(of_one[0].experiment, {run.pk: tags for run in of_one})
        _tell(done)
    return refused


def _untag(runs: list[Run], names: list[str]) -> Why:
    def without(row: Run) -> dict[str, str]:
        return {name: text for name, text in row.tags.items() if name not in names}

    with transaction.atomic():
        done, refused = _retagged(runs, without)
        parameters.untag(done, names)
        _tell(done)
    return refused


def _retagged(runs: list[Run], change: Callable[[Run], dict[str, str]]) -> tuple[list[Run], Why]:
    """Change the tags of rows read again under their lock, so that nobody's tag is lost."""
    locked = Run.objects.select_for_update().filter(pk__in=[run.pk for run in runs])
    rows = {row.pk: row for row in locked.only("pk", "tags")}
    done, refused = [], {}
    for run in runs:
        row = rows[run.pk]
        tags = change(row)
        if len(tags) > MOST_ENTRIES:
            refused[run.run_id] = f"it would have {len(tags)} tags; {MOST_ENTRIES} at most"
            continue
        row.tags = run.tags = tags
        done.append(run)
    Run.objects.bulk_update([rows[run.pk] for run in done], ["tags"])
    return done, refused


def _by_experiment(runs: list[Run]) -> list[tuple[int, list[Run]]]:
    found: dict[int, list[Run]] = {}
    for run in runs:
        found.setdefault(run.experiment_id, []).append(run)
    return list(found.items())


def _names(given: Any) -> list[str]:
    """The names of tags, sent as a list or as what they are the names of."""
    if isinstance(given, Mapping):
        return list(mapping("tags", dict(given)))
    if not isinstance(given, list):
        raise BadInput('"tags" lists the names to take away', fields={"tags": "a list of names"})
    if not all(isinstance(name, str) for name in given):
        raise BadInput('"tags" lists names as texts', fields={"tags": "a list of names"})
    return list(mapping("tags", dict.fromkeys(given, "")))


def _tell(runs: list[Run]) -> None:
    """One event for each page of a run, and one for the workspace's tables."""
    if not runs:
        return
    by_state: dict[State, list[Run]] = {}
    for run in runs:
        by_state.setdefault(State(run.state), []).append(run)
    for state, of_state in by_state.items():
        groups = [lifecycle.group(run) for run in of_state]
        live.publish_to(groups, "run-changed", state=state, number=0)
    place = live.workspace_group(runs[0].experiment.workspace_id)
    live.publish(place, "run-changed", run_id=runs[0].run_id, state=runs[0].state)

"""What people ask of runs: submit, cancel, change what is written on them."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now as clock

from runs import actors, ending, experiments, lifecycle, making, orders, parameters
from runs.models import PipelineStep, Run
from runs.states import ACTIVE, FINAL, ON_A_NODE, Reason, State
from studio import queue
from studio.errors import BadInput, Conflict
from studio.models import User, Workspace
from studio.texts import checked, mapping

# The one property that people edit.
DESCRIPTION = "description"


def submit(user: User, workspace: Workspace, given: dict[str, Any]) -> Run:
    """Make the run that is asked for (docs/api.md, Submit) and have it launched.

    Everything is checked before anything is made. Raises BadInput, NotFound, UnknownCluster.
    """
    order = orders.read(workspace, given)
    with transaction.atomic():
        home = experiments.get_or_make(workspace, order.experiment)
        run = making.make(user, home, order, clock())
        queue.send(actors.launch, run.pk)
    return run


def cancel(run: Run, user: User, *, by_itself: bool = False) -> Run:
    """Ask `run` to end. One that has ended stays as it is; one that waits ends at once.

    by_itself: its script asks, by the run's token; the words say so, and not who submitted it.
    A run on a node gets the time of the grace to end by itself; what it wrote is kept. A run
    that moves on meanwhile is looked at again: each step is a swap from the state that was read.
    Of a pipeline run no step begins any more, and those that go on are asked to end.
    """
    while run.state not in FINAL and run.state != State.CANCEL_REQUESTED:
        who: dict[str, Any] = {"cancel_requested_at": clock(), "canceled_by": user}
        words = f"by {ending.ITSELF if by_itself else user.username}"
        if run.state in ON_A_NODE:
            asked = lifecycle.move(run, State.CANCEL_REQUESTED, f"cancel asked {words}", **who)
            if asked and not run.is_pipeline:
                queue.send(actors.stop, run.pk)
        elif lifecycle.end_waiting(run, Reason.CANCELED, f"canceled {words}", **who):
            queue.send(actors.clean, run.pk)
    if run.is_pipeline and not run.is_final:
        cancel_steps(run, user)
    return run


def cancel_steps(run: Run, user: User) -> None:
    """Ask the steps of a pipeline run to end that go on. Safe to repeat."""
    steps = PipelineStep.objects.filter(pipeline__run=run, run__state__in=ACTIVE)
    for step in steps.select_related("run__experiment", "run__cluster"):
        if step.run is not None:
            cancel(step.run, user)
    queue.send(actors.advance, run.pk)


def change(run: Run, wanted: dict[str, Any]) -> Run:
    """Set a run's name, add tags and properties to its own, take tags away.

    Raises BadInput, and Conflict for a property that has another value already.
    """
    added = {field: mapping(field, wanted.get(field)) for field in ("tags", "properties")}
    gone = _names_of(wanted.get("remove_tags"))
    name = checked("name", wanted["name"], 100, empty=False) if "name" in wanted else run.name
    with transaction.atomic():
        # Two who tag at once both find their tag: the row is read again under its lock.
        row = Run.objects.select_for_update().get(pk=run.pk)
        _need_new(row, added["properties"])
        # Read as a whole again, so that many small additions meet the same limit as one.
        changes = {
            field: mapping(field, {**getattr(row, field), **texts})
            for field, texts in added.items()
        }
        changes["tags"] = {key: text for key, text in changes["tags"].items() if key not in gone}
        parameters.untag([run], gone)
        Run.objects.filter(pk=run.pk).update(name=name, **changes)
        kept = {key: text for key, text in added["tags"].items() if key not in gone}
        parameters.tag(run.experiment, {run.pk: kept})
        run.refresh_from_db()
        lifecycle.touched(run)
    return run


def _need_new(run: Run, properties: dict[str, str]) -> None:
    """Properties say what was so when the run was made; its description is one that people edit."""
    for key, text in properties.items():
        has = run.properties.get(key, text)
        if has != text and key != DESCRIPTION:
            raise Conflict(
                f'run {run.run_id} has the property {key} = "{has[:100]}" already, and properties'
                " do not change; what changes is a tag"
            )


def _names_of(given: Any) -> set[str]:
    """The names of tags to remove. Raises BadInput."""
    if given is None:
        return set()
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise BadInput("remove_tags is a list of names", fields={"remove_tags": "names"})
    return set(given)

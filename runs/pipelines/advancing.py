"""A pipeline run goes on: what has ended is noted, whose turn it is begins, at last it ends.

Everything is decided from rows, under the lock of the run's row, so it is safe to repeat, and at
once: whoever comes second finds nothing left to do.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import now as clock

from runs import cleaning, lifecycle, making
from runs.models import PipelineRun, PipelineStep, Run, RunOutput
from runs.pipelines import checking
from runs.states import ACTIVE, FINAL, Reason, State, StepState
from studio import access
from studio.errors import NotAllowed, StudioError
from studio.files import trees
from studio.models import Tree

logger = logging.getLogger(__name__)
OPEN = (StepState.WAITING, StepState.DUE, StepState.BEGUN)
BAD = (StepState.FAILED, StepState.CANCELED)
NOTED_AS = {
    State.COMPLETED: StepState.COMPLETED,
    State.FAILED: StepState.FAILED,
    State.CANCELED: StepState.CANCELED,
}
FAILED = "StepFailed"
MOST_TEXT = 1000


def advance(run_pk: int) -> Iterator[int]:
    """Take a pipeline run as far as it can go now; yield the keys of the runs that it began.

    A step that cannot begin has failed, and that may be the turn, or the end, of others.
    """
    tried: set[int] = set()
    while due := [pk for pk in _look(run_pk) if pk not in tried]:
        tried.update(due)
        for step_pk in due:
            try:
                begun = _begin(run_pk, step_pk)
            except DatabaseError:  # supervise has it tried again; the others need not wait for it
                logger.exception("step %s of run %s could not begin", step_pk, run_pk)
                continue
            except Exception:  # the outer edge: what is our fault would come again for ever
                logger.exception("step %s of run %s cannot begin", step_pk, run_pk)
                _fail(run_pk, step_pk, "the studio failed over it, and its log says why")
                continue
            if begun is not None:
                yield begun
    there = Run.objects.select_related("experiment__workspace", "cluster")
    run = there.filter(pk=run_pk).first()
    if run is not None and run.is_final:
        cleaning.clean(run)


def due(before: datetime) -> QuerySet[PipelineRun]:
    """The pipeline runs that should have gone on by then: their message was lost, or cut short."""
    steps = PipelineStep.objects.filter(pipeline=OuterRef("pk"))
    begun = steps.filter(state=StepState.BEGUN)
    has_ended = Q(run__ended_at__lt=before) | Q(run=None)
    unasked = begun.filter(run__state__in=ACTIVE).exclude(run__state=State.CANCEL_REQUESTED)
    active = PipelineRun.objects.filter(
        run__state__in=(State.RUNNING, State.CANCEL_REQUESTED), run__created_at__lt=before
    )
    active = active.select_related(
        "run__experiment", "run__cluster", "run__canceled_by", "run__created_by"
    )
    return active.filter(
        Exists(begun.filter(has_ended))
        | Exists(steps.filter(state=StepState.DUE))
        | ~Exists(begun)
        | Q(Exists(unasked), run__cancel_requested_at__lt=before)
    ).defer("graph")


# --- deciding ------------------------------------------------------------------------------------
def _look(run_pk: int) -> list[int]:
    """Note what ended, decide what is next; return the keys of the steps whose turn it is."""
    with transaction.atomic():
        run = _locked(run_pk)
        if run is None or run.is_final:
            return []
        pipeline = PipelineRun.objects.defer("graph").get(run=run)
        steps = list(pipeline.steps.select_related("run__canceled_by").defer("order"))
        before = {step.pk: (step.state, step.text) for step in steps}
        for step in steps:
            _note(step)
        _decide(steps, _why_none(run, pipeline, steps))
        changed = [step for step in steps if (step.state, step.text) != before[step.pk]]
        PipelineStep.objects.bulk_update(changed, ["state", "text"])
        if not any(step.state in OPEN for step in steps):
            _end(run, steps)
        elif changed:
            lifecycle.wait(run, _waits_for(steps))
            lifecycle.touched(run)
    return [step.pk for step in steps if step.state == StepState.DUE]


def _locked(run_pk: int) -> Run | None:
    """The run, with its row locked: for a transaction."""
    there = Run.objects.select_for_update(of=("self",), no_key=True)
    return there.select_related("experiment__workspace", "cluster").filter(pk=run_pk).first()


def _note(step: PipelineStep) -> None:
    """How a step's run ended, for good: the run itself may be deleted later."""
    if step.state != StepState.BEGUN:
        return
    if step.run is None:
        step.state, step.text = StepState.FAILED, "its run was deleted"
    elif step.run.state in FINAL:
        step.state = NOTED_AS[State(step.run.state)]
        step.text = _how_it_ended(step.run)[:MOST_TEXT]


def _how_it_ended(run: Run) -> str:
    if run.state == State.COMPLETED:
        return ""
    said = str(run.error.get("message", ""))
    if not said and run.canceled_by is not None:
        return f"canceled by {run.canceled_by.username}"
    return said or str(run.get_reason_display())


def _why_none(run: Run, pipeline: PipelineRun, steps: Iterable[PipelineStep]) -> str:
    """Why no step begins any more; "" where some may."""
    if run.state == State.CANCEL_REQUESTED:
        return "the pipeline run was canceled before its turn came"
    bad = next((step for step in steps if step.state in BAD), None)
    if bad is None or pipeline.goes_on:
        return ""
    return f"step {bad.name} was not Completed"


def _decide(steps: list[PipelineStep], why_none: str) -> None:
    """Say of every step that waits whether its turn has come, or never will."""
    by_number = {step.number: step for step in steps}
    is_settled = False
    while not is_settled:
        is_settled = True
        for step in steps:
            if step.state not in (StepState.WAITING, StepState.DUE):
                continue
            first = [by_number[number] for number in step.after]
            bad = next((one for one in first if one.state in BAD), None)
            if why_none or bad:
                words = why_none or f"step {bad.name if bad else ''} was not Completed"
                step.state, step.text = StepState.CANCELED, f"never begun: {words}"
                is_settled = False
            elif step.state == StepState.WAITING and all(
                one.state == StepState.COMPLETED for one in first
            ):
                step.state = StepState.DUE
                is_settled = False


def _waits_for(steps: list[PipelineStep]) -> str:
    """What a pipeline run does now, in words."""
    count = {state: sum(step.state == state for step in steps) for state in StepState}
    done, of = count[StepState.COMPLETED], len(steps)
    return f"{done} of {of} step{'' if of == 1 else 's'} Completed"


def _end(run: Run, steps: list[PipelineStep]) -> None:
    bad = [step for step in steps if step.state in BAD]
    if not bad:
        of = len(steps)
        words = "its step is Completed" if of == 1 else f"all {of} steps are Completed"
        lifecycle.end(run, Reason.SUCCEEDED, text=words)
    elif run.state == State.CANCEL_REQUESTED:
        who = run.canceled_by.username if run.canceled_by else "somebody"
        lifecycle.end(run, Reason.CANCELED, text=f"canceled by {who}")
    else:
        lifecycle.end(run, Reason.STEP_FAILED, error=_error(bad))


def _error(bad: list[PipelineStep]) -> dict[str, Any]:
    """What a pipeline run failed of: the step that ended first, and how many did not besides."""
    # The others were not begun because of these.
    guilty = [step for step in bad if step.begun_at or step.state == StepState.FAILED]
    first = min(guilty, key=_ended_at)
    how = "failed" if first.state == StepState.FAILED else "was canceled"
    words = f"step {first.name} {how}: {first.text or 'no reason was given'}"
    if len(guilty) > 1:
        words += f"; {len(guilty) - 1} more did not do well"
    facts = {"type": FAILED, "message": words, "step": first.name}
    if first.run is not None:
        facts |= {"message": f"{words}; see {first.run.run_id}", "run_id": first.run.run_id}
    return facts


def _ended_at(step: PipelineStep) -> datetime:
    """When it ended; one that could not begin just now."""
    at = step.run.ended_at if step.run is not None else None
    return at or clock()


# --- beginning -----------------------------------------------------------------------------------
def _begin(run_pk: int, step_pk: int) -> int | None:
    """Make the run of a step whose turn it is; None where somebody else did, or it cannot be."""
    step = PipelineStep.objects.get(pk=step_pk)
    run = Run.objects.select_related("experiment__workspace", "created_by").get(pk=run_pk)
    try:
        _check_person(run)
        order = checking.read(run.workspace, step.order, _written(step))
    except StudioError as error:
        _fail(run_pk, step_pk, error.message)
        return None
    with transaction.atomic():
        parent = _locked(run_pk)
        row = PipelineStep.objects.filter(pk=step_pk, state=StepState.DUE).first()
        if parent is None or parent.state != State.RUNNING or row is None:
            return None
        at, part_of = clock(), f"step {row.name} of pipeline run {parent.name}"
        made = making.make(run.created_by, parent.experiment, order, at, part_of=part_of)
        row.run, row.state, row.begun_at = made, StepState.BEGUN, at
        row.save(update_fields=["run", "state", "begun_at"])
        lifecycle.touched(parent)
    logger.info("%s began %s as %s", run, step, made)
    return made.pk


def _check_person(run: Run) -> None:
    """Who submitted a pipeline may have left since; nothing begins in their name then."""
    who = run.created_by
    if not who.is_active or not access.allow(who, run.workspace, write=True):
        raise NotAllowed(
            f"{who.username}, who submitted the pipeline run, may not run anything in workspace"
            f" {run.workspace.name} any more"
        )


def _written(step: PipelineStep) -> dict[tuple[int, str], Tree]:
    """What the steps before this one wrote: by the step's number and the output's name."""
    rows = RunOutput.objects.filter(
        run__step__pipeline=step.pipeline_id, run__step__number__in=step.after
    )
    nothing = trees.make([])
    return {
        (row.run.step.number, row.name): row.tree or nothing
        for row in rows.select_related("run__step", "tree")
    }


def _fail(run_pk: int, step_pk: int, words: str) -> None:
    with transaction.atomic():
        _locked(run_pk)
        there = PipelineStep.objects.filter(pk=step_pk, state=StepState.DUE)
        there.update(state=StepState.FAILED, text=f"it could not begin: {words}"[:MOST_TEXT])

"""What pages say of the steps of a pipeline run: how many are how far, and a line for each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from runs.models import PipelineRun, PipelineStep, Run
from runs.pipelines import values
from runs.states import FINAL, State, StepState

# How a group of steps is drawn in the bar, in its order.
LOOKS = {
    State.COMPLETED: "done",
    State.RUNNING: "now",
    State.NOT_STARTED: "todo",
    State.FAILED: "failed",
    State.CANCELED: "canceled",
}
TITLES = {State.RUNNING: "Begun", State.NOT_STARTED: "Waiting"}


class Group(NamedTuple):
    """Steps that are equally far, in the bar: how it is drawn, how many, and their names."""

    status: str
    title: str
    size: int
    names: str


class Row(NamedTuple):
    """A step as its line shows it: its state, what is to be said of that, whom it waits for.

    is_gone: its run was deleted.
    """

    step: PipelineStep
    state: str
    words: str
    after: str
    is_gone: bool


def steps_of(pipeline: PipelineRun) -> list[PipelineStep]:
    """The steps with their runs, without what only their beginning needs."""
    return list(pipeline.steps.select_related("run__cluster").defer("order"))


def head(run: Run) -> dict[str, Any]:
    """What the head of a pipeline run's page shows besides; {} for another run."""
    if not run.is_pipeline:
        return {}
    pipeline = (
        PipelineRun.objects.select_related("published")
        .defer("graph", "published__graph")
        .get(run=run)
    )
    steps = steps_of(pipeline)
    return {
        "pipeline": pipeline,
        "parameters": values.shown(pipeline),
        "groups": _groups(steps),
        "step_count": len(steps),
        "failed_step": next((step for step in steps if _is_blamed(step, run)), None),
    }


def _is_blamed(step: PipelineStep, run: Run) -> bool:
    """Whether the pipeline run failed because of this step, whose run is still there."""
    return step.run is not None and step.run.run_id == run.error.get("run_id")


def _groups(steps: Sequence[PipelineStep]) -> list[Group]:
    names: dict[State, list[str]] = {state: [] for state in LOOKS}
    for step in steps:
        state = State(step.shown_state)
        is_plain = state in FINAL or (state == State.NOT_STARTED and step.begun_at is None)
        names[state if is_plain else State.RUNNING].append(step.name)
    return [
        Group(LOOKS[state], TITLES.get(state, state), len(found), ", ".join(found))
        for state, found in names.items()
        if found
    ]


def rows(steps: Sequence[PipelineStep]) -> list[Row]:
    """The lines of a pipeline run's steps, in the order of its graph."""
    done = {step.number for step in steps if step.state == StepState.COMPLETED}
    names = {step.number: step.name for step in steps if step.number not in done}
    return [
        Row(
            step=step,
            state=step.shown_state,
            words=step.text or (step.run.waits_for if step.run else ""),
            after=_waits_for(step, names),
            is_gone=step.begun_at is not None and step.run is None,
        )
        for step in steps
    ]


def _waits_for(step: PipelineStep, names: dict[int, str]) -> str:
    """The names of those before it that are not Completed, while it waits for them."""
    if step.state != StepState.WAITING:
        return ""
    return ", ".join(names[number] for number in step.after if number in names)

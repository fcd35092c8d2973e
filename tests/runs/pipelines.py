"""Graphs for tests: small steps, submitted by a caller, and their runs taken to their ends."""

from typing import Any

from runs import lifecycle, output_datasets
from runs.models import PipelineStep, Run, RunOutput
from runs.pipelines import advancing
from runs.states import Reason, State
from tests.factories import make_tree
from tests.runs.conftest import Caller

SCRIPT = {"train.py": "print('hello')\n"}


def step(name: str, code: str, /, *after: int, **order: Any) -> dict[str, Any]:
    wanted = {"script": "train.py", "snapshot": code, **order}
    return {"name": name, "after": list(after), "order": wanted}


def graph(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"steps": list(steps), **more}


def send(caller: Caller, wanted: Any, **more: Any):
    """POST a graph to be run."""
    body = {"experiment": "flow", "graph": wanted, **more}
    return caller.post(f"{caller.home}/pipelines/runs", body)


def begun(caller: Caller, wanted: Any, **more: Any) -> Run:
    reply = send(caller, wanted, **more)
    assert reply.status_code == 201, reply.content
    return Run.objects.get(run_id=reply.json()["run_id"])


def states(run: Run) -> dict[str, str]:
    """The steps of a pipeline run, as the graph has noted them."""
    return dict(PipelineStep.objects.filter(pipeline__run=run).values_list("name", "state"))


def advance(run: Run) -> list[int]:
    """Let it go on; return the keys of the runs that it began."""
    return list(advancing.advance(run.pk))


def to_end(run: Run, name: str) -> None:
    """Take a step that is about to begin, or has, to its good end."""
    advance(run)
    end(run_of(run, name))


def run_of(run: Run, name: str) -> Run:
    """The run of a step that has begun."""
    step = PipelineStep.objects.get(pipeline__run=run, name=name)
    assert step.run is not None, f"step {name} has not begun"
    return step.run


def wrote(run: Run, output: str, **files: str) -> RunOutput:
    """A step's run wrote these for an output dataset."""
    one = output_datasets.of(run).get(name=output)
    one.tree = make_tree(**files)
    one.save()
    return one


def end(run: Run, reason: Reason = Reason.SUCCEEDED, **error: Any) -> None:
    """A step's run ends so."""
    run.refresh_from_db()
    if reason == Reason.SUCCEEDED:
        for state in (State.PREPARING, State.QUEUED, State.STARTING, State.RUNNING):
            if run.state != State.RUNNING and run.state != state:
                lifecycle.move(run, state)
    assert lifecycle.end(run, reason, error=error)

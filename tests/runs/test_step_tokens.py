"""What the token of a step of a pipeline reaches: its pipeline run, and to read the other steps."""

import pytest

from studio import tokens
from studio.models import TokenKind
from tests.runs.conftest import client_with
from tests.runs.pipelines import advance, begun, graph, run_of, step, to_end

pytestmark = pytest.mark.django_db


@pytest.fixture
def pipeline(caller):
    """A pipeline run whose first step is Completed and whose second and third have begun."""
    code = caller.sent({"train.py": "print('hello')\n"})
    run = begun(caller, graph(step("a", code), step("b", code, 0), step("c", code, 0)))
    to_end(run, "a")
    advance(run)
    return run


def client_of(caller, run):
    """Calls as the script of a run does."""
    _, secret = tokens.issue(
        caller.user, caller.workspace, name="run", kind=TokenKind.RUN, subject=run.run_id
    )
    return client_with(secret)


def test_a_step_reads_and_changes_its_pipeline_run(caller, pipeline):
    script = client_of(caller, run_of(pipeline, "b"))
    base = f"/api/v1/runs/{pipeline.run_id}"
    assert [one["name"] for one in script.get(base).json()["steps"]] == ["a", "b", "c"]
    assert len(script.get(base + "/children").json()["items"]) == 3
    assert script.patch(base, {"tags": {"a": "b"}}, format="json").json()["tags"] == {"a": "b"}
    reply = script.post(base + "/cancel", {}, format="json")
    assert (reply.status_code, reply.json()["state"]) == (200, "CancelRequested")
    assert script.delete(base).status_code == 403


def test_a_step_only_reads_the_other_steps(caller, pipeline):
    script = client_of(caller, run_of(pipeline, "b"))
    for name in ("a", "c"):
        base = f"/api/v1/runs/{run_of(pipeline, name).run_id}"
        assert script.get(base).json()["step_name"] == name
        assert script.get(base + "/metrics").status_code == 200
        assert script.patch(base, {"tags": {"a": "b"}}, format="json").status_code == 403
        assert script.post(base + "/cancel", {}, format="json").status_code == 403


def test_nobody_else_is_reached(caller, pipeline):
    code = caller.sent({"train.py": "print('hello')\n"})
    other = begun(caller, graph(step("a", code)))
    advance(other)
    plain = caller.submit().json()["run_id"]
    script = client_of(caller, run_of(pipeline, "b"))
    for run_id in (other.run_id, run_of(other, "a").run_id, plain):
        assert script.get(f"/api/v1/runs/{run_id}").status_code == 403
    # … nor does a run that is no step, or a step's run that only says so, reach one
    says_so = {"parent_run_id": pipeline.run_id, "azureml.runsource": "azureml.StepRun"}
    liar = caller.submit(experiment="flow", properties=says_so).json()["run_id"]
    for run_id in (plain, liar):
        _, secret = tokens.issue(
            caller.user, caller.workspace, name="run", kind=TokenKind.RUN, subject=run_id
        )
        reply = client_with(secret).get(f"/api/v1/runs/{pipeline.run_id}")
        assert reply.status_code == 403

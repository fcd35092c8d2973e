"""Published pipelines, and pipelines on the command line, beside a whole studio."""

import json
import re
import urllib.error
import urllib.request

import pytest
from azureml.core import Experiment
from azureml.core.authentication import InteractiveLoginAuthentication
from azureml.exceptions import UserErrorException
from azureml.pipeline.core import Pipeline, PipelineRun, PublishedPipeline
from trainyard import _errors

from tests.fixtures.waiting import until
from tests.sdk.commands import Commands
from tests.sdk.pipelining import scripts, small, steps_of, workspace_of

HOME = "sdk-published-pipelines"


@pytest.fixture(scope="module")
def workspace(live_studio):
    found = workspace_of(live_studio)
    yield found
    found.client.close()


@pytest.fixture(scope="module")
def step(tmp_path_factory):
    return steps_of(scripts(tmp_path_factory.mktemp("steps")))


@pytest.fixture(scope="module")
def pipeline(workspace, step):
    return small(workspace, step)


@pytest.fixture(scope="module")
def ended(workspace, pipeline):
    """A run that has ended."""
    run = Experiment(workspace, HOME).submit(pipeline, pipeline_parameters={"n": 7})
    assert run.wait_for_completion(show_output=False) == "Finished"
    return run


# --- published -------------------------------------------------------------------------------


def test_a_published_pipeline_is_found_submitted_disabled(workspace, pipeline, ended):
    published = pipeline.publish("writes-reads", version=2)
    assert (published.name, published.version, published.status) == ("writes-reads", "2", "Active")
    assert (published.total_run_steps, published.description) == (2, "writes, then reads")
    assert published.parameters == {"n": {"type": "int", "default": 3}}
    found = PublishedPipeline.get(workspace, published.id)
    assert (found.id, found.endpoint) == (published.id, published.endpoint)
    assert repr(found) == repr(published) and not found.continue_on_step_failure
    with pytest.raises(UserErrorException, match="no parameter m"):
        Experiment(workspace, HOME).submit(published, pipeline_parameters={"m": 1})
    run = Experiment(workspace, HOME).submit(published, pipeline_parameters={"n": 5})
    other = found.submit(workspace, HOME)
    assert [one.wait_for_completion(False) for one in (run, other)] == ["Finished"] * 2
    assert (run.get_parameters(), other.get_parameters()) == ({"n": 5}, {"n": 3})
    runs = PipelineRun.get_pipeline_runs(workspace, published.id)
    assert [one.id for one in runs] == [other.id, run.id]
    published.disable()
    assert published.status == "Disabled"
    ids = [one.id for one in PublishedPipeline.list(workspace)]
    every = [one.id for one in PublishedPipeline.get_all(workspace, active_only=False)]
    assert published.id not in ids and published.id in every
    with pytest.raises(_errors.Conflict, match="disabled"):
        found.submit(workspace, HOME)
    published.enable()
    assert PublishedPipeline.get(workspace, published.id).status == "Active"
    with pytest.raises(UserErrorException):
        PublishedPipeline.get(workspace, "00000000-0000-0000-0000-000000000000")
    of_run = ended.publish_pipeline("from-a-run", "kept", "1")
    assert (of_run.description, of_run.total_run_steps) == ("kept", 2)


def test_the_endpoint_wants_the_header(workspace, pipeline):
    published = pipeline.publish("by-address")
    header = InteractiveLoginAuthentication().get_authentication_header()

    def post(header, **body):
        body = dict({"ExperimentName": HOME, "RunSource": "SDK"}, **body)
        headers = dict(header, **{"Content-Type": "application/json"})
        request = urllib.request.Request(published.endpoint, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    answer = post(header, ParameterAssignments={"n": "9"})
    run = PipelineRun(workspace.experiments[HOME], answer["Id"])
    assert run.get_parameters() == {"n": 9}
    run.cancel()
    for given, status in (({}, 401), ({"Authorization": "Bearer nonsense"}, 401)):
        with pytest.raises(urllib.error.HTTPError) as raised:
            post(given)
        assert raised.value.code == status
        raised.value.close()
    with pytest.raises(urllib.error.HTTPError) as raised:
        post(header, ParameterAssignments={"m": 1})
    assert raised.value.code == 400
    raised.value.close()


# --- the command line ------------------------------------------------------------------------


def test_the_command_line_knows_pipelines(live_studio, workspace, ended, step, tmp_path):
    commands = Commands(tmp_path, live_studio.config_path)
    (write,) = ended.find_step_run("write")
    listed = [one["run_id"] for one in commands.json("runs", "-e", HOME, "-n", "100")]
    assert {ended.id, write.id} <= set(listed)
    shown = commands("show", ended.id)
    assert re.search(rf"write +Completed +{write.id}", shown) and "n=7" in shown
    assert "step         write" in commands("show", write.id)
    said = commands("logs", ended.id)
    assert said.index(f"== write ({write.id}): Completed") < said.index("0.txt 7")
    assert "0.txt 7" in commands("logs", "-f", ended.id)
    assert "as write" in commands("logs", write.id)
    wait = step("waits", "wait", str(tmp_path / "go"))
    run = Pipeline(workspace, [wait]).submit(HOME)
    following = commands.start("logs", "-f", run.id)
    assert "== wait (" in following.stdout.readline()
    assert until(lambda: "begun" in following.stdout.readline())
    commands("cancel", "--wait", run.id)
    out, err = following.communicate(timeout=60)
    assert "== wait is Canceled" in out and following.returncode == 1, err
    assert run.status != "Completed" and run.get_status() == "Canceled"

"""Published pipelines: a graph under a name and an address, run with other parameters each time."""

import pytest

from runs.models import Pipeline, Run
from studio.files import collecting
from studio.models import Tree
from tests.runs.pipelines import advance, begun, graph, run_of, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def wanted(caller):
    code = caller.sent({"train.py": "print('published')\n"})
    return graph(
        step("prepare", code),
        step("train", code, 0, arguments=["--lr", "$(PipelineParameter:lr)"]),
        parameters={"lr": {"type": "float", "default": 0.1}},
        description="trains",
    )


def publish(caller, **words):
    return caller.post(f"{caller.home}/pipelines", {"name": "nightly", **words})


@pytest.fixture
def published(caller, wanted):
    reply = publish(caller, graph=wanted, version="2")
    assert reply.status_code == 201, reply.content
    return reply.json()


def path_of(published):
    return published["endpoint"][published["endpoint"].index("/api/") :]


def test_it_says_what_it_is(caller, published):
    assert published["endpoint"].endswith(f"{caller.home}/pipelines/{published['id']}/runs")
    expected = {
        "name": "nightly", "description": "trains", "version": "2", "status": "Active",
        "parameters": {"lr": {"type": "float", "default": 0.1}}, "step_count": 2,
        "steps": [{"name": "prepare", "script": "train.py", "after": []},
                  {"name": "train", "script": "train.py", "after": [0]}],
        "continue_on_step_failure": False, "created_by": "ann",
    }  # fmt: skip
    assert expected.items() <= published.items()
    assert caller.get(f"{caller.home}/pipelines/{published['id']}").json() == published


def test_a_run_of_it_has_the_values_that_were_given(caller, published):
    body = {"experiment": "flow", "parameters": {"lr": 0.5}, "name": "first"}
    run = caller.post(path_of(published), body).json()
    assert run["Id"] == run["run_id"] and run["parameters"] == {"lr": 0.5}
    assert run["properties"]["azureml.pipelineid"] == published["id"]
    assert run["name"] == "first"


def test_scripts_reach_its_address_in_the_words_of_the_old_service(caller, published):
    body = {
        "ExperimentName": "flow", "ParameterAssignments": {"lr": "0.25"}, "RunSource": "SDK",
        "Description": "from a script", "Tags": {"by": "timer"}, "DataPathAssignments": {},
    }  # fmt: skip
    answer = caller.post(path_of(published), body)
    assert answer.status_code == 201, answer.content
    run = Run.objects.get(run_id=answer.json()["Id"])
    assert (run.experiment.name, run.tags) == ("flow", {"by": "timer"})
    assert run.properties["description"] == "from a script"
    advance(run)
    Run.objects.filter(pk=run_of(run, "prepare").pk).update(archived_at=run.created_at)
    assert run.pipeline.parameters == {"lr": 0.25}
    for odd in ({"DataPathAssignments": {"in": {}}}, {"ParameterAssignments": {"x": 1}},
                {"ParameterAssignments": [1]}, {"Tags": "x"}, {"Description": 3},
                {"ExperimentName": ["x"]}):  # fmt: skip
        assert caller.post(path_of(published), {**body, **odd}).status_code == 400


def test_a_script_that_forgets_the_experiment_is_told_so(caller, published):
    for body in ({"ParameterAssignments": {"lr": 1}}, {"Tags": {}, "Description": "x"}):
        reply = caller.post(path_of(published), body)
        assert reply.status_code == 400 and reply.json()["error"]["fields"].keys() == {"experiment"}


def test_another_graph_is_not_run_in_its_place(caller, published, wanted):
    other = graph(*wanted["steps"][:1])
    reply = caller.post(path_of(published), {"experiment": "flow", "graph": other})
    assert reply.status_code == 400 and "has its graph" in reply.json()["error"]["message"]
    assert not Run.objects.exists()


def test_a_disabled_one_takes_no_runs_until_it_is_enabled(caller, published):
    place = f"{caller.home}/pipelines/{published['id']}"

    def change(words):
        return caller.client.patch(place, words, format="json")

    assert change({"status": "Disabled"}).json()["status"] == "Disabled"
    refused = caller.post(path_of(published), {"experiment": "flow"})
    assert refused.status_code == 409 and "is disabled" in refused.json()["error"]["message"]
    assert caller.get(f"{caller.home}/pipelines", active=1).json()["items"] == []
    assert len(caller.get(f"{caller.home}/pipelines").json()["items"]) == 1
    for odd in ({}, {"status": "Gone"}, {"status": None}, {"name": "x"}, {"status": ["Active"]}):
        assert change(odd).status_code == 400
    assert change({"status": "Active"}).json()["status"] == "Active"
    assert caller.post(path_of(published), {"experiment": "flow"}).status_code == 201


def test_the_graph_of_a_run_is_published(caller, wanted):
    run = begun(caller, wanted, parameters={"lr": 0.5})
    made = publish(caller, run=run.run_id).json()
    assert made["parameters"]["lr"]["default"] == 0.1 and made["step_count"] == 2
    plain = caller.submit().json()["run_id"]
    assert publish(caller, run=plain).status_code == 400
    assert publish(caller, run="nobody").status_code == 404


@pytest.mark.parametrize(
    "words",
    [{}, {"graph": {}}, {"graph": None}, {"run": 3}, {"graph": {}, "run": "x"},
     {"name": "", "graph": "as it is"}, {"name": "x" * 256, "graph": "as it is"},
     {"name": 3, "graph": "as it is"}, {"version": "x" * 101, "graph": "as it is"},
     {"odd": 1, "graph": "as it is"}],
)  # fmt: skip
def test_what_cannot_be_published_is_refused(caller, wanted, words):
    if words.get("graph") == "as it is":
        words = {**words, "graph": wanted}
    assert publish(caller, **words).status_code == 400
    assert not Pipeline.objects.exists()


def test_a_graph_is_checked_when_it_is_published(caller, wanted):
    wanted["steps"][1]["order"]["script"] = "absent.py"
    wanted["parameters"]["lr"] = {"type": "float"}  # a value is given later
    refused = publish(caller, graph=wanted)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith("step train: absent.py")


def test_others_see_and_run_nothing_of_it(published, caller, reader, stranger):
    place = f"{caller.home}/pipelines/{published['id']}"
    assert stranger.get(place).status_code == 404
    assert stranger.post(path_of(published), {"experiment": "flow"}).status_code == 404
    assert stranger.get(f"{stranger.home}/pipelines/{published['id']}").status_code == 404
    assert reader.get(place).status_code == 200
    assert reader.post(path_of(published), {"experiment": "flow"}).status_code == 403
    patched = reader.client.patch(place, {"status": "Disabled"}, format="json")
    assert patched.status_code == 403
    for odd in ("nothing", "0" * 32, "0" * 36):
        assert caller.get(f"{caller.home}/pipelines/{odd}").status_code == 404


def test_its_code_is_kept_for_as_long_as_it_is_there(caller, published, settings):
    settings.KEEP_UNUSED_HOURS = 0
    kept = Pipeline.objects.get().trees.get().code
    for _ in range(3):
        collecting.step(kept.created_at.replace(year=2100), collecting.Place())
    assert Tree.objects.filter(pk=kept.pk).exists()
    assert caller.post(path_of(published), {"experiment": "flow"}).status_code == 201

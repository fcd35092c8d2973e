"""What differs between runs, over the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import MetricKind
from runs.states import State
from tests.factories import make_experiment, make_run
from tests.runs.comparing import logged, trained

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(caller):
    return make_experiment(workspace=caller.workspace, name="digits")


def compare(caller, *runs, **more):
    asked = {"runs": [run.run_id for run in runs], **more}
    reply = caller.post(f"{caller.home}/compare", asked)
    assert reply.status_code == 200, reply.content
    return reply.json()


def columns(found) -> dict:
    return {column["key"]: column for column in found["columns"]}


def test_what_differs_is_told_for_each_run_and_what_is_the_same_once(caller, experiment):
    one = trained(experiment, [2.0, 1.0], lr=0.1, batch=32, tags={"team": "a"})
    two = trained(experiment, [3.0], lr=0.01, batch=32, depth=4)
    found = compare(caller, two, one)
    assert [run["run_id"] for run in found["runs"]] == [two.run_id, one.run_id]
    seen = columns(found)
    assert seen["params.lr"]["values"] == [0.01, 0.1]
    assert seen["params.lr"]["differs"] is True
    assert seen["params.batch"] == {
        "key": "params.batch", "kind": "param", "name": "batch", "form": "number",
        "differs": False, "value": 32,
    }  # fmt: skip
    assert seen["params.depth"]["values"] == [4, None]
    assert seen["tags.team"]["values"] == [None, "a"]
    assert seen["script"]["value"] == "train.py"
    assert seen["experiment"]["value"] == "digits"


def test_numbers_written_otherwise_are_the_same_and_texts_are_not(caller, experiment):
    one = trained(experiment, [], lr="0.10", name="Adam", seed="12345678901234567890")
    two = trained(experiment, [], lr="1e-1", name="adam", seed="12345678901234567891")
    seen = columns(compare(caller, one, two))
    assert seen["params.lr"]["differs"] is False
    assert seen["params.name"]["values"] == ["Adam", "adam"]
    assert seen["params.seed"]["values"] == ["12345678901234567890", "12345678901234567891"]


def test_metrics_are_listed_by_how_many_runs_have_them_and_values_are_asked_for(caller, experiment):
    one, two = trained(experiment, [4.0, 1.0, 2.0]), trained(experiment, [5.0])
    logged(two, sequence=2, accuracy=[0.5, float("nan")])
    found = compare(caller, one, two, metrics=["loss", "accuracy", "absent"])
    assert found["metrics"]["items"] == [
        {"name": "loss", "runs": 2, "goal": "min", "is_goal_said": True},
        {"name": "accuracy", "runs": 1, "goal": "max", "is_goal_said": True},
    ]
    assert found["metrics"]["next"] is None
    assert found["values"]["loss"] == {
        "last": [2.0, 5.0], "min": [1.0, 5.0], "max": [4.0, 5.0], "step": [2, 0],
    }  # fmt: skip
    assert found["values"]["accuracy"]["last"] == [None, "NaN"]
    assert found["values"]["accuracy"]["max"] == [None, 0.5]
    assert "absent" not in found["values"]


def test_many_names_of_metrics_come_in_pages_and_are_found(caller, experiment, monkeypatch):
    run = trained(experiment, [])
    other = trained(experiment, [1.0])  # its metric is none of the run's
    logged(run, **{f"layer{number}/grad": [1.0] for number in range(30)})
    for most_counted in (200_000, 7):
        monkeypatch.setattr("runs.comparing.measured.MOST_COUNTED", most_counted)
        first = compare(caller, run, most=20)["metrics"]
        rest = compare(caller, run, most=20, after=first["next"])["metrics"]
        names = [item["name"] for item in first["items"] + rest["items"]]
        assert names == [f"layer{number}/grad" for number in range(30)]
        assert (first["next"], rest["next"]) == (20, None)
        few = compare(caller, run, other, find="LAYER2", columns=False)
        assert [item["name"] for item in few["metrics"]["items"]] == [
            "layer2/grad", *(f"layer2{digit}/grad" for digit in range(10)),
        ]  # fmt: skip
        assert few["columns"] == []


def test_texts_and_what_nodes_did_are_no_metrics_to_compare(caller, experiment):
    run = trained(experiment, [1.0])
    logged(run, sequence=2, **{"trainyard/node-1/cores": [2]})
    run.series.create(name="notes", kind=MetricKind.TEXT, last='"hello"', count=1)
    names = [item["name"] for item in compare(caller, run)["metrics"]["items"]]
    assert names == ["loss"]


def test_runs_of_several_experiments_are_compared(caller, experiment):
    other = make_experiment(workspace=caller.workspace, name="letters")
    found = compare(caller, trained(experiment, [1.0], lr=1), trained(other, [2.0], lr=2))
    assert columns(found)["experiment"]["values"] == ["digits", "letters"]
    assert columns(found)["params.lr"]["values"] == [1, 2]
    assert found["metrics"]["items"][0]["runs"] == 2


def test_runs_are_found_by_a_query_of_their_experiment(caller, experiment):
    kept = [trained(experiment, [1.0], lr=lr) for lr in (0.1, 0.2, 0.3)]
    asked = {"experiment": "digits", "q": "params.lr > 0.1"}
    reply = caller.post(f"{caller.home}/compare", asked)
    assert reply.status_code == 200, reply.content
    assert {run["run_id"] for run in reply.json()["runs"]} == {run.run_id for run in kept[1:]}
    assert reply.json()["cut"] == 0
    wrong = caller.post(f"{caller.home}/compare", {"experiment": "digits", "q": "params.lr >"})
    assert wrong.status_code == 400
    assert caller.post(f"{caller.home}/compare", {"experiment": "no"}).status_code == 404


def test_more_runs_than_a_thousand_are_cut_and_it_is_said(caller, experiment, monkeypatch):
    monkeypatch.setattr("runs.comparing.chosen.MOST_RUNS", 2)
    runs = [trained(experiment, []) for _ in range(5)]
    found = compare(caller, *runs)
    assert (len(found["runs"]), found["cut"]) == (2, 3)


def test_what_runs_is_told_as_running_and_archived_as_archived(caller, experiment):
    running = make_run(experiment=experiment, state=State.RUNNING)
    archived = trained(experiment, [])
    type(archived).objects.filter(pk=archived.pk).update(archived_at=archived.created_at)
    found = compare(caller, running, archived)
    assert [run["is_final"] for run in found["runs"]] == [False, True]
    assert [run["archived"] for run in found["runs"]] == [False, True]
    assert columns(found)["duration"]["values"][0] > 10


def test_runs_of_another_workspace_are_not_found(caller, stranger, experiment):
    own = trained(experiment, [1.0])
    foreign = trained(make_experiment(workspace=stranger.workspace), [1.0])
    asked = {"runs": [own.run_id, foreign.run_id]}
    for call, more in (("compare", {}), ("bands", {"name": "loss"})):
        reply = caller.post(f"{caller.home}/{call}", {**asked, **more})
        assert reply.status_code == 404
        assert foreign.run_id in reply.json()["error"]["message"]
        assert stranger.post(f"{caller.home}/{call}", {**asked, **more}).status_code == 404
    groups = {"groups": {"all": [foreign.run_id]}, "name": "loss"}
    assert caller.post(f"{caller.home}/bands", groups).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_runs(caller, experiment):
    def queries(count: int) -> int:
        runs = [trained(experiment, [1.0], lr=number) for number in range(count)]
        with CaptureQueriesContext(connection) as seen:
            compare(caller, *runs, metrics=["loss"])
        return len(seen)

    queries(1)  # the first call marks the token as used
    few = queries(2)
    assert queries(40) == few
    assert few <= 10


def test_nothing_chosen_is_no_error(caller):
    found = compare(caller)
    assert found["runs"] == []
    assert found["metrics"]["items"] == []


@pytest.mark.parametrize(
    "asked",
    [{"runs": "x"}, {"metrics": ["a"] * 300}, {"most": -1}, {"after": "1_0"}],
)
def test_what_cannot_be_read_is_refused(caller, asked):
    assert caller.post(f"{caller.home}/compare", asked).status_code == 400

"""One action on many runs: what can be done is done, the rest is said with its reason."""

import pytest

from runs import tables
from runs.models import Run
from runs.states import State
from tests.factories import make_experiment, make_run
from tests.runs.rows import make_measured


@pytest.fixture
def experiment(caller):
    return make_experiment(workspace=caller.workspace, name="digits")


@pytest.fixture
def runs(caller, experiment):
    """One that has ended, one that waits, and one of another experiment."""
    other = make_experiment(workspace=caller.workspace, name="other")
    return [
        make_measured(experiment, user=caller.user, state=State.COMPLETED, tags={"a": "1"}),
        make_measured(experiment, user=caller.user, state=State.QUEUED),
        make_measured(other, user=caller.user, state=State.FAILED),
    ]


def act(caller, action, runs, **more):
    ids = [run if isinstance(run, str) else run.run_id for run in runs]
    return caller.post(f"{caller.home}/runs/actions", {"runs": ids, "action": action, **more})


def test_runs_are_archived_and_restored(caller, experiment, runs):
    reply = act(caller, "archive", runs)
    assert reply.status_code == 200, reply.content
    assert reply.json()["done"] == [runs[0].run_id, runs[2].run_id]
    [refused] = reply.json()["refused"]
    assert refused["run_id"] == runs[1].run_id and "cancel it first" in refused["why"]
    assert tables.ids_of(experiment, "") == [runs[1].run_id]
    assert caller.get(f"/api/v1/runs/{runs[0].run_id}").status_code == 200
    assert act(caller, "restore", runs).json()["refused"] == []
    assert len(tables.ids_of(experiment, "")) == 2


def test_runs_are_canceled(caller, runs):
    reply = act(caller, "cancel", [*runs, "nobody_1_2"])
    assert reply.json()["done"] == [runs[1].run_id]
    why = {refused["run_id"]: refused["why"] for refused in reply.json()["refused"]}
    assert why[runs[0].run_id] == "it has ended already: Completed"
    assert 'no such run in workspace "lab"' in why["nobody_1_2"]
    runs[1].refresh_from_db()
    assert runs[1].state == State.CANCELED
    assert runs[1].duration_s is not None


def test_runs_are_tagged_and_found_by_it(caller, experiment, runs):
    assert len(act(caller, "tag", runs, tags={"stage": "final", "a": 2}).json()["done"]) == 3
    assert Run.objects.get(pk=runs[0].pk).tags == {"a": "2", "stage": "final"}
    assert len(tables.ids_of(experiment, "tags.stage = final and tags.a = 2")) == 2
    reply = act(caller, "untag", runs[:1], tags=["stage", "none"])
    assert reply.json() == {"done": [runs[0].run_id], "refused": []}
    assert Run.objects.get(pk=runs[0].pk).tags == {"a": "2"}
    assert tables.ids_of(experiment, "tag:stage") == [runs[1].run_id]
    assert act(caller, "untag", runs, tags={"stage": ""}).status_code == 200
    assert tables.ids_of(experiment, "tag:stage") == []


def test_a_run_with_too_many_tags_is_left_as_it_is(caller, runs):
    many = {f"tag {number}": "" for number in range(100)}
    reply = act(caller, "tag", runs[:2], tags=many)
    assert reply.json()["done"] == [runs[1].run_id]
    assert "101 tags" in reply.json()["refused"][0]["why"]
    assert Run.objects.get(pk=runs[0].pk).tags == {"a": "1"}
    assert not runs[0].values.filter(field__name="tag 5").exists()


def test_many_runs_are_few_queries(caller, experiment, django_assert_max_num_queries):
    made = [
        make_run(experiment=experiment, user=caller.user, state=State.FAILED) for _ in range(40)
    ]
    with django_assert_max_num_queries(25):
        assert len(act(caller, "tag", made, tags={"good": "yes"}).json()["done"]) == 40
    with django_assert_max_num_queries(15):
        assert len(act(caller, "archive", made).json()["done"]) == 40


@pytest.mark.parametrize(
    "sent",
    [
        {}, {"runs": []}, {"runs": "a", "action": "tag"}, {"runs": [1], "action": "archive"},
        {"runs": ["a"], "action": "remove"}, {"runs": ["a"]}, {"runs": ["a"], "action": "tag"},
        {"runs": ["a"] * 1001, "action": "archive"}, [],
    ],
    ids=lambda sent: str(sent)[:30],
)  # fmt: skip
def test_what_is_no_action_is_refused(caller, sent):
    assert caller.post(f"{caller.home}/runs/actions", sent).status_code == 400


def test_tags_that_cannot_be_kept_are_refused(caller, runs):
    for tags in ({"": "x"}, {"a" * 101: "x"}, {"a": "x" * 1001}, {"a\0": "x"}, "text", [1], 5):
        assert act(caller, "tag", runs, tags=tags).status_code == 400, tags
    assert act(caller, "untag", runs, tags="text").status_code == 400
    odd = act(caller, "archive", ["\0\ud800", "x" * 5000, "é"]).json()
    assert (odd["done"], len(odd["refused"])) == ([], 3)


def test_readers_and_strangers_change_nothing(caller, reader, stranger, runs):
    for action in ("cancel", "archive", "restore", "tag", "untag"):
        ids = [run.run_id for run in runs]
        sent = {"runs": ids, "action": action, "tags": {"x": "y"}}
        assert reader.post(f"{caller.home}/runs/actions", sent).status_code == 403
        assert stranger.post(f"{caller.home}/runs/actions", sent).status_code == 404
        own = stranger.post(f"{stranger.home}/runs/actions", sent).json()
        assert (own["done"], len(own["refused"])) == ([], 3)
    assert Run.objects.filter(archived_at__isnull=False).count() == 0
    assert not Run.objects.filter(state=State.CANCELED).exists()

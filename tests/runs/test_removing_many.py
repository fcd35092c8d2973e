"""Many runs, or an experiment, are removed at once: what can go goes, the rest is said."""

import pytest

from runs import outputs, removing
from runs.models import Experiment, Run, RunFile
from runs.states import State
from studio.files import blobs, trees
from studio.files.collecting import freed_with
from tests.factories import make_experiment, make_run
from tests.runs.test_removing import an_ended_run

pytestmark = pytest.mark.django_db
W = "/api/v1/workspaces/lab"


def three(caller) -> list[Run]:
    """Two that ended, of the same file, and one that goes on."""
    first = an_ended_run(caller)
    code = trees.make([("b.py", blobs.put([b"second"]).sha256)])
    second = an_ended_run(caller, experiment=first.experiment, snapshot=code)
    live = make_run(experiment=first.experiment, state=State.RUNNING, snapshot=code)
    return [first, second, live]


def ids(runs) -> dict[str, list[str]]:
    return {"runs": [run.run_id for run in runs]}


def test_the_sum_is_of_what_only_they_have_together(caller):
    first, second, live = three(caller)
    alone = [caller.get(f"/api/v1/runs/{run.run_id}/removal").json() for run in (first, second)]
    told = caller.post(f"{W}/runs/removal", ids([first, second, live])).json()
    shared = 1  # outputs/a.bin, which each of them alone would leave to the other
    assert told["files"] == sum(one["files"] for one in alone) + shared
    assert told["points"] == sum(one["points"] for one in alone)
    assert told["runs"] == 2
    (refused,) = told["refused"]
    assert refused["run_id"] == live.run_id and "cancel it first" in refused["why"]


def test_what_can_be_deleted_goes_and_the_rest_says_why(caller):
    first, second, live = three(caller)
    wanted = {**ids([first, second, live]), "action": "delete"}
    answer = caller.post(f"{W}/runs/actions", wanted).json()
    assert answer["done"] == [first.run_id, second.run_id]
    assert [one["run_id"] for one in answer["refused"]] == [live.run_id]
    assert list(Run.objects.all()) == [live]


def test_who_may_delete_many(caller, reader, stranger):
    runs = three(caller)[:2]
    wanted = {**ids(runs), "action": "delete"}
    assert reader.post(f"{W}/runs/actions", wanted).status_code == 403
    assert stranger.post(f"{W}/runs/actions", wanted).status_code == 404
    assert stranger.post(f"{W}/runs/removal", ids(runs)).status_code == 404
    assert reader.post(f"{W}/runs/removal", ids(runs)).status_code == 200
    name = runs[0].experiment.name
    assert reader.client.delete(f"{W}/experiments/{name}").status_code == 403
    assert stranger.client.delete(f"{W}/experiments/{name}").status_code == 404
    assert stranger.get(f"{W}/experiments/{name}/removal").status_code == 404
    assert Run.objects.count() == 3


def test_runs_of_another_workspace_are_not_named_here(caller):
    other = make_run()
    answer = caller.post(f"{W}/runs/actions", {**ids([other]), "action": "delete"}).json()
    assert answer["done"] == [] and "no such run" in answer["refused"][0]["why"]
    assert caller.post(f"{W}/runs/removal", ids([other])).json()["runs"] == 0
    assert Run.objects.filter(pk=other.pk).exists()


def test_an_experiment_goes_with_its_runs_once_all_have_ended(caller):
    first, _, live = three(caller)
    home = f"{W}/experiments/{first.experiment.name}"
    told = caller.get(f"{home}/removal").json()
    assert told["runs"] == 3
    assert [one["run_id"] for one in told["refused"]] == [live.run_id]
    refused = caller.client.delete(home)
    assert refused.status_code == 409 and live.run_id in refused.json()["error"]["message"]
    assert Run.objects.count() == 3, "all of it stays"
    at = first.cleaned_at
    Run.objects.filter(pk=live.pk).update(state=State.CANCELED, ended_at=at, cleaned_at=at)
    gone = caller.client.delete(home)
    assert gone.status_code == 200 and gone.json()["runs"] == 3
    assert not Run.objects.exists() and not RunFile.objects.exists()
    assert not Experiment.objects.filter(pk=first.experiment_id).exists()
    assert caller.client.delete(home).status_code == 404


def test_an_empty_experiment_goes(caller):
    make_experiment(workspace=caller.workspace, name="empty")
    told = caller.get(f"{W}/experiments/empty/removal").json()
    assert (told["runs"], told["files"], told["refused"]) == (0, 0, [])
    assert caller.client.delete(f"{W}/experiments/empty").status_code == 200
    assert not Experiment.objects.exists()


def test_what_is_freed_is_asked_in_few_questions_however_many_files(
    caller, django_assert_max_num_queries
):
    run = an_ended_run(caller)
    contents = [blobs.put([b"%d" % number]) for number in range(30)]
    outputs.add(run, [(f"outputs/{at}", one.sha256) for at, one in enumerate(contents)])
    trees.make([("kept", contents[0].sha256)])
    with django_assert_max_num_queries(5):
        files, size = freed_with([], run.files.all())
    assert (files, size) == (1 + 29, 1000 + sum(one.size_bytes for one in contents[1:]))
    assert removing.preview([])["files"] == 0

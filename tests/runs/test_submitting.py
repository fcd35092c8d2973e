"""Submitting: what is wrong is named with the way out, and nothing is left behind."""

import re
from datetime import timedelta

import pytest
from django.utils.timezone import now

from compute.models import Cluster
from runs.models import Experiment, Run
from studio.models import Token

pytestmark = pytest.mark.django_db


def test_a_submitted_run_is_there_with_the_id_that_sdk_users_know(caller):
    reply = caller.submit(arguments=["--lr", 0.1], tags={"a": "b"})
    assert reply.status_code == 201, reply.json()
    run = reply.json()
    assert re.fullmatch(r"exp_\d{10}_[0-9a-f]{8}", run["run_id"])
    assert run["arguments"] == ["--lr", "0.1"]
    assert run["state"] == "NotStarted"
    assert run["cluster"] == "cpu-cluster"
    assert [event["state"] for event in run["events"]] == ["NotStarted"]
    assert caller.get(f"/api/v1/runs/{run['run_id']}").json()["tags"] == {"a": "b"}


def test_runs_are_numbered_within_their_experiment(caller):
    numbers = [caller.submit().json()["number"] for _ in range(3)]
    assert numbers == [1, 2, 3]
    assert caller.submit(experiment="other").json()["number"] == 1


@pytest.mark.parametrize(
    ("order", "status", "words"),
    [
        ({"script": "missing.py"}, 400, "missing.py script path doesn't exist"),
        ({"script": "../train.py"}, 400, "cannot be kept"),
        ({"script": ""}, 400, "say which script"),
        ({"cluster": "gpu-big"}, 404, "cpu-cluster"),
        ({"snapshot": "0" * 64}, 404, "the code was not sent"),
        ({"experiment": "a b"}, 400, "hyphens and underscores"),
        ({"environment": {"name": "nope"}}, 404, 'no environment "nope"'),
        ({"environment": {"definition": {"conda": "a: [b"}}}, 400, "line"),
        ({"environment": {"definition": {"pip": "numpy==\n"}}}, 400, "line 1"),
        ({"arguments": "--lr 0.1"}, 400, "a list"),
        ({"node_count": 3}, 400, "cpu-cluster has at most 2 nodes: ask for 2 or fewer, or resize"),
        ({"parameter_server_count": 1}, 400, "are of runs whose distribution is TensorFlow"),
        (
            {"parameter_server_count": 1, "node_count": 2, "distribution": "TensorFlow"},
            400,
            "run on the node of all workers",
        ),
        ({"parameter_server_count": 65, "distribution": "TensorFlow"}, 400, "from 0 to 64"),
        ({"distribution": "Horovod"}, 400, "'Horovod' is not known; it is one of PyTorch, Mpi"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(caller, order, status, words):
    reply = caller.submit(**order)
    assert reply.status_code == status, reply.json()
    assert words in reply.json()["error"]["message"]
    assert Run.objects.count() == 0
    assert Experiment.objects.count() == 0


def test_a_run_on_several_nodes_is_kept_as_it_was_asked_for(caller):
    order = {"node_count": "2", "process_count_per_node": 3.0, "max_retries": 1}
    reply = caller.submit(**order)
    assert reply.status_code == 201, reply.json()
    run = Run.objects.get(run_id=reply.json()["run_id"])
    assert (run.node_count, run.processes_per_node, run.max_retries) == (2, 3, 1)
    assert run.distribution == "PyTorch", "several processes must find each other"


def test_a_run_is_one_process_on_one_node_unless_it_is_said(caller):
    nothing = {"node_count": None, "process_count_per_node": None, "distribution": ""}
    run = Run.objects.get(run_id=caller.submit(**nothing).json()["run_id"])
    assert (run.node_count, run.processes_per_node, run.distribution) == (1, 1, "")
    said = caller.submit(distribution="Mpi").json()
    assert Run.objects.get(run_id=said["run_id"]).distribution == "Mpi"


@pytest.mark.parametrize("wrong", [0, -1, "two", "", True, 1.5, 10**30, [], float("nan")])
@pytest.mark.parametrize("key", ["node_count", "process_count_per_node"])
def test_a_count_that_makes_no_sense_is_refused(caller, key, wrong):
    reply = caller.submit(**{key: wrong})
    assert reply.status_code == 400
    assert key in reply.json()["error"]["fields"] or wrong != wrong
    assert Run.objects.count() == 0


@pytest.mark.parametrize("wrong", [-1, 11])
def test_retries_have_a_most(caller, wrong):
    reply = caller.submit(max_retries=wrong)
    assert reply.json()["error"]["message"] == "max_retries is a whole number from 0 to 10"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"max_nodes": 0}, "may have no node (max_nodes is 0): resize it, or choose another"),
        ({"max_nodes": 1}, "has at most 1 node: ask for 1, or resize it (max_nodes)"),
        ({"require_gpu": True}, "requires a GPU"),
    ],
)
def test_a_cluster_that_can_never_run_it_says_the_way_out(caller, changes, words):
    Cluster.objects.update(**changes)
    reply = caller.submit(node_count=2)
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]
    assert Run.objects.count() == 0


def test_a_wrong_or_expired_token_says_so(caller):
    from_nobody = caller.client
    from_nobody.credentials(HTTP_AUTHORIZATION="Bearer ty_wrong")
    reply = caller.get("/api/v1/me")
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "not_signed_in"
    assert "not known here" in reply.json()["error"]["message"]
    from_nobody.credentials()
    assert caller.get("/api/v1/me").status_code == 401


def test_an_expired_token_says_when_and_how_to_get_another(caller):
    Token.objects.filter(user=caller.user).update(expires_at=now() - timedelta(days=1))
    reply = caller.get("/api/v1/me")
    assert reply.status_code == 401
    message = reply.json()["error"]["message"]
    assert "expired at" in message
    assert "sdk_config" in message


def test_a_stranger_sees_neither_the_run_nor_the_workspace(caller, stranger):
    run_id = caller.submit().json()["run_id"]
    for path in (
        f"/api/v1/runs/{run_id}",
        f"/api/v1/runs/{run_id}/files",
        f"/api/v1/runs/{run_id}/metrics",
        f"/api/v1/runs/{run_id}/zip",
        f"/api/v1/runs/{run_id}/snapshot",
        f"{caller.home}/runs",
        f"{caller.home}/clusters",
        f"{caller.home}/models",
        f"{caller.home}/environments",
    ):
        assert stranger.get(path).status_code == 404, path
    assert stranger.post(f"/api/v1/runs/{run_id}/cancel").status_code == 404


def test_a_reader_reads_but_changes_nothing(caller, reader):
    run_id = caller.submit().json()["run_id"]
    assert reader.get(f"/api/v1/runs/{run_id}").status_code == 200
    assert reader.post(f"/api/v1/runs/{run_id}/cancel").status_code == 403
    assert reader.post(f"{reader.home}/runs", {}).status_code == 403


def test_a_local_cluster_is_refused_once_a_second_person_can_sign_in(caller, stranger, settings):
    settings.LOCAL_BACKEND_FOR_ALL = False
    reply = caller.submit()
    assert reply.status_code == 403
    assert "STUDIO_LOCAL_BACKEND_FOR_ALL=1" in reply.json()["error"]["message"]
    assert Run.objects.count() == 0


def test_a_registered_environment_is_used_by_name_and_version(caller):
    definition = {"pip": "six==1.16.0"}
    made = caller.post(f"{caller.home}/environments", {"name": "my-env", "definition": definition})
    assert (made.status_code, made.json()["version"]) == (201, 1)
    again = caller.post(f"{caller.home}/environments", {"name": "my-env", "definition": definition})
    assert again.json()["version"] == 1
    run = caller.submit(environment={"name": "my-env"}).json()
    assert run["environment"] == {"name": "my-env", "version": 1}
    assert run["definition"] == definition


def test_more_nodes_than_the_machine_has_crumbs_for_are_refused_with_how_many_fit(caller):
    Cluster.objects.update(max_nodes=1000)
    reply = caller.submit(node_count=900)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert "too little to run anything" in error["message"]
    most = int(re.search(r"ask for (\d+) or fewer", error["message"])[1])
    assert caller.submit(node_count=most).status_code == 201

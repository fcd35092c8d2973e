"""A run on several nodes is one run: as far as its last node, failed with its first."""

import contextlib
import socket
from datetime import timedelta

import pytest
from django.utils.timezone import now
from rest_framework.test import APIClient

from compute import clusters
from compute.backends.local import Local
from compute.models import Node
from runs import cleaning, ending, lifecycle, starting, supervising, tasks
from runs.models import Run
from runs.states import Reason, State
from studio.models import Token
from tests.runs.conftest import give_nodes, on_its_nodes

pytestmark = pytest.mark.django_db
GOOD = {"exit_code": 0, "signal": None}
LOST = {"lost": {"type": "ProcessLost", "message": "the container is gone"}}


class Drivers:
    """The drivers of a run's nodes, by rank."""

    def __init__(self, run: Run, client: APIClient):
        self.client = client
        self.ids = tasks.ids(run)

    def say(self, node: int, path: str, **words):
        return self.client.post(f"/api/v1/driver/{path}?task={self.ids[node]}", words, "json")

    def job(self, rank: int):
        return self.client.get(f"/api/v1/driver/job?task={self.ids[rank]}")


@pytest.fixture
def run(caller) -> Run:
    return on_its_nodes(caller, node_count=2, process_count_per_node=3, max_retries=1)


@pytest.fixture
def drivers(run, driver_of) -> Drivers:
    return Drivers(run, driver_of(run))


def state_of(run: Run) -> str:
    run.refresh_from_db()
    return run.state


def lose(run: Run, rank: int) -> bool:
    """What a look does that finds a task gone."""
    task = tasks.of(run).get(rank=rank)
    tasks.end(task, LOST, now())
    return ending.settle(run)


def test_each_driver_hears_which_of_the_nodes_it_is_and_where_the_first_is(run, drivers):
    Run.objects.filter(pk=run.pk).update(master="node-0:29500")
    first, second = (drivers.job(rank).json() for rank in range(2))
    assert [first["node_rank"], second["node_rank"]] == [0, 1]
    assert {first["node_number"], second["node_number"]} == {1, 2}
    for job in (first, second):
        assert (job["node_count"], job["processes_per_node"]) == (2, 3)
        assert job["distribution"] == "PyTorch"
        assert job["master"] == {"host": "node-0", "port": 29500}
        assert job["hosts"] == ["127.0.0.1", "127.0.0.1"] and job["parameter_servers"] == 0


def test_workers_and_servers_of_tensorflow_have_ports_in_a_row_that_are_free(caller, driver_of):
    asked = {"distribution": "TensorFlow", "process_count_per_node": 2, "parameter_server_count": 2}
    run = on_its_nodes(caller, node_count=1, **asked)
    job = Drivers(run, driver_of(run)).job(0).json()
    assert (job["distribution"], job["parameter_servers"], job["hosts"]) == (
        "TensorFlow", 2, ["127.0.0.1"],
    )  # fmt: skip
    host, port = Local().meeting_point("x", 4)
    with contextlib.ExitStack() as held:
        for number in range(4):
            held.enter_context(socket.socket()).bind((host, port + number))
        assert Local().meeting_point("x", 4)[1] not in range(port - 3, port + 4)


def test_a_run_is_as_far_as_the_last_of_its_nodes(run, drivers):
    drivers.say(0, "state", state="Running")
    assert state_of(run) == State.STARTING
    assert run.started_at is None
    drivers.say(1, "state", state="Running")
    assert state_of(run) == State.RUNNING
    assert run.started_at is not None
    drivers.say(1, "state", state="Finalizing")
    drivers.say(1, "finish", **GOOD)
    assert state_of(run) == State.RUNNING
    drivers.say(0, "state", state="Finalizing")
    assert state_of(run) == State.FINALIZING
    drivers.say(0, "finish", **GOOD)
    assert state_of(run) == State.COMPLETED


def test_one_that_fails_ends_the_others_and_the_run_says_who_it_was(run, drivers):
    for rank in range(2):
        drivers.say(rank, "state", state="Running")
    assert drivers.say(0, "heartbeat").json() == {"cancel": False}
    error = {"type": "ValueError", "message": "rank 4: no such file"}
    drivers.say(1, "finish", exit_code=1, signal=None, error=error, rank=4)
    assert state_of(run) == State.RUNNING
    assert "rank 4: no such file" in run.waits_for
    assert "the other nodes are ended" in run.waits_for
    assert drivers.say(0, "heartbeat").json() == {"cancel": True}
    drivers.say(0, "finish", exit_code=None, signal=15, canceled=True, told="studio")
    assert state_of(run) == State.FAILED
    assert run.reason == Reason.SCRIPT_FAILED
    assert (run.error["message"], run.error["rank"]) == ("rank 4: no such file", 4)


def test_of_two_that_fail_the_first_is_to_blame_whoever_brings_its_logs_first(run, drivers):
    at = now().timestamp()
    drivers.say(0, "finish", exit_code=1, signal=None, rank=0, failed_at=at - 1)
    drivers.say(1, "finish", exit_code=3, signal=None, rank=3, failed_at=at - 2)
    assert state_of(run) == State.FAILED
    assert (run.error["exit_code"], run.error["rank"]) == (3, 3)


def test_the_others_hear_of_a_failure_before_the_node_that_failed_has_brought_its_outputs(
    run, drivers
):
    said = {"exit_code": 3, "signal": None, "rank": 3, "failed_at": now().timestamp()}
    assert drivers.say(1, "heartbeat", failed=said).json() == {"cancel": False}, "it knows"
    assert drivers.say(0, "heartbeat").json() == {"cancel": True}


def test_a_lost_node_is_to_blame_and_not_the_one_that_missed_it_sooner(run, drivers):
    drivers.say(0, "finish", exit_code=1, signal=None, rank=0, failed_at=now().timestamp() - 5)
    lose(run, 1)
    assert (state_of(run), run.retried) == (State.QUEUED, 1)


def test_a_cancel_reaches_every_node_and_the_run_ends_with_the_last(run, drivers, caller):
    caller.post(f"/api/v1/runs/{run.run_id}/cancel")
    told = {"exit_code": None, "signal": 15, "canceled": True, "told": "studio"}
    assert drivers.say(0, "heartbeat").json() == {"cancel": True}
    drivers.say(0, "finish", **told)
    assert state_of(run) == State.CANCEL_REQUESTED
    drivers.say(1, "finish", **told)
    assert (state_of(run), run.reason) == (State.CANCELED, Reason.CANCELED)


def test_a_lost_node_puts_the_run_back_into_the_queue_as_often_as_was_asked(
    run, drivers, driver_of
):
    drivers.say(0, "state", state="Running")
    lose(run, 1)
    assert state_of(run) == State.STARTING, "the other node is told to end first"
    assert drivers.say(0, "heartbeat").json() == {"cancel": True}
    drivers.say(0, "finish", exit_code=None, signal=15, canceled=True, told="studio")
    assert state_of(run) == State.QUEUED
    assert (run.attempt, run.retried) == (2, 1)
    event = run.events.last()
    assert "node 2 (ranks 3 to 5 of 6) was lost" in event.text
    assert "started again, 1 of 1" in event.text
    assert not Token.objects.filter(subject=run.run_id).exists()
    assert drivers.say(0, "heartbeat").status_code == 401, "of the earlier attempt"
    cleaning.clean(run)
    assert not Node.objects.filter(holder__isnull=False).exists()
    assert run.tasks.filter(cleaned_at=None).count() == 0
    assert not run.is_final and run.cleaned_at is None

    give_nodes(run)
    lose(run, 0)
    lose(run, 1)
    assert (state_of(run), run.reason) == (State.FAILED, Reason.LOST)
    assert run.error["message"] == "node 1 (ranks 0 to 2 of 6): the container is gone"


def test_a_driver_of_an_earlier_attempt_is_told_that_nothing_more_is_taken(run, driver_of):
    old = Drivers(run, driver_of(run))
    lose(run, 0)
    lose(run, 1)
    cleaning.clean(run)
    give_nodes(run)
    old.client = driver_of(run)  # its token, were it to come by one
    answer = old.say(0, "heartbeat")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_a_run_that_lost_a_node_of_a_deleted_cluster_is_not_started_again(run, drivers):
    clusters.delete(run.cluster, now())
    lose(run, 0)
    lose(run, 1)
    assert (state_of(run), run.reason, run.retried) == (State.FAILED, Reason.LOST, 0)
    assert "not started again: its cluster cpu-cluster was deleted" in run.error["message"]


def test_a_run_that_waits_to_be_started_again_fails_with_its_cluster(run, drivers):
    lose(run, 0)
    lose(run, 1)
    assert state_of(run) == State.QUEUED
    clusters.delete(run.cluster, now())
    supervising.once(now())
    assert (state_of(run), run.reason) == (State.FAILED, Reason.LOST)
    assert run.error["message"] == (
        "its cluster cpu-cluster was deleted before it could be started again"
    )


def test_a_task_that_is_none_of_the_run_s_is_told_so(run, drivers):
    answer = drivers.client.post("/api/v1/driver/heartbeat?task=other", {}, "json")
    assert answer.status_code == 409
    assert f"'other' is no task of run {run.run_id}" in answer.json()["error"]["message"]


def test_a_cancel_by_the_script_says_so(run, drivers):
    drivers.client.post(f"/api/v1/runs/{run.run_id}/cancel")
    for rank in range(2):
        drivers.say(rank, "finish", exit_code=None, signal=15, canceled=True, told="studio")
    assert (state_of(run), run.reason) == (State.CANCELED, Reason.CANCELED)
    texts = [event.text for event in run.events.order_by("id")]
    assert "cancel asked by the run itself" in texts
    assert texts[-1] == "canceled by the run itself"


def test_a_script_that_fails_is_not_started_again(run, drivers):
    drivers.say(0, "finish", exit_code=1, signal=None, rank=0)
    drivers.say(1, "finish", exit_code=1, signal=None, rank=3)
    assert (state_of(run), run.retried) == (State.FAILED, 0)


def test_a_driver_that_was_told_to_end_by_a_signal_is_a_node_that_is_lost(caller, driver_of):
    run = on_its_nodes(caller)
    words = {"exit_code": None, "signal": 15, "canceled": True, "told": "signal"}
    Drivers(run, driver_of(run)).say(0, "finish", **words)
    assert (state_of(run), run.reason) == (State.FAILED, Reason.LOST)
    assert "SIGTERM" in run.error["message"]


def test_one_silent_node_of_two_is_not_responding_until_it_answers(run, drivers, give_processes):
    give_processes(run)
    for rank in range(2):
        drivers.say(rank, "state", state="Running")
    supervising.once(now())
    assert state_of(run) == State.RUNNING
    tasks.of(run).filter(rank=1).update(seen_at=now() - timedelta(minutes=1))
    supervising.once(now())
    assert state_of(run) == State.NOT_RESPONDING
    words = "no word from its driver on node 2 for 8 s; its process lives"
    assert run.events.last().text == words
    drivers.say(0, "heartbeat")
    assert state_of(run) == State.NOT_RESPONDING
    drivers.say(1, "heartbeat")
    assert state_of(run) == State.RUNNING


def test_what_was_left_between_the_last_end_and_the_run_s_is_settled(run):
    for task in tasks.of(run):
        tasks.end(task, {**GOOD, "canceled": False}, now())
    assert state_of(run) == State.STARTING
    supervising.once(now() + 2 * supervising.DUE)
    assert state_of(run) == State.COMPLETED


def test_what_comes_every_second_costs_few_queries(run, drivers, django_assert_num_queries):
    drivers.say(0, "heartbeat")  # whose token notes that it is used
    with django_assert_num_queries(3):  # the token, the task with its run, whether another failed
        drivers.say(0, "heartbeat")
    Run.objects.filter(pk=run.pk).update(node_count=1)
    with django_assert_num_queries(2):
        drivers.say(0, "heartbeat")


def test_looking_at_all_that_runs_costs_one_query(
    run, drivers, give_processes, django_assert_num_queries
):
    give_processes(run)
    for rank in range(2):
        drivers.say(rank, "state", state="Running")
    look, *_ = supervising.rounds()[0]
    with django_assert_num_queries(1):
        look(now())


def test_both_nodes_are_freed_once_the_run_has_ended(run, drivers):
    for rank in range(2):
        drivers.say(rank, "finish", **GOOD)
    run.refresh_from_db()
    assert cleaning.clean(run)
    run.refresh_from_db()
    assert run.cleaned_at is not None
    assert not Node.objects.filter(holder__isnull=False).exists()


def test_nodes_of_a_run_that_was_canceled_meanwhile_are_free(caller):
    reply = caller.submit(node_count=2)
    run = Run.objects.get(run_id=reply.json()["run_id"])
    for state in (State.PREPARING, State.QUEUED):
        lifecycle.move(run, state)
    late = Run.objects.get(pk=run.pk)
    give = clusters.reserve(run.cluster, tasks.ids(run), now())
    lifecycle.end(run, Reason.CANCELED)
    assert starting.begin(late, give) is False
    assert not Node.objects.filter(holder__isnull=False).exists()

"""Runs get nodes in the order they came; who waits is told why, and who holds what."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from compute import clusters, machine
from compute.models import Cluster, Node
from runs import lifecycle, placing, starting, tasks
from runs.models import Run, RunTask
from runs.states import Reason, State
from tests.factories import (
    make_cluster,
    make_experiment,
    make_member,
    make_run,
    make_tree,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """Names of runs whose tasks were started; the edge to the backend is cut here."""
    names: list[str] = []
    monkeypatch.setattr(starting, "start", lambda run: names.append(run.name))
    return names


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch):
    there = machine.Machine(2, 8 * 2**30)
    monkeypatch.setattr(machine, "this", lambda: there)


@pytest.fixture
def lab():
    """Whose runs wait: made without a script or an image, for nothing is started here."""
    return make_experiment()


@pytest.fixture
def queued(lab):
    user, tree = make_user(), make_tree()

    def queued(cluster: Cluster, *names: str, **fields) -> list[Run]:
        there = {"experiment": lab, "cluster": cluster, "user": user, "snapshot": tree, **fields}
        return [make_run(name=name, state=State.QUEUED, **there) for name in names]

    return queued


def cluster_of(lab, name: str, **fields) -> Cluster:
    return make_cluster(workspace=lab.workspace, name=name, **fields)


def end(run: Run) -> None:
    """What cleaning does at the end of a run."""
    run.refresh_from_db()
    lifecycle.end(run, Reason.CANCELED)
    for task in run.tasks.all():
        clusters.release(task.task_id, now())


def words_of(run: Run) -> str:
    run.refresh_from_db()
    assert run.state == State.QUEUED
    return run.waits_for


def test_the_first_come_first_and_the_rest_know_why_they_wait(lab, queued, started):
    runs = queued(cluster_of(lab, "cpu"), "r0", "r1", "r2", "r3")
    placing.place()
    assert started == ["r0", "r1"]
    held = "all 2 nodes of cpu are held by r0, r1"
    assert words_of(runs[2]) == f"Waiting for a node (next in line): {held}"
    assert words_of(runs[3]) == f"Waiting for a node (number 2 in line): {held}"


def test_placing_twice_starts_nothing_twice(lab, queued, started):
    queued(cluster_of(lab, "cpu"), "r0", "r1")
    for _ in range(3):
        placing.place()
    assert started == ["r0", "r1"]
    assert Node.objects.count() == RunTask.objects.count() == 2


def test_a_freed_node_goes_to_the_next_in_line(lab, queued, started):
    runs = queued(cluster_of(lab, "cpu"), "r0", "r1", "r2")
    placing.place()
    end(runs[0])
    placing.place()
    assert started == ["r0", "r1", "r2"]
    assert Node.objects.count() == 2, "an idle node is used before another comes up"


def test_a_run_on_several_nodes_waits_for_all_and_no_small_one_overtakes_it(lab, queued, started):
    cluster = cluster_of(lab, "cpu", max_nodes=2)
    first, pair, small = (
        *queued(cluster, "first"), *queued(cluster, "pair", node_count=2), *queued(cluster, "small")
    )  # fmt: skip
    placing.place()
    assert started == ["first"]
    why = "2 nodes are needed at once, 1 of 2 of cpu is free; the rest are held by first"
    assert words_of(pair) == f"Waiting for 2 nodes (next in line): {why}"
    assert words_of(small) == f"Waiting for a node (number 2 in line): pair is before it: {why}"
    end(first)
    placing.place()
    assert started == ["first", "pair"]
    assert [task.rank for task in pair.tasks.all()] == [0, 1]
    assert "held by pair" in words_of(small) and "pair, pair" not in words_of(small)


def test_who_waits_for_its_cluster_keeps_no_other_cluster_back(lab, queued, started):
    queued(cluster_of(lab, "narrow", max_nodes=1), "n0", "n1")
    queued(cluster_of(lab, "wide"), "w0")
    placing.place()
    assert started == ["n0", "w0"]


def test_who_waits_for_the_machine_is_overtaken_by_nobody_on_it(lab, queued, started):
    small = cluster_of(lab, "small", node_size="1cpu-1gib", max_nodes=4)
    large = cluster_of(lab, "large", node_size="2cpu-2gib")
    (first,) = queued(small, "first")
    (big,) = queued(large, "big")
    later, last = queued(small, "later", "last")
    placing.place()
    assert started == ["first"], "there is a vCPU free, but big is before them"
    assert words_of(big) == (
        "Waiting for a node (next in line): 2cpu-2gib takes 2 vCPU, 1 of 2 are taken on this"
        " machine by first"
    )
    assert words_of(later) == (
        "Waiting for a node (number 2 in line): big is before it in line for this machine"
    )
    assert "number 3 in line" in words_of(last)
    end(first)
    placing.place()
    assert started == ["first", "big"]
    end(big)
    placing.place()
    assert started == ["first", "big", "later", "last"]


def test_a_place_in_line_counts_all_that_are_before_it_on_the_machine(lab, queued, started):
    narrow = cluster_of(lab, "narrow", node_size="1cpu-1gib", max_nodes=1)
    large = cluster_of(lab, "large", node_size="2cpu-2gib")
    queued(narrow, "n0")
    (next_here,) = queued(narrow, "n1")
    (big,) = queued(large, "big")
    (last_here,) = queued(narrow, "n2")
    (last,) = queued(large, "last")
    placing.place()
    assert started == ["n0"]
    assert "(next in line): the only node of narrow is held" in words_of(next_here)
    assert "(number 2 in line): 2cpu-2gib takes 2 vCPU" in words_of(big)
    assert "(number 2 in line for narrow): the only node of narrow" in words_of(last_here)
    assert "(number 4 in line): 2cpu-2gib takes 2 vCPU" in words_of(last)


def test_low_priority_comes_after_dedicated_whoever_came_first(lab, queued, started):
    low = cluster_of(lab, "low", node_size="2cpu-2gib", priority="lowpriority")
    dear = cluster_of(lab, "dear", node_size="2cpu-2gib")
    queued(low, "l0")
    queued(dear, "d0", "d1")
    for _ in range(3):
        placing.place()
        end(Run.objects.get(name=started[-1]))
    assert started == ["d0", "d1", "l0"]


def test_other_workspaces_stay_unnamed(lab, queued, started):
    here = cluster_of(lab, "here", node_size="2cpu-2gib")
    elsewhere = make_cluster(name="elsewhere", node_size="2cpu-2gib")
    secret = make_experiment(workspace=elsewhere.workspace)
    queued(elsewhere, "secret-1", "secret-2", experiment=secret)
    (mine,) = queued(here, "mine")
    placing.place()
    before = "a run of another workspace is before it in line for this machine"
    assert words_of(mine) == f"Waiting for a node (number 2 in line): {before}"
    Run.objects.filter(name="secret-2").delete()
    placing.place()
    assert words_of(mine).endswith("taken on this machine by runs of other workspaces")


def test_a_run_that_a_resize_left_too_large_says_the_way_out_and_keeps_nobody_back(
    lab, queued, started
):
    cluster = cluster_of(lab, "cpu", max_nodes=2)
    (pair,) = queued(cluster, "pair", node_count=2)
    (small,) = queued(cluster, "small")
    clusters.change(cluster, max_nodes=1)
    placing.place()
    assert started == ["small"]
    assert words_of(pair) == (
        "Waiting for nodes: cpu has at most 1 node, 2 are needed: resize it (max_nodes)"
    )
    end(small)
    clusters.change(cluster, max_nodes=2)
    placing.place()
    assert started == ["small", "pair"]


def test_a_run_that_its_backend_turned_away_keeps_its_place(lab, queued, started):
    cluster = cluster_of(lab, "cpu")
    full = {"waits_for": "the engine has no room", "not_before": now() + timedelta(seconds=5)}
    (away,) = queued(cluster, "away", **full)
    (behind,) = queued(cluster, "behind")
    queued(cluster_of(lab, "other"), "o0")
    placing.place()
    assert started == ["o0"]
    assert words_of(away) == "the engine has no room"
    assert words_of(behind).endswith("away is before it, and its start is tried again in a moment")
    Run.objects.filter(pk=away.pk).update(not_before=now())
    placing.place()
    assert started == ["o0", "away", "behind"]


def test_gpus_go_to_one_run_each(lab, queued, started, monkeypatch):
    there = machine.Machine(8, 32 * 2**30, ("Tesla K80",) * 3)
    monkeypatch.setattr(machine, "this", lambda: there)
    pairs = cluster_of(lab, "pairs", node_size="1cpu-1gib-1gpu", max_nodes=8)
    queued(pairs, "pair", node_count=2)
    queued(pairs, "one")
    (more,) = queued(pairs, "more")
    placing.place()
    assert started == ["pair", "one"]
    assert sorted(RunTask.objects.values_list("gpus", flat=True)) == [[0], [1], [2]]
    assert words_of(more).endswith(
        "1cpu-1gib-1gpu takes 1 GPU, 3 of 3 are taken on this machine by pair, one"
    )


def test_a_run_that_cannot_be_started_does_not_keep_the_others_from_it(
    lab, queued, started, monkeypatch
):
    begin = starting.begin

    def broken(run, nodes):
        if run.name == "bad":
            raise RuntimeError("what nobody thought of")
        return begin(run, nodes)

    monkeypatch.setattr(starting, "begin", broken)
    queued(cluster_of(lab, "odd"), "bad")
    queued(cluster_of(lab, "cpu"), "good")
    placing.place()
    assert started == ["good"]
    monkeypatch.setattr(starting, "begin", begin)
    placing.place()
    assert started == ["good", "bad"], "on the node that it holds still"
    assert Node.objects.count() == 2


def test_a_run_that_is_canceled_at_that_moment_leaves_no_node_behind(
    lab, queued, started, monkeypatch
):
    cluster = cluster_of(lab, "cpu", max_nodes=2)
    (pair,) = queued(cluster, "pair", node_count=2)
    reserve = clusters.reserve

    def canceled_meanwhile(*given):
        lifecycle.end(Run.objects.get(pk=pair.pk), Reason.CANCELED)
        return reserve(*given)

    monkeypatch.setattr(clusters, "reserve", canceled_meanwhile)
    placing.place()
    assert started == []
    assert clusters.load(cluster) == {"Idle": 2, "Running": 0, "max": 2}


def test_in_a_long_line_the_first_hear_at_once_and_the_others_in_the_next_round(
    lab, queued, started
):
    cluster = cluster_of(lab, "cpu", max_nodes=1)
    runs = queued(cluster, *(f"r{n}" for n in range(30)))
    placing.place()
    assert "number 29 in line" in words_of(runs[29]), "who knows nothing yet is told at once"
    end(runs[0])
    placing.place()
    assert "next in line" in words_of(runs[2])
    assert "number 29 in line" in words_of(runs[29])
    placing.place(everyone=True)
    assert "number 28 in line" in words_of(runs[29])


def test_two_hundred_who_wait_cost_a_few_queries_and_one_start_no_more_for_each(
    lab, queued, started, django_assert_max_num_queries
):
    cluster = cluster_of(lab, "cpu", max_nodes=4)
    runs = queued(cluster, *(f"r{n}" for n in range(204)))
    placing.place()
    assert len(started) == 4
    with django_assert_max_num_queries(4):
        placing.place(everyone=True)
    end(runs[0])
    with django_assert_max_num_queries(45):
        placing.place()
    assert len(started) == 5


def test_the_page_of_a_cluster_shows_which_rank_is_on_each_node_and_who_is_in_line(
    lab, queued, started, client
):
    cluster = cluster_of(lab, "cpu", max_nodes=3)
    queued(cluster, "pair", node_count=2)
    queued(cluster, "two-more", "last", node_count=2)
    queued(cluster, "too-large", node_count=4)
    placing.place()
    client.force_login(make_member(workspace=lab.workspace).user)
    with CaptureQueriesContext(connection) as asked:
        there = client.get(f"/w/{lab.workspace.name}/_on-cluster/cpu/").context
    assert len(asked) <= 9
    assert [(node.number, run.name, run.rank) for node, run in there["rows"]] == [
        (1, "pair", 0), (2, "pair", 1)
    ]  # fmt: skip
    assert there["running_count"] == 1
    assert [run.name for run in there["queue"]] == ["two-more", "last", "too-large"]


@pytest.mark.django_db(transaction=True)
def test_two_who_place_at_once_start_each_run_once_on_nodes_of_its_own(lab, queued, started):
    cluster = cluster_of(lab, "cpu", max_nodes=6)
    runs = [*queued(cluster, *"abc", node_count=2), *queued(cluster, *"de")]
    gate = threading.Barrier(3)

    def place() -> None:
        try:
            gate.wait()
            placing.place()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(place) for _ in range(3)]:
            done.result()
    assert sorted(started) == ["a", "b", "c"]
    assert set(Node.objects.values_list("holder", flat=True)) == {
        task_id for run in runs[:3] for task_id in tasks.ids(run)
    }
    assert RunTask.objects.count() == 6

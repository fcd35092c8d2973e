"""Nodes come up when they are asked for, serve one holder at a time, and go when they are idle."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from compute import clusters, machine
from compute.clusters import Full
from compute.models import Cluster, Node
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=121)


def take(cluster: Cluster, *holders: str) -> list[int]:
    """The numbers of the nodes that these holders get; none where there is no room."""
    got = clusters.reserve(cluster, holders, NOW)
    return [] if isinstance(got, Full) else [node.number for node in got]


def why_not(cluster: Cluster, *holders: str) -> Full:
    got = clusters.reserve(cluster, holders, NOW)
    assert isinstance(got, Full)
    return got


def race(cluster: Cluster, given: Sequence[Sequence[str]]) -> list[list[int]]:
    """What each gets who asks at the same moment, in a thread of its own."""
    gate = threading.Barrier(len(given))

    def one(holders: Sequence[str]) -> list[int]:
        try:
            gate.wait()
            return take(cluster, *holders)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(given)) as pool:
        return list(pool.map(one, given))


def test_nodes_come_up_one_by_one_until_the_cluster_is_full():
    cluster = make_cluster()
    assert clusters.load(cluster) == {"Idle": 0, "Running": 0, "max": 2}
    assert take(cluster, "a") == [1]
    assert take(cluster, "b") == [2]
    assert why_not(cluster, "c") == Full("all 2 nodes of cpu-cluster are held", ("a", "b"))
    assert clusters.load(cluster) == {"Idle": 0, "Running": 2, "max": 2}


def test_several_nodes_are_given_all_or_none():
    cluster = make_cluster(name="four", max_nodes=4)
    assert take(cluster, "a", "b") == [1, 2]
    full = why_not(cluster, "c", "d", "e")
    assert full.words == "3 nodes are needed at once, 2 of 4 of four are free; the rest are held"
    assert full.holders == ("a", "b") and not full.of_machine
    assert cluster.nodes.count() == 2
    assert take(cluster, "d", "c") == [3, 4]
    assert [node.holder for node in cluster.nodes.all()] == ["a", "b", "d", "c"]


def test_more_nodes_than_a_cluster_may_have_are_no_question_of_waiting():
    cluster = make_cluster(name="two", max_nodes=2)
    assert why_not(cluster, *"abc").words == (
        "two has at most 2 nodes, 3 are needed: resize it (max_nodes)"
    )
    assert "may have no node" in why_not(make_cluster(name="none", max_nodes=0), "a").words


def test_a_holder_has_one_node_however_often_it_asks():
    cluster = make_cluster()
    first = clusters.reserve(cluster, ["a", "b"], NOW)
    assert clusters.reserve(cluster, ["a", "b"], NOW) == first
    assert clusters.release("a", NOW)
    assert not clusters.release("a", NOW)
    assert take(cluster, "b", "a") == [2, 1], "the one that is missing is found for the other"


def test_an_idle_node_is_taken_first_the_lowest_number():
    cluster = make_cluster(name="big", max_nodes=4)
    take(cluster, *"abc")
    clusters.release("c", NOW)
    clusters.release("a", NOW)
    assert take(cluster, "d") == [1]
    assert take(cluster, "e", "f") == [3, 4]


def test_idle_nodes_go_after_their_time_down_to_the_least():
    cluster = make_cluster(name="warm", min_nodes=1, max_nodes=3)
    take(cluster, *"abc")
    for holder in "ab":
        clusters.release(holder, NOW)
    assert clusters.retire_idle(NOW + timedelta(seconds=119)) == 0
    assert clusters.retire_idle(LATER) == 2
    clusters.release("c", LATER)
    assert clusters.retire_idle(LATER + timedelta(days=1)) == 0
    assert [node.number for node in cluster.nodes.all()] == [3]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("max_nodes", [1, 3])
def test_holders_that_race_never_share_a_node_nor_exceed_the_cluster(max_nodes):
    cluster = make_cluster(name="race", max_nodes=max_nodes)
    take(cluster, "first")
    clusters.release("first", NOW)
    got = race(cluster, ["a", "b", "c", "d", "e", "f"])
    assert sorted(n for numbers in got for n in numbers) == list(range(1, max_nodes + 1))


@pytest.mark.django_db(transaction=True)
def test_two_who_race_for_nodes_of_which_both_need_some_get_all_or_none():
    for _ in range(5):
        cluster = make_cluster(name="race", max_nodes=3)
        got = race(cluster, [("a", "b"), ("c", "d")])
        assert sorted(map(len, got)) == [0, 2]
        assert cluster.nodes.count() == 2
        for holder in "abcd":
            clusters.release(holder, NOW)


@pytest.mark.django_db(transaction=True)
def test_one_holder_that_races_itself_gets_one_node():
    cluster = make_cluster(name="race", max_nodes=4)
    got = race(cluster, [("a", "b")] * 4)
    assert got == [[1, 2]] * 4
    assert cluster.nodes.count() == 2


def with_machine(monkeypatch, *, cpus: int = 2, memory_gib: int = 8, gpus: int = 0) -> None:
    """Another machine than this one: what it has is read at one place."""
    there = machine.Machine(cpus, memory_gib * 2**30, ("Tesla K80",) * gpus)
    monkeypatch.setattr(machine, "this", lambda: there)


def test_nodes_of_all_clusters_together_never_take_more_than_the_machine_has(monkeypatch):
    with_machine(monkeypatch)
    small = make_cluster(name="small", node_size="1cpu-1gib", max_nodes=8)
    hungry = make_cluster(name="hungry", node_size="0.5cpu-7.5gib")
    take(small, "a")
    words = "0.5cpu-7.5gib takes 7.5 GiB of memory, 1 of 8 are taken on this machine"
    assert why_not(hungry, "b") == Full(words, ("a",), of_machine=True)
    assert "2 nodes of 1cpu-1gib take 2 vCPU, 1 of 2 are" in why_not(small, "c", "d").words
    assert take(small, "c") == [2]
    assert "takes 1 vCPU, 2 of 2 are taken" in why_not(small, "d").words
    clusters.release("a", NOW)
    clusters.release("c", NOW)
    assert take(hungry, "b") == [1]


def test_tenths_of_a_machine_fill_it():
    cluster = make_cluster(name="tenths", node_size="0.1cpu-0.1gib", max_nodes=99)
    here = machine.this()
    most = int(10 * min(here.cpus, here.memory_gib, 9))
    assert len(take(cluster, *(f"holder-{n}" for n in range(most)))) == most


def test_nodes_larger_than_the_machine_come_up_alone(monkeypatch):
    with_machine(monkeypatch)
    huge = make_cluster(name="huge", node_size="STANDARD_D14_V2")
    pair = make_cluster(name="pair", node_size="2cpu-4gib")
    assert take(huge, "a") == [1]
    assert why_not(huge, "b").holders == ("a",)
    assert why_not(pair, "b", "c").of_machine
    clusters.release("a", NOW)
    assert take(pair, "b", "c") == [1, 2]
    assert why_not(huge, "a").holders == ("b", "c")


def test_a_busy_node_is_what_it_was_when_it_was_taken(monkeypatch):
    with_machine(monkeypatch)
    cluster = make_cluster(name="shrunk", node_size="2cpu-2gib")
    take(cluster, "a")
    cluster = clusters.change(cluster, node_size="0.5cpu-1gib")
    assert "2 of 2 are taken" in why_not(cluster, "b").words
    clusters.release("a", NOW)
    assert take(cluster, "b", "a") == [1, 2]


def test_each_node_has_gpus_of_its_own_while_it_is_held(monkeypatch):
    with_machine(monkeypatch, cpus=16, memory_gib=64, gpus=4)
    one = make_cluster(name="one", node_size="1cpu-1gib-1gpu", max_nodes=8)
    two = make_cluster(name="two", node_size="1cpu-1gib-2gpu", max_nodes=8)
    take(one, "a")
    take(two, "b")
    take(make_cluster(name="none", node_size="1cpu-1gib"), "n")
    full = why_not(two, "c")
    assert full.words == "1cpu-1gib-2gpu takes 2 GPU, 3 of 4 are taken on this machine"
    assert full.holders == ("a", "b"), "not who has no GPU"
    take(one, "d")
    clusters.release("b", NOW)
    take(one, "e", "f")
    assert gpus_by_holder() == {"a": [0], "d": [3], "e": [1], "f": [2], "n": []}
    clusters.release("a", NOW)
    assert Node.objects.get(cluster=one, number=1).gpus == []


def gpus_by_holder() -> dict[str | None, list[int]]:
    held = Node.objects.filter(holder__isnull=False)
    return dict(held.values_list("holder", "gpus"))


@pytest.mark.parametrize(("gpus", "each"), [(0, 0), (1, 0), (2, 1), (5, 2)])
def test_nodes_that_ask_for_more_gpus_than_there_are_get_equal_parts(monkeypatch, gpus, each):
    with_machine(monkeypatch, cpus=16, memory_gib=64, gpus=gpus)
    cluster = make_cluster(name="gpu", node_size="1cpu-1gib-4gpu")
    take(cluster, "a", "b")
    held = gpus_by_holder()
    assert [len(numbers) for numbers in held.values()] == [each, each]
    assert not set(held["a"]) & set(held["b"])


def test_who_requires_gpus_that_are_not_there_waits_and_keeps_no_machine_back(monkeypatch):
    with_machine(monkeypatch)
    cluster = make_cluster(name="gpu", node_size="1cpu-1gib-1gpu", require_gpu=True)
    full = why_not(cluster, "a")
    assert full == Full("gpu requires a GPU for each node, this machine has none")

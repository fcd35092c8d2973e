"""Nodes come up when they are asked for, serve one holder at a time, and go when they are idle."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from compute import access, clusters, machine
from compute.backends import backend_for
from compute.backends.local import Local
from compute.clusters import Full
from compute.models import Node
from studio.errors import NotAllowed, UnknownCluster
from tests.factories import make_cluster, make_user, make_workspace

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=121)


@pytest.mark.django_db
def test_a_workspace_gets_one_default_cluster():
    workspace = make_workspace()
    cluster = clusters.ensure_default(workspace)
    assert clusters.ensure_default(workspace) == cluster
    assert (cluster.name, cluster.min_nodes, cluster.max_nodes) == ("cpu-cluster", 0, 2)
    assert isinstance(backend_for(cluster), Local)


@pytest.mark.django_db
def test_nodes_come_up_one_by_one_until_the_cluster_is_full():
    cluster = make_cluster()
    assert clusters.load(cluster) == {"Idle": 0, "Running": 0, "max": 2}
    assert clusters.reserve(cluster, "a", NOW).number == 1
    assert clusters.reserve(cluster, "b", NOW).number == 2
    assert isinstance(clusters.reserve(cluster, "c", NOW), Full)
    assert clusters.load(cluster) == {"Idle": 0, "Running": 2, "max": 2}


@pytest.mark.django_db
def test_a_holder_has_one_node_however_often_it_asks():
    cluster = make_cluster()
    node = clusters.reserve(cluster, "a", NOW)
    assert clusters.reserve(cluster, "a", NOW) == node
    assert clusters.release("a", NOW)
    assert not clusters.release("a", NOW)


@pytest.mark.django_db
def test_an_idle_node_is_taken_first_the_lowest_number():
    cluster = make_cluster(name="big", max_nodes=3)
    for holder in "abc":
        clusters.reserve(cluster, holder, NOW)
    clusters.release("c", NOW)
    clusters.release("a", NOW)
    assert clusters.reserve(cluster, "d", NOW).number == 1
    assert clusters.reserve(cluster, "e", NOW).number == 3


@pytest.mark.django_db
def test_a_cluster_of_no_nodes_gives_none():
    assert isinstance(clusters.reserve(make_cluster(name="none", max_nodes=0), "a", NOW), Full)


@pytest.mark.django_db
def test_idle_nodes_go_after_their_time_down_to_the_least():
    cluster = make_cluster(name="warm", min_nodes=1, max_nodes=3)
    for holder in "abc":
        clusters.reserve(cluster, holder, NOW)
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
    clusters.reserve(cluster, "first", NOW)
    clusters.release("first", NOW)
    gate = threading.Barrier(6)

    def race(holder: str) -> Node | Full:
        try:
            gate.wait()
            return clusters.reserve(cluster, holder, NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        nodes = [node for node in pool.map(race, "abcdef") if isinstance(node, Node)]
    assert len(nodes) == max_nodes
    assert {node.number for node in nodes} == set(range(1, max_nodes + 1))
    assert len({node.holder for node in nodes}) == max_nodes


@pytest.mark.django_db(transaction=True)
def test_one_holder_that_races_itself_gets_one_node():
    cluster = make_cluster(name="race", max_nodes=4)
    gate = threading.Barrier(4)

    def race(_: int) -> int:
        try:
            gate.wait()
            node = clusters.reserve(cluster, "a", NOW)
            return node.number if isinstance(node, Node) else 0
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(race, range(4))) == {1}
    assert cluster.nodes.count() == 1


@pytest.mark.django_db
def test_an_unknown_cluster_lists_the_known_ones():
    cluster = make_cluster()
    workspace = cluster.workspace
    assert access.cluster_for(workspace, "cpu-cluster") == cluster
    said = f'no cluster "gpu" in workspace "{workspace.name}"; clusters: cpu-cluster'
    with pytest.raises(UnknownCluster, match=said):
        access.cluster_for(workspace, "gpu")


@pytest.mark.django_db
def test_a_local_cluster_is_for_one_person_unless_the_operator_trusts_all(settings):
    cluster = make_cluster()
    make_user()
    access.check_may_run(cluster)
    make_user()
    with pytest.raises(NotAllowed, match="STUDIO_LOCAL_BACKEND_FOR_ALL=1"):
        access.check_may_run(cluster)
    settings.LOCAL_BACKEND_FOR_ALL = True
    access.check_may_run(cluster)


def two_cores(monkeypatch, cpus: int = 2, memory_gib: int = 8) -> None:
    """Another machine than this one: what it has is read at one place."""
    there = machine.Machine(cpus, memory_gib * 2**30)
    monkeypatch.setattr(machine, "this", lambda: there)


@pytest.mark.django_db
def test_nodes_of_all_clusters_together_never_take_more_than_the_machine_has(monkeypatch):
    two_cores(monkeypatch)
    small = make_cluster(name="small", node_size="1cpu-1gib", max_nodes=8)
    hungry = make_cluster(name="hungry", node_size="0.5cpu-7.5gib")
    assert isinstance(clusters.reserve(small, "a", NOW), Node)
    full = clusters.reserve(hungry, "b", NOW)
    assert full == Full(
        "0.5cpu-7.5gib takes 7.5 GiB of memory, 1 of 8 are taken on this machine", ("a",)
    )
    assert isinstance(clusters.reserve(small, "c", NOW), Node)
    assert "takes 1 vCPU, 2 of 2 are taken" in clusters.reserve(small, "d", NOW).words
    clusters.release("a", NOW)
    clusters.release("c", NOW)
    assert isinstance(clusters.reserve(hungry, "b", NOW), Node)


@pytest.mark.django_db
def test_a_node_larger_than_the_machine_comes_up_alone(monkeypatch):
    two_cores(monkeypatch)
    huge = make_cluster(name="huge", node_size="STANDARD_D14_V2")
    assert isinstance(clusters.reserve(huge, "a", NOW), Node)
    assert clusters.reserve(huge, "b", NOW).holders == ("a",)
    clusters.release("a", NOW)
    assert isinstance(clusters.reserve(huge, "b", NOW), Node)

"""Clusters are made, changed and deleted over HTTP; what is wrong is said for the field."""

from datetime import UTC, datetime, timedelta

import pytest

from compute import clusters
from compute.clusters import Full
from compute.models import Cluster
from studio.models import Role
from tests.factories import make_cluster, make_member

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def call(api):
    caller = api()
    caller_home = f"workspaces/{caller.workspace.name}/clusters"
    return caller, caller_home


def test_a_cluster_is_made_and_listed(call):
    caller, home = call
    made = caller.post(home, {"name": "gpu", "node_size": "standard_nc6", "max_nodes": 4})
    assert made.status_code == 201
    unknown = {"created_at": "", "nodes_changed_at": ""}
    assert made.json() | unknown == {
        "name": "gpu", "backend": "local", "node_size": "STANDARD_NC6", "min_nodes": 0,
        "max_nodes": 4, "idle_seconds_before_scaledown": 120, "priority": "dedicated",
        "require_gpu": False, "has_network": True, "created_at": "",
        "nodes": {"Idle": 0, "Running": 0}, "node_list": [], "nodes_changed_at": "",
        "state": "Steady",
        "size": {"cpus": 6.0, "memory_gib": 56.0, "gpus": 1},
    }  # fmt: skip
    assert [item["name"] for item in caller.get(home).json()["items"]] == ["gpu"]


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"name": "9lives"}, "name", "beginning with a letter"),
        ({"name": "x" * 25}, "name", "2 to 24"),
        ({"name": 1e3}, "name", "Not a valid string"),
        ({"max_nodes": "1_0"}, "max_nodes", "valid integer"),
        ({"max_nodes": "٢"}, "max_nodes", "valid integer"),
        ({"node_size": "HUGE"}, "node_size", "write your own as 2cpu-4gib"),
        ({"node_size": "0cpu-4gib"}, "node_size", "no node size"),
        ({"min_nodes": 3, "max_nodes": 2}, "min_nodes", "more than max_nodes"),
        ({"max_nodes": -1}, "max_nodes", "from 0 to 1000"),
        ({"max_nodes": 10**12}, "max_nodes", "from 0 to 1000"),
        ({"backend": "cloud"}, "backend", "one of local, docker"),
        ({"priority": "high"}, "priority", "one of dedicated, lowpriority"),
    ],
)
def test_what_is_wrong_is_said_for_its_field(call, wrong, field, words):
    caller, home = call
    answer = caller.post(home, {"name": "cpu", **wrong})
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
    assert field in answer.json()["error"]["fields"]
    assert not Cluster.objects.exists()


def test_a_size_of_ones_own_is_written_as_numbers(call):
    caller, home = call
    made = caller.post(home, {"name": "own", "node_size": "0.5CPU-1.5GiB-1gpu"}).json()
    assert made["node_size"] == "0.5cpu-1.5gib-1gpu"


def test_a_name_is_taken_until_its_cluster_is_deleted(call):
    caller, home = call
    caller.post(home, {"name": "cpu"})
    answer = caller.post(home, {"name": "cpu"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    assert caller.delete(f"{home}/cpu").status_code == 204
    assert caller.get(f"{home}/cpu").status_code == 404
    assert caller.post(home, {"name": "cpu"}).status_code == 201


def test_a_reader_changes_nothing(api):
    owner = api()
    cluster = make_cluster(workspace=owner.workspace)
    reader = api(make_member(workspace=owner.workspace, role=Role.READER).user, owner.workspace)
    home = f"workspaces/{owner.workspace.name}/clusters"
    assert reader.get(home).status_code == 200
    assert reader.post(home, {"name": "mine"}).status_code == 403
    assert reader.patch(f"{home}/{cluster.name}", {"max_nodes": 9}).status_code == 403
    assert reader.delete(f"{home}/{cluster.name}").status_code == 403


def test_a_smaller_cluster_lets_busy_nodes_finish(api):
    owner = api()
    cluster = make_cluster(workspace=owner.workspace)
    for holder in ("a", "b"):
        clusters.reserve(cluster, holder, NOW)
    home = f"workspaces/{owner.workspace.name}/clusters/{cluster.name}"
    assert owner.patch(home, {"max_nodes": 1}).json()["nodes"] == {"Idle": 0, "Running": 2}
    clusters.release("b", NOW)
    assert isinstance(clusters.reserve(cluster, "c", NOW), Full)
    clusters.retire_idle(NOW)
    assert list(cluster.nodes.values_list("holder", flat=True)) == ["a"]


def test_the_backend_of_a_cluster_stays(api):
    owner = api()
    cluster = make_cluster(workspace=owner.workspace)
    home = f"workspaces/{owner.workspace.name}/clusters/{cluster.name}"
    assert "make another cluster" in owner.patch(home, {"backend": "docker"}).content.decode()


def test_a_deleted_cluster_gives_no_node_and_its_last_one_goes_when_it_is_free(api):
    owner = api()
    cluster = make_cluster(workspace=owner.workspace)
    clusters.reserve(cluster, "a", NOW)
    clusters.delete(cluster, NOW)
    assert isinstance(clusters.reserve(cluster, "b", NOW), Full)
    clusters.release("a", NOW)
    clusters.retire_idle(NOW + timedelta(seconds=1))
    assert not cluster.nodes.exists()


def test_sizes_are_listed_beside_what_the_machine_gives(api):
    owner = api()
    clusters.reserve(make_cluster(workspace=owner.workspace, name="tiny"), "a", NOW)
    answer = owner.get(f"workspaces/{owner.workspace.name}/sizes").json()
    named = {size.pop("name"): size for size in answer["items"]}
    assert named["STANDARD_NC6"] == {"cpus": 6, "memory_gib": 56, "gpus": 1}
    assert answer["machine"]["cpus"] >= 1
    assert answer["machine"]["taken"] == {"cpus": 0.1, "memory_gib": 0.1, "gpus": 0}

"""Clusters by name, and who may run on them."""

import pytest

from compute import access, clusters, machine
from compute.backends import backend_for
from compute.backends.local import Local
from studio.errors import BadInput, NotAllowed, UnknownCluster
from tests.factories import make_cluster, make_user, make_workspace


@pytest.mark.django_db
def test_a_workspace_gets_one_default_cluster():
    workspace = make_workspace()
    cluster = clusters.ensure_default(workspace)
    assert clusters.ensure_default(workspace) == cluster
    assert (cluster.name, cluster.min_nodes, cluster.max_nodes) == ("cpu-cluster", 0, 2)
    assert isinstance(backend_for(cluster), Local)


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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("gpus", "size", "nodes", "words"),
    [
        (0, "1cpu-1gib-1gpu", 1, "requires a GPU and this machine has none: choose another"),
        (2, "1cpu-1gib", 1, "its nodes (1cpu-1gib) have none: resize it (node_size, such as 1cpu"),
        (2, "1cpu-1gib-4gpu", 1, "1 node of 1cpu-1gib-4gpu need 4, and this machine has 2"),
        (2, "1cpu-1gib-1gpu", 3, "3 nodes of 1cpu-1gib-1gpu need 3, and this machine has 2"),
        (2, "1cpu-1gib-1gpu", 2, ""),
    ],
)
def test_who_requires_gpus_is_refused_where_there_are_too_few(
    monkeypatch, gpus, size, nodes, words
):
    there = machine.Machine(4, 8 * 2**30, ("GPU",) * gpus)
    monkeypatch.setattr(machine, "this", lambda: there)
    cluster = make_cluster(name="gpu", node_size=size, require_gpu=True, max_nodes=4)
    said = ""
    try:
        access.check_may_run(cluster, nodes)
    except BadInput as error:
        said = error.message
    assert (words in said) if words else not said

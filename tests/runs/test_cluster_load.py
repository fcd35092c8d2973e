"""What a cluster's nodes do now, for its page: one request, however many nodes there are."""

import numpy as np
import pytest
from django.utils.timezone import now

from runs import metrics, tasks
from runs.models import MetricKind, RunTask
from runs.states import State
from runs.views import load
from tests.factories import make_cluster, make_experiment, make_member, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return make_member()


def run_on(member, cluster, *numbers):
    """A run whose ranks are on the nodes of these numbers."""
    experiment = make_experiment(workspace=member.workspace)
    run = make_run(
        experiment=experiment, cluster=cluster, user=member.user, state=State.RUNNING,
        node_count=len(numbers),
    )  # fmt: skip
    for rank, (number, task_id) in enumerate(zip(numbers, tasks.ids(run), strict=True)):
        RunTask.objects.create(
            run=run, attempt=1, rank=rank, node_number=number, task_id=task_id, seen_at=now()
        )
    return run


def measure(run, node, what, values, *, sequence=1):
    """One sample a second that ends now."""
    times = now().timestamp() - np.arange(len(values))[::-1].astype(float)
    batch = metrics.Batch(
        f"trainyard/node-{node}/{what}", MetricKind.FLOAT, times.astype(np.int64), times,
        np.array(values, dtype=float),
    )  # fmt: skip
    metrics.append(run, f"system-{node}-{what}", sequence, [batch])


@pytest.fixture
def client(client, member):
    client.force_login(member.user)
    return client


def asked(client, member, cluster):
    answer = client.get(f"/w/{member.workspace.name}/_cluster-load/{cluster.name}/")
    assert answer.status_code == 200
    return answer.json()["nodes"]


def test_each_busy_node_is_told_with_its_run_and_its_last_two_minutes(client, member):
    cluster = make_cluster(workspace=member.workspace, name="busy")
    run = run_on(member, cluster, 4, 2)
    measure(run, 2, "cpu_percent", range(300))
    measure(run, 2, "network_in_bytes_per_s", [5.0, 7.0])
    first, second = asked(client, member, cluster)
    assert (first["number"], first["ranks"], first["name"]) == (2, "rank 1 of 2", run.name)
    assert (second["number"], second["series"]) == (4, {})
    cpu, network = first["series"]["cpu_percent"], first["series"]["network_in_bytes_per_s"]
    assert (cpu["count"], cpu["last"]) == (300, 299.0)
    assert 100 <= len(cpu["values"]) == len(cpu["times"]) <= load.SHOWN_POINTS
    assert cpu["values"][-1] == 299.0
    assert network["last"] == 7.0 and "values" not in network


def test_many_nodes_take_no_more_queries_than_one(client, member, django_assert_max_num_queries):
    cluster = make_cluster(workspace=member.workspace, name="large")
    for first in range(1, 17, 2):
        run = run_on(member, cluster, first, first + 1)
        for node in (first, first + 1):
            measure(run, node, "memory_bytes", range(400))
    with django_assert_max_num_queries(8):
        assert len(asked(client, member, cluster)) == 16


def test_what_has_ended_or_was_before_is_not_told(client, member):
    cluster = make_cluster(workspace=member.workspace, name="calm")
    gone, again = run_on(member, cluster, 1), run_on(member, cluster, 2)
    gone.tasks.update(ended_at=now())
    again.attempt = 2
    again.save()
    assert asked(client, member, cluster) == []


def test_a_stranger_is_told_nothing(client, member):
    make_cluster(workspace=member.workspace, name="theirs")
    client.force_login(make_member().user)
    answer = client.get(f"/w/{member.workspace.name}/_cluster-load/theirs/")
    assert answer.status_code == 404

"""Runs get nodes in the order they came; who waits is told why, and who holds what."""

import pytest
from django.utils.timezone import now

from compute import clusters
from compute.models import Node
from runs import launching, lifecycle
from runs.models import Run
from runs.states import Reason, State

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """Names of runs whose task was started; the edge to the backend is cut here."""
    names: list[str] = []
    monkeypatch.setattr(launching, "start", lambda run: names.append(run.name))
    return names


def queued(caller, count: int) -> list[Run]:
    runs = []
    for number in range(count):
        reply = caller.submit(name=f"run-{number}")
        run = Run.objects.get(run_id=reply.json()["run_id"])
        lifecycle.move(run, State.PREPARING)
        lifecycle.move(run, State.QUEUED)
        runs.append(run)
    return runs


def test_the_first_come_first_and_the_rest_know_why_they_wait(caller, started):
    runs = queued(caller, 4)
    launching.place(runs[0].cluster)
    assert started == ["run-0", "run-1"]
    third, fourth = (Run.objects.get(pk=run.pk) for run in runs[2:])
    assert third.state == fourth.state == State.QUEUED
    assert "next in line" in third.waits_for
    assert "run-0" in third.waits_for
    assert "number 2 in line" in fourth.waits_for


def test_placing_twice_starts_nothing_twice(caller, started):
    runs = queued(caller, 2)
    for _ in range(3):
        launching.place(runs[0].cluster)
    assert started == ["run-0", "run-1"]
    assert Node.objects.count() == 2


def test_a_freed_node_goes_to_the_next_in_line(caller, started):
    runs = queued(caller, 3)
    launching.place(runs[0].cluster)
    first = Run.objects.get(pk=runs[0].pk)
    lifecycle.end(first, Reason.CANCELED)
    clusters.release(first.run_id, now())
    launching.place(first.cluster)
    assert started == ["run-0", "run-1", "run-2"]
    assert Node.objects.count() == 2, "an idle node is used before another comes up"

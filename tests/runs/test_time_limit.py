"""A script that takes longer than it may is asked to end, and the run says why."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from compute import clusters
from runs import supervising, tasks, watching
from runs.models import Run
from runs.states import Reason, State
from tests.runs.conftest import on_its_nodes

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(caller, give_processes):
    """A run whose driver has said Running."""

    def running(**order) -> Run:
        run = on_its_nodes(caller, **order)
        give_processes(run)
        watching.report(tasks.of(run).get(), State.RUNNING, "", now())
        run.refresh_from_db()
        return run

    return running


def test_a_script_over_its_time_is_told_to_end_and_the_run_names_the_limit(running, driver_of):
    run = running(max_run_duration_seconds=60)
    driver = driver_of(run)
    assert driver.post("/api/v1/driver/heartbeat").json() == {"cancel": False}
    supervising.once(run.started_at + timedelta(seconds=59))
    assert driver.post("/api/v1/driver/heartbeat").json() == {"cancel": False}
    supervising.once(run.started_at + timedelta(seconds=61))
    assert driver.post("/api/v1/driver/heartbeat").json() == {"cancel": True}
    driver.post(
        "/api/v1/driver/finish", {"exit_code": None, "signal": 15, "canceled": True}, "json"
    )
    run.refresh_from_db()
    assert (run.state, run.reason) == (State.CANCELED, Reason.TIME_LIMIT)
    assert "longer than the 60 s it was allowed" in run.events.last().text


def test_somebody_who_cancels_a_limited_run_is_named(caller, running, driver_of):
    run = running(max_run_duration_seconds=60)
    caller.post(f"/api/v1/runs/{run.run_id}/cancel")
    words = {"exit_code": None, "signal": 15, "canceled": True}
    driver_of(run).post("/api/v1/driver/finish", words, "json")
    run.refresh_from_db()
    assert (run.reason, run.events.last().text) == (Reason.CANCELED, "canceled by ann")


def test_a_run_without_a_limit_runs_on(running):
    run = running()
    supervising.once(now() + timedelta(days=400))
    assert run.must_end_at is None
    run.refresh_from_db()
    assert run.cancel_requested_at is None


@pytest.mark.parametrize("wrong", [0, -1, "soon", True, 10**30, []])
def test_a_limit_that_is_no_number_of_seconds_is_refused(caller, wrong):
    answer = caller.submit(max_run_duration_seconds=wrong)
    assert answer.status_code == 400
    assert "max_run_duration_seconds" in answer.json()["error"]["fields"]


def test_what_waits_for_a_deleted_cluster_is_canceled_and_what_runs_goes_on(caller, running):
    running_one = running()
    waiting = Run.objects.get(run_id=caller.submit().json()["run_id"])
    clusters.delete(waiting.cluster, now())
    supervising.once(now())
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELED
    assert waiting.events.last().text == "its cluster cpu-cluster was deleted before it could start"
    running_one.refresh_from_db()
    assert running_one.state == State.RUNNING

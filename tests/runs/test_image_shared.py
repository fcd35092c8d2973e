"""Runs that need the same image wait for one build, see one log, and go on together."""

import pytest
from django.utils.timezone import now

from compute import clusters
from compute.models import Cluster, ImageBuild
from runs import launching, lifecycle, preparing, supervising
from runs.models import Run, RunLog
from runs.states import Reason, State
from studio import live, streams
from tests.compute.conftest import shelf
from tests.compute.packages import make_wheel

__all__ = ["shelf"]  # fixtures
MANY = 200
LOG = "azureml-logs/20_image_build_log.txt"


@pytest.fixture
def order(shelf, caller):
    """What to submit: a run that needs a package of the shelf, on a cluster whose node is held."""
    Cluster.objects.update(max_nodes=1)
    assert isinstance(clusters.reserve(Cluster.objects.get(), ["another"], now()), list)
    make_wheel(shelf, "alpha")
    return {
        "snapshot": caller.sent({"train.py": ""}),
        "environment": {"definition": {"pip": "--no-index\nalpha\n"}},
    }


def states() -> set[str]:
    return set(Run.objects.values_list("state", flat=True))


def test_two_hundred_runs_cause_one_build_and_all_go_on(workers, caller, order):
    replies = [caller.submit(**order) for _ in range(MANY)]
    assert {reply.status_code for reply in replies} == {201}
    workers.join(timeout_s=120)
    build = ImageBuild.objects.get()
    assert build.image is not None, build.error
    supervising.look(now())
    workers.join(timeout_s=120)
    assert states() == {State.QUEUED}
    shown = RunLog.objects.filter(path=LOG)
    assert set(shown.values_list("stream", flat=True)) == {build.log_id}
    assert streams.read(build.log, 0).text.count("is ready") == 1


@pytest.mark.django_db(transaction=True)
def test_those_who_wait_say_what_the_build_does_each_once(caller, order, heard):
    made = [caller.submit(**order).json()["run_id"] for _ in range(3)]
    for run in Run.objects.all():
        launching.launch(run.pk)
    build = ImageBuild.objects.get()
    runs = Run.objects.filter(run_id__in=made)
    assert set(runs.values_list("waits_for", flat=True)) == {
        "Waiting for its image: a worker will start the build"
    }
    ImageBuild.objects.update(state="Installing", progress="downloading torch: 112 of 179 MiB")
    own = heard(lifecycle.group(runs[0]))
    tables = heard(live.workspace_group(caller.workspace.pk))
    preparing.tell_progress()
    assert set(runs.values_list("waits_for", flat=True)) == {
        "Building its image: downloading torch: 112 of 179 MiB"
    }
    assert [event["event"] for event in own()] == ["run-changed"]
    assert [event["event"] for event in tables()] == ["run-changed"], "one for all three"
    preparing.tell_progress()
    assert own() == tables() == []
    assert preparing.waiting_for(build.pk).count() == 3


@pytest.mark.django_db
def test_saying_so_costs_as_much_for_thirty_as_for_one(caller, order, django_assert_num_queries):
    for count in (1, 30):
        for _ in range(count):
            caller.submit(**order)
        for run in Run.objects.filter(state=State.NOT_STARTED):
            launching.launch(run.pk)
        ImageBuild.objects.update(state="Installing", progress=f"downloading {count} of 179 MiB")
        with django_assert_num_queries(6):  # two of them begin and end the transaction
            preparing.tell_progress()
        assert not Run.objects.exclude(waits_for__contains=f" {count} of 179").exists()


def test_a_failed_build_fails_all_who_wait_with_the_requirement_and_the_log(
    workers, caller, order, shelf
):
    order["environment"] = {"definition": {"pip": "--no-index\nno-such-thing==9\n"}}
    for _ in range(2):
        caller.submit(**order)
    workers.join()
    supervising.look(now())
    workers.join()
    assert states() == {State.FAILED}
    first = Run.objects.first()
    assert first.reason == Reason.ENVIRONMENT_FAILED
    assert first.error["guilty"] == "no-such-thing==9"
    assert first.error["log"] == LOG
    assert "no-such-thing==9" in first.error["message"]
    logs = set(RunLog.objects.values_list("stream", flat=True))
    caller.submit(**order)
    workers.join()
    again = RunLog.objects.exclude(stream__in=logs).get()
    assert streams.read(again.stream, 0).text.count("Failed: ") == 1
    assert len(logs) == 1


def test_an_image_that_is_there_is_used_at_once_and_shows_no_build_log(workers, caller, order):
    caller.submit(**order)
    workers.join()
    supervising.look(now())
    workers.join()
    reply = caller.submit(**order)
    workers.join()
    run = Run.objects.get(run_id=reply.json()["run_id"])
    assert run.state == State.QUEUED
    assert run.events.get(state=State.PREPARING).text == "image reused"
    assert not run.logs.exists()

"""A start that goes wrong on one node, or is cut off: nothing is left, and nothing starts twice."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils.timezone import now

from compute.backends import BACKENDS
from compute.backends.base import NoCapacity, Refused, Unreachable
from compute.building.installing import MANIFEST
from compute.models import Cluster, Image, ImageBuild, Node
from compute.states import BuildState
from compute.tasks import Task
from runs import cleaning, ending, placing, starting, stopping, supervising, tasks, watching
from runs.models import Run
from runs.states import Reason, State
from studio import streams
from studio.models import Token
from tests.factories import make_cluster, make_experiment, make_run
from tests.runs.edge import Edge

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What ends a worker here, as kill -9 does."""


@pytest.fixture
def edge(monkeypatch) -> Edge:
    edge = Edge()
    monkeypatch.setitem(BACKENDS, "docker", edge)
    return edge


@pytest.fixture
def build(settings) -> ImageBuild:
    """An image that is whole, as far as the studio looks."""
    place = Path(settings.IMAGES, "i")
    (place / "bin").mkdir(parents=True)
    (place / "bin" / "python").touch()
    (place / MANIFEST).touch()
    image = Image.objects.create(digest="i", place=str(place), size_bytes=1, build_seconds=1)
    return ImageBuild.objects.create(
        recipe_digest="i", recipe={}, state=BuildState.READY, image=image, asked_at=now(),
        log=streams.create(),
    )  # fmt: skip


@pytest.fixture
def queued(edge, build) -> Callable[..., Run]:
    lab = make_experiment()
    cluster = make_cluster(workspace=lab.workspace, name="boxes", backend="docker", max_nodes=2)

    def queued(**fields) -> Run:
        fields = {"cluster": cluster, "image_build": build, **fields}
        return make_run(experiment=lab, state=State.QUEUED, **fields)

    return queued


@pytest.fixture
def pair(queued) -> Run:
    return queued(node_count=2)


def run_in_thread(do: Callable[[], object]) -> None:
    """As another process: with a connection of its own."""

    def work() -> None:
        do()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def state_of(run: Run) -> str:
    run.refresh_from_db()
    return run.state


def held() -> set[str]:
    return set(Node.objects.filter(holder__isnull=False).values_list("holder", flat=True))


def last_words(run: Run) -> str:
    return str(run.events.last().text)


def test_no_room_for_the_second_node_ends_and_frees_the_first_and_both_start_later(edge, pair):
    edge.answers[1] = NoCapacity("the machine has no room for the container")
    first = tasks.ids(pair)
    placing.place()
    assert (state_of(pair), pair.attempt, pair.retried) == (State.QUEUED, 2, 0)
    assert edge.running == {first[0]}
    why = "node 2 (rank 1 of 2): the machine has no room for the container"
    assert (last_words(pair), pair.waits_for) == (why, f"{why}; it is tried again")
    assert not Token.objects.filter(subject=pair.run_id).exists(), (
        "its driver is to be heard no more"
    )
    stopping.clean(pair.pk)
    assert edge.stopped == [first[0]]
    assert (edge.running, edge.tasks, held()) == (set(), {}, set())
    edge.answers.clear()
    placing.place()
    assert state_of(pair) == State.QUEUED, "not again before some seconds are over"
    Run.objects.filter(pk=pair.pk).update(not_before=now())
    placing.place()
    assert state_of(pair) == State.STARTING
    assert edge.running == held() == set(tasks.ids(pair))
    assert pair.waits_for == ""


def test_who_waits_for_its_own_earlier_start_is_not_told_that_a_run_of_its_name_is_before_it(
    edge, pair
):
    edge.answers[1] = NoCapacity("full")
    placing.place()
    Run.objects.filter(pk=pair.pk).update(not_before=now())
    placing.place()
    assert state_of(pair) == State.QUEUED
    assert pair.waits_for.endswith("held by its own earlier start, which is being ended")


def test_every_attempt_is_cleaned_up_at_once_and_not_only_the_first(edge, pair, workers):
    edge.answers[1] = NoCapacity("full")
    for _ in range(3):
        Run.objects.filter(pk=pair.pk).update(not_before=now())
        placing.place()
        supervising.once(now())
        workers.join("runs")
        assert (state_of(pair), held(), edge.running) == (State.QUEUED, set(), set())


def test_an_engine_that_does_not_answer_for_the_second_node_is_asked_again_for_that_one(edge, pair):
    edge.answers[1] = Unreachable("the Docker engine went away")
    placing.place()
    assert state_of(pair) == State.STARTING
    assert pair.waits_for == "node 2 (rank 1 of 2): the Docker engine went away; it is tried again"
    assert held() == set(tasks.ids(pair))
    edge.answers.clear()
    supervising.once(now() + 2 * supervising.DUE)
    assert edge.running == set(tasks.ids(pair))
    assert edge.stopped == []
    assert state_of(pair) == State.STARTING
    assert pair.waits_for == ""


def test_a_run_with_a_node_to_be_started_yet_is_not_called_silent(edge, pair):
    edge.answers[1] = Unreachable("the Docker engine went away")
    placing.place()
    supervising.once(now() + timedelta(hours=1))
    assert state_of(pair) == State.STARTING
    edge.answers.clear()
    supervising.once(now() + timedelta(hours=1))
    assert edge.running == set(tasks.ids(pair))


def test_a_refusal_names_the_node_and_what_was_started_is_ended(edge, pair):
    edge.answers[1] = Refused("there is no such image")
    placing.place()
    assert (state_of(pair), pair.reason) == (State.FAILED, Reason.START_FAILED)
    assert pair.error["message"] == "node 2 (rank 1 of 2): there is no such image"
    assert cleaning.clean(pair, now() + timedelta(seconds=5))
    assert (edge.running, held()) == (set(), set())


def test_the_worst_that_the_nodes_met_decides(edge, pair):
    edge.answers = {0: Unreachable("away"), 1: Refused("never")}
    placing.place()
    assert (state_of(pair), pair.error["message"]) == (State.FAILED, "node 2 (rank 1 of 2): never")


def test_a_worker_that_is_killed_before_it_notes_the_start_leaves_a_task_that_is_found(
    edge, queued
):
    run = queued()

    def killed(task: Task) -> None:
        raise Killed

    edge.meanwhile = killed
    with pytest.raises(Killed):
        placing.place()
    task = tasks.of(run).get()
    assert (task.handle, state_of(run)) == (None, State.STARTING)
    watching.report(task, State.RUNNING, "", now())  # its driver knows nothing of that
    supervising.once(now())
    task.refresh_from_db()
    assert task.handle == {"task_id": task.task_id}
    edge.running.clear()
    supervising.once(now())
    assert (state_of(run), run.reason) == (State.FAILED, Reason.LOST)


def test_a_worker_that_is_killed_before_the_start_is_made_up_for(edge, queued):
    run = queued()
    edge.answers[0] = Killed()
    with pytest.raises(Killed):
        placing.place()
    edge.answers.clear()
    supervising.once(now())
    assert edge.running == set(), "it may be under way still"
    supervising.once(now() + 2 * supervising.DUE)
    assert edge.running == set(tasks.ids(run))


@pytest.mark.django_db(transaction=True)
def test_many_nodes_are_started_some_at_a_time_and_no_more_once_nobody_wants_them(edge, queued):
    Cluster.objects.update(max_nodes=50)
    run = queued(node_count=20)

    def cancel(task: Task) -> None:
        if task.rank == starting.AT_ONCE:  # the first of the second portion
            change = {"state": State.CANCEL_REQUESTED, "cancel_requested_at": now()}
            run_in_thread(lambda: Run.objects.filter(pk=run.pk).update(**change))

    edge.meanwhile = cancel
    placing.place()
    assert len(edge.stopped) > 0
    assert len(edge.asked_to_start) <= 2 * starting.AT_ONCE
    stopping.stop(run.pk)
    stopping.clean(run.pk)
    assert (state_of(run), edge.tasks, held()) == (State.CANCELED, {}, set())


@pytest.mark.django_db(transaction=True)
def test_a_refused_node_of_many_keeps_the_rest_from_being_started(edge, queued):
    Cluster.objects.update(max_nodes=50)
    edge.answers[1] = Refused("no such image")
    run = queued(node_count=20)
    placing.place()
    assert len(edge.asked_to_start) == starting.AT_ONCE
    assert (state_of(run), run.reason) == (State.FAILED, Reason.START_FAILED)
    assert "no such image" in run.error["message"]


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_canceled_while_it_starts_leaves_nothing(edge, queued):
    run = queued()

    def cancel(task: Task) -> None:
        Run.objects.filter(pk=run.pk).update(
            state=State.CANCEL_REQUESTED, cancel_requested_at=now(), canceled_by=run.created_by
        )
        stopping.stop(run.pk)
        assert state_of(run) == State.CANCELED
        assert cleaning.clean(run, now() + timedelta(seconds=5)), "it is not known to run yet"

    edge.meanwhile = cancel
    placing.place()
    assert (state_of(run), edge.running) == (State.CANCELED, set())
    assert last_words(run) == f"canceled by {run.created_by.username}"
    stopping.clean(run.pk)
    assert (state_of(run), edge.tasks, held()) == (State.CANCELED, {}, set())
    assert run.cleaned_at is not None
    assert not Token.objects.filter(subject=run.run_id).exists()


def test_a_start_that_comes_too_late_for_its_attempt_is_ended_and_touches_no_later_one(
    edge, queued
):
    run = queued()
    late = []

    def overtaken(task: Task) -> None:
        """Another worker had no room, cleaned up, and started the run anew."""
        edge.meanwhile = lambda task: None
        late.append(task.id)
        assert ending.leave(Run.objects.get(pk=run.pk), State.QUEUED, "no room")
        edge.tasks.clear()
        stopping.clean(run.pk)
        edge.answers = {}

    edge.meanwhile = overtaken
    placing.place()
    assert (state_of(run), run.attempt) == (State.STARTING, 2)
    assert edge.stopped == late
    assert edge.running == set(tasks.ids(run)) == held()
    assert Token.objects.filter(subject=run.run_id).count() == 1, "that of the second attempt"


def test_two_that_settle_a_lost_node_at_once_start_the_run_again_once(edge, queued, monkeypatch):
    run = queued(max_retries=3)
    placing.place()
    task = tasks.of(run).get()
    tasks.end(task, {"lost": {"type": "ProcessLost", "message": "it is gone"}}, now())
    leave = ending.leave

    def overtaken(*given, **more) -> bool:
        monkeypatch.setattr(ending, "leave", leave)
        assert ending.settle(Run.objects.get(pk=run.pk))
        return leave(*given, **more)

    monkeypatch.setattr(ending, "leave", overtaken)
    ending.settle(run)
    assert (state_of(run), run.attempt, run.retried) == (State.QUEUED, 2, 1)
    assert last_words(run) == "node 1 was lost (it is gone): started again, 1 of 3"
    placing.place()
    started = run.events.filter(state=State.QUEUED).last().text
    assert started.startswith("node 1 was lost (it is gone): started again, 1 of 3; "), "it stays"


def test_the_node_that_failed_has_its_time_to_bring_what_it_has_and_the_others_are_ended(
    edge, pair, workers
):
    placing.place()
    first, second = tasks.of(pair)
    tasks.fail(second, None, now() - timedelta(minutes=1))
    supervising.once(now())
    workers.join("runs")
    assert edge.stopped == [first.task_id]
    assert edge.running == {second.task_id}


def test_an_engine_that_does_not_answer_is_asked_once_a_round(edge, queued):
    Node.objects.all().delete()
    runs = [queued(), queued()]
    placing.place()
    edge.away, edge.asked = Unreachable("it hangs"), 0
    for run in runs:
        task = tasks.of(run).get()
        watching.report(task, State.RUNNING, "", now())
    supervising.once(now() + timedelta(minutes=1))
    assert edge.asked == 1
    assert {state_of(run) for run in runs} == {State.NOT_RESPONDING}
    assert last_words(runs[1]).endswith("it hangs")


def test_no_engine_is_asked_in_the_round_of_what_is_on_this_machine(edge, pair, workers):
    placing.place()
    edge.asked = 0
    ours, *others = supervising.rounds()
    supervising.work_off(ours, now() + timedelta(minutes=1))
    assert edge.asked == 0
    for steps in others:
        supervising.work_off(steps, now())
    assert edge.asked == 2

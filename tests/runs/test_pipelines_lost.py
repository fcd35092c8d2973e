"""Pipelines whose messages were lost: supervise finds them by their rows, and no others."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now as clock

from compute import clusters
from runs import actors, control, lifecycle, supervising
from runs.models import PipelineStep, Run
from runs.pipelines import advancing, checking
from runs.states import State, StepState
from studio import queue
from tests.factories import make_cluster
from tests.runs.pipelines import advance, begun, end, graph, run_of, states, step, to_end

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=1)


@pytest.fixture
def code(caller):
    return caller.sent({"train.py": "print('hello')\n"})


@pytest.fixture
def chain(caller, code):
    return begun(caller, graph(step("a", code), step("b", code, 0)))


@pytest.fixture
def sent(monkeypatch):
    """What supervise sends, instead of sending it: the queue loses it otherwise as well."""
    found = []
    monkeypatch.setattr(queue, "send", lambda actor, *args: found.append((actor, *args)))
    return found


def due(after=LATER):
    return [pipeline.run for pipeline in advancing.due(clock() + after)]


def test_one_that_never_began_is_due_and_one_that_goes_on_is_not(chain):
    assert due() == [chain]
    assert due(-LATER) == []  # its message may be on the way
    advance(chain)
    assert due() == []


def test_one_whose_step_has_ended_is_due_until_that_was_seen(chain):
    to_end(chain, "a")
    assert due() == [chain]
    advance(chain)
    assert due() == [] and states(chain)["b"] == "Begun"


def test_one_that_was_killed_before_it_began_a_step_whose_turn_it_was_is_due(caller, code):
    run = begun(caller, graph(step("a", code), step("b", code)))
    advance(run)
    PipelineStep.objects.filter(name="b").update(state=StepState.DUE, run=None)
    assert due() == [run]
    assert advance(run) == [run_of(run, "b").pk]


def test_one_whose_steps_were_not_all_asked_to_end_is_due_and_asks_them(chain, caller, sent):
    advance(chain)
    lifecycle.move(chain, State.CANCEL_REQUESTED, cancel_requested_at=clock(),
                   canceled_by=caller.user)  # fmt: skip
    assert due() == [chain]
    supervising._advance_again(clock() + LATER)
    first = run_of(chain, "a")
    assert first.state == State.CANCELED
    assert (actors.advance, chain.pk) in sent
    advance(chain)
    chain.refresh_from_db()
    assert chain.state == State.CANCELED and due() == []


def test_supervise_sends_what_is_due_and_never_stops_it_as_a_run_with_tasks(chain, sent, caller):
    supervising._advance_again(clock() + LATER)
    assert sent == [(actors.advance, chain.pk)]
    advance(chain)
    first = run_of(chain, "a")
    for state in (State.PREPARING, State.QUEUED, State.STARTING, State.RUNNING):
        lifecycle.move(first, state)
    control.cancel(Run.objects.get(pk=chain.pk), caller.user)
    sent.clear()
    supervising._stop_again(clock() + LATER)
    # Its step is told again, and the pipeline run itself is not ended before that has ended.
    assert sent == [(actors.stop, first.pk)]


def test_a_round_asks_once_however_many_pipelines_go_on(caller, code, sent):
    counts = []
    for _ in range(2):
        for _ in range(3):
            advance(begun(caller, graph(step("a", code))))
        with CaptureQueriesContext(connection) as asked:
            supervising._advance_again(clock() + LATER)
        counts.append(len(asked))
    assert counts == [1, 1] and not any(actor == actors.advance for actor, _ in sent[6:])


def test_a_step_whose_cluster_is_deleted_while_it_waits_for_a_node_ends_it(caller, code, sent):
    cluster = make_cluster(workspace=caller.workspace, name="brief")
    run = begun(caller, graph(step("a", code, cluster="brief"), step("b", code, 0)))
    advance(run)
    clusters.delete(cluster, clock())
    supervising._leave_deleted_clusters(clock())
    advance(run)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "step a was canceled" in run.error["message"] and states(run)["b"] == "Canceled"


def test_the_end_of_a_step_and_nothing_else_wakes_its_pipeline(caller, chain, monkeypatch):
    named = []
    monkeypatch.setattr(queue, "send_named", lambda name, *args: named.append((name, *args)))
    advance(chain)
    lifecycle.move(run_of(chain, "a"), State.PREPARING)
    assert named == []
    end(run_of(chain, "a"))
    assert named == [("advance", chain.pk)]
    end(Run.objects.get(run_id=caller.submit().json()["run_id"]))
    assert len(named) == 1


@pytest.fixture
def two(caller, code, monkeypatch):
    """A run of two steps; what is called fails with an error when "odd" is to begin."""
    run = begun(caller, graph(step("odd", code), step("good", code)))
    read = checking.read

    def failing(error):
        def fails(workspace, order, written):
            if order["name"] == "odd":
                raise error
            return read(workspace, order, written)

        monkeypatch.setattr(checking, "read", fails)
        return run

    return failing


def test_a_step_that_the_database_cannot_begin_now_keeps_no_other_back(two, monkeypatch):
    run = two(OperationalError("it is locked"))
    assert advance(run) == [run_of(run, "good").pk]
    assert states(run)["odd"] == "Due" and due() == [run]
    monkeypatch.undo()
    assert advance(run) == [run_of(run, "odd").pk]


def test_a_step_at_which_the_studio_itself_fails_has_failed_and_is_not_tried_for_ever(two):
    run = two(RuntimeError("a bug"))
    assert advance(run) == [run_of(run, "good").pk]
    assert states(run)["odd"] == "Failed"
    end(run_of(run, "good"))
    advance(run)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "step odd failed: it could not begin: the studio failed" in run.error["message"]


def test_a_pipeline_run_that_is_gone_is_not_missed(chain):
    key = chain.pk
    chain.delete()
    assert list(advancing.advance(key)) == []


def test_workers_at_once_begin_each_step_once(transactional_db, workers, caller, code):
    names = [f"step{number}" for number in range(8)]
    run = begun(caller, graph(*(step(name, code) for name in names)))
    for _ in range(6):
        actors.advance.send(run.pk)
    workers.join("runs")
    assert sorted(run.children.values_list("name", flat=True)) == names
    assert {one.state for one in run.pipeline.steps.all()} == {"Begun"}

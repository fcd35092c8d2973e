"""A state changes by compare-and-swap: one mover wins, every change is an event."""

import pytest

from runs import lifecycle
from runs.models import Run
from runs.states import FINAL, MOVES, Reason, State

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(caller) -> Run:
    return Run.objects.get(run_id=caller.submit().json()["run_id"])


def test_of_two_movers_one_wins(run):
    other = Run.objects.get(pk=run.pk)
    assert lifecycle.move(run, State.PREPARING) is True
    assert lifecycle.move(other, State.PREPARING) is False
    assert other.state == State.PREPARING
    assert [event.number for event in run.events.all()] == [1, 2]


def test_a_move_the_states_forbid_is_an_error(run):
    with pytest.raises(ValueError, match="is not a move"):
        lifecycle.move(run, State.COMPLETED)


def test_an_end_is_final_and_the_first_wins(run):
    assert lifecycle.end(run, Reason.CANCELED, text="canceled by ann") is True
    assert lifecycle.end(run, Reason.LOST) is False
    run.refresh_from_db()
    assert (run.state, run.reason) == (State.CANCELED, Reason.CANCELED)
    assert run.ended_at is not None


def test_an_end_wins_over_a_move_that_came_between(run):
    stale = Run.objects.get(pk=run.pk)
    lifecycle.move(run, State.PREPARING)
    assert lifecycle.end(stale, Reason.ENVIRONMENT_FAILED, error={"message": "no numpy"}) is True
    assert stale.state == State.FAILED
    assert stale.events.last().text == "no numpy"


def test_every_state_that_is_not_final_can_be_canceled_and_fail():
    for state in set(State) - set(FINAL):
        assert {State.CANCELED, State.FAILED} <= set(MOVES[state]), state


def test_canceling_what_waits_ends_it_at_once(run, caller):
    reply = caller.post(f"/api/v1/runs/{run.run_id}/cancel")
    assert reply.json()["state"] == "Canceled"
    again = caller.post(f"/api/v1/runs/{run.run_id}/cancel")
    assert (again.status_code, again.json()["state"]) == (200, "Canceled")

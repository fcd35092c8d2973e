"""The processes of a run are killed or stopped: its state says what happened, soon."""

import pytest

from tests.faults.conftest import check
from tests.faults.scenarios import processes
from tests.faults.watching import CHECKPOINT, END, SOON_S, all_at_once

GRACE_S = 10


@pytest.fixture(scope="module")
def played(desk):
    """What became of each scenario's run; they happen at the same time."""
    return all_at_once(desk, processes.ALL)


def test_a_killed_script_fails_with_its_signal(played):
    outcome = played["killed_script"].result()
    check(outcome, "Failed", "ended with signal 9", files=(CHECKPOINT,))


def test_a_killed_driver_takes_its_script_along_and_nothing_of_it_is_lost(played):
    outcome = played["killed_driver"].result()
    check(outcome, "Failed", "killed by signal 9", files=(CHECKPOINT,))


def test_a_task_that_is_killed_as_a_whole_is_lost_in_words(played):
    outcome = played["killed_all"].result()
    check(outcome, "Failed", "the run's process is gone", files=(CHECKPOINT,))


def test_a_driver_that_is_stopped_does_not_respond_and_may_come_back(played):
    outcome = played["stopped_driver"].result()
    check(outcome, "Completed", "no word from its driver", files=(CHECKPOINT, END))


def test_a_run_is_canceled_although_its_driver_is_stopped(played):
    outcome = played["canceled_while_stopped"].result()
    check(outcome, "Canceled", "canceled by admin", files=(CHECKPOINT,), within_s=GRACE_S + SOON_S)


def test_cancel_ends_the_whole_process_group_even_one_that_ignores_term(played):
    outcome = played["canceled_against_its_will"].result()
    kept = ("outputs/kept.txt",)
    check(outcome, "Canceled", "canceled by admin", files=kept, within_s=GRACE_S + SOON_S)


def test_a_run_whose_node_is_lost_goes_on_from_its_checkpoint_where_that_is_asked(played):
    outcome = played["lost_node"].result()
    check(outcome, "Completed", "started again, 1 of 1", files=(CHECKPOINT,), starts=2)
    assert "node" in outcome.words and "was lost" in outcome.words


def test_a_rank_that_fails_ends_the_others_and_is_named(played):
    outcome = played["failing_rank"].result()
    kept = ("outputs/rank-1.txt",)
    check(outcome, "Failed", "exit code 7", files=kept, starts=2, within_s=GRACE_S + SOON_S)

"""Messages of the queue are lost, or come more than once: rows are the truth."""

from tests.faults.conftest import check
from tests.faults.scenarios import messages
from tests.faults.watching import CHECKPOINT, END


def test_two_workers_that_race_for_one_run_start_it_once(impatient_desk):
    check(messages.raced(impatient_desk), "Completed", files=(CHECKPOINT, END))


def test_messages_that_come_again_and_again_change_nothing(impatient_desk):
    done, canceled = messages.repeated(impatient_desk)
    check(done, "Completed", files=(CHECKPOINT, END), within_s=180)
    check(canceled, "Canceled", "canceled by admin", within_s=180)


def test_lost_messages_are_made_up_for(impatient_desk):
    ended, canceled, submitted = messages.lost(impatient_desk)
    check(ended, "Completed", files=(CHECKPOINT, END))
    check(canceled, "Canceled", "canceled by admin")
    check(submitted, "Completed", files=(CHECKPOINT, END))


def test_runs_go_through_all_states_while_no_message_arrives(impatient_desk):
    check(messages.swept(impatient_desk), "Completed", files=(CHECKPOINT, END))

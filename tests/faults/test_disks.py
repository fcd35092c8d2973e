"""A disk runs full: it is said, and nothing half kept counts as whole."""

from tests.faults.conftest import check
from tests.faults.scenarios import disks
from tests.faults.watching import CHECKPOINT, END


def test_a_script_that_fills_its_disk_fails_and_keeps_what_was_whole(small_desk):
    check(disks.by_outputs(small_desk), "Failed", "disk is full", within_s=60)


def test_a_script_that_can_print_no_more_fails_with_the_reason(small_desk):
    check(disks.by_printing(small_desk), "Failed", "disk is full", within_s=60)


def test_a_run_waits_until_its_disk_has_room(small_desk):
    check(disks.before_its_start(small_desk), "Completed", "is full; make room", files=(END,))


def test_a_studio_whose_disk_is_full_says_so_and_takes_everything_later(small_desk):
    outcome = disks.of_the_studio(small_desk)
    check(outcome, "Completed", "disk is full", files=(CHECKPOINT, END))

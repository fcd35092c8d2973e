"""What is done to containers and their engine behind the studio's back."""

import pytest

from tests.faults.conftest import check
from tests.faults.scenarios import containers
from tests.faults.watching import CHECKPOINT, END, all_at_once


@pytest.fixture(scope="module")
def boxes(_engine_of_the_session, tmp_path_factory):
    """A desk of a studio whose containers are on an engine of its own."""
    with containers.studio_of(_engine_of_the_session) as studio:
        found = containers.Boxes(studio, tmp_path_factory.mktemp("desk"), _engine_of_the_session)
        yield found
        found.close()


@pytest.fixture(scope="module")
def played(boxes):
    return all_at_once(boxes, [containers.removed, containers.out_of_memory])


def test_a_container_that_somebody_removed_is_lost_in_words(played):
    outcome = played["removed"].result()
    check(outcome, "Failed", "container", files=(CHECKPOINT,))


def test_a_script_that_takes_all_memory_says_peak_and_limit(played):
    outcome = played["out_of_memory"].result()
    check(outcome, "Failed", "ran out of memory: peak 512 MiB of a limit of 512 MiB")


def test_containers_go_on_while_the_studio_or_the_engine_alone_is_away(boxes):
    for outcome in containers.goes_on(boxes):
        check(outcome, "Completed", files=(CHECKPOINT, END))


def test_an_engine_that_stops_takes_its_runs_along_unless_they_are_to_be_started_again(boxes):
    ended, again, fresh = containers.engine_stopped(boxes)
    check(ended, "Failed", "its container or its machine was stopped", files=(CHECKPOINT,))
    check(again, "Completed", "started again, 1 of 1", files=(CHECKPOINT,), starts=2)
    check(fresh, "Completed", files=(CHECKPOINT, END))

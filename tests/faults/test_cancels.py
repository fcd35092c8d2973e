"""A run is canceled in each of its states."""

import pytest

from tests.faults.conftest import check
from tests.faults.scenarios import cancels
from tests.faults.watching import CHECKPOINT, all_at_once

WITH_CHECKPOINT = ("running", "not_responding", "cancel_requested")


@pytest.fixture(scope="module")
def played(impatient_desk):
    return all_at_once(impatient_desk, cancels.ALL)


@pytest.mark.parametrize("state", [scenario.__name__ for scenario in cancels.ALL])
def test_a_run_is_canceled_in_every_state(played, state):
    outcome = played[state].result()
    files = (CHECKPOINT,) if state in WITH_CHECKPOINT else ()
    starts = int(state not in ("preparing", "queued", "starting"))
    # The grace, and bringing what a driver that was killed after it has left.
    check(outcome, "Canceled", "canceled by admin", files=files, starts=starts, within_s=60)


def test_a_run_is_canceled_before_anybody_has_looked_at_it(impatient_desk):
    check(cancels.not_started(impatient_desk), "Canceled", "canceled by admin", starts=0)

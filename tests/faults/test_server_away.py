"""The whole studio goes away for a while in the middle of a run."""

from tests.faults.conftest import check
from tests.faults.scenarios import studio
from tests.faults.watching import CHECKPOINT, END

AWAY_S = 10  # longer than the time after which silence is noticed


def test_nothing_is_lost_or_doubled_while_the_server_is_away(desk):
    outcome = studio.away_for(desk, AWAY_S)
    check(outcome, "Completed", files=(CHECKPOINT, END))

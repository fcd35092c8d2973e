"""What a run's page says of an output of which nothing is kept: only what is known."""

import pytest

from runs.models import RunOutput
from runs.states import ENDS_AS, Reason
from tests.factories import make_experiment, make_member, make_run

pytestmark = pytest.mark.django_db
EMPTY = "nothing was written to it"
LOST = "nothing of it was kept: nothing was written, or it could not be brought"
UPLOAD = "not kept, for the script did not end well"


@pytest.mark.parametrize(
    ("reason", "mode", "words"),
    [
        (Reason.SUCCEEDED, "mount", EMPTY),
        (Reason.SUCCEEDED, "upload", EMPTY),
        (Reason.OUTPUT_FAILED, "mount", LOST),  # it may be the one that was not delivered
        (Reason.OUTPUT_FAILED, "upload", LOST),
        (Reason.SCRIPT_FAILED, "mount", LOST),
        (Reason.CANCELED, "mount", LOST),
        (Reason.LOST, "mount", LOST),
        (Reason.LOST, "upload", UPLOAD),
        (Reason.SCRIPT_FAILED, "upload", UPLOAD),
    ],
)
def test_only_of_a_run_that_completed_is_it_known_that_nothing_was_written(
    client, reason, mode, words
):
    member = make_member()
    client.force_login(member.user)
    experiment = make_experiment(workspace=member.workspace)
    run = make_run(experiment=experiment, user=member.user, state=ENDS_AS[reason], reason=reason)
    RunOutput.objects.create(run=run, name="out", mode=mode)
    text = client.get(f"/runs/{run.run_id}/").content.decode()
    assert [one for one in (EMPTY, LOST, UPLOAD) if one in text] == [words]

"""The stage bar: five stages from a run's events, each with what it did and how long it took."""

from datetime import timedelta

from runs import stages
from runs.models import Run, RunEvent
from runs.states import Reason, State
from tests.factories import AT


def bar(*events: tuple[State, str, float], **run):
    """The stages of a run with these events: (state, text, seconds after its submission)."""
    rows = [
        RunEvent(number=number, state=state, text=text, at=AT + timedelta(seconds=after))
        for number, (state, text, after) in enumerate(events, 1)
    ]
    found = stages.of(Run(state=events[-1][0], **run), rows)
    return {stage.name: stage for stage in found}


BEGUN = (
    (State.NOT_STARTED, "submitted by ann", 0),
    (State.PREPARING, "image reused", 0.5),
    (State.QUEUED, "a node came up", 2),
    (State.STARTING, "", 3),
    (State.RUNNING, "", 4),
)


def test_a_stage_says_what_it_did_and_how_long_it_took():
    shown = bar(*BEGUN)
    assert (shown["Preparing"].text, shown["Preparing"].seconds) == ("image reused", 2)
    assert shown["Running"].status == "now"
    assert shown["Running"].since == AT + timedelta(seconds=4)
    assert (shown["Finalizing"].status, shown["Finalizing"].seconds) == ("todo", None)


def test_a_stage_that_goes_on_says_why_it_waits():
    shown = bar(*BEGUN[:3], waits_for="Waiting for a node of cpu-cluster (next in line)")
    assert shown["Queued"].text == "Waiting for a node of cpu-cluster (next in line)"


def test_the_stage_in_which_a_run_failed_is_marked():
    shown = bar(*BEGUN[:2], (State.FAILED, "numpy==99.1: no such version", 5))
    assert (shown["Preparing"].status, shown["Preparing"].seconds) == ("failed", 5)
    assert shown["Queued"].status == "todo"


def test_a_script_that_failed_is_marked_though_its_outputs_were_kept():
    after = ((State.FINALIZING, "", 9), (State.FAILED, "ValueError", 10))
    shown = bar(*BEGUN, *after, reason=Reason.SCRIPT_FAILED)
    assert (shown["Running"].status, shown["Running"].seconds) == ("failed", 5)
    assert shown["Finalizing"].status == "done"


def test_silence_and_a_cancel_belong_to_the_stage_they_fall_in():
    silent = (State.NOT_RESPONDING, "no word for 30 s", 34)
    back = (State.RUNNING, "", 40)
    asked = (State.CANCEL_REQUESTED, "cancel asked by ann", 50)
    shown = bar(*BEGUN, silent, back, asked, (State.CANCELED, "canceled by ann", 54))
    assert (shown["Running"].status, shown["Running"].seconds) == ("canceled", 50)

"""The bar on a run's page: its events as five stages, and how long each took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runs.models import Run, RunEvent
from runs.states import STAGES, Reason, State

# States that are a part of a stage; the others (a cancel, silence) stay in the stage before them.
STAGE_OF = {
    State.NOT_STARTED: State.PREPARING,
    State.PROVISIONING: State.QUEUED,
    **{stage: stage for stage in STAGES},
}
ENDS_THE_SCRIPT = (Reason.SCRIPT_FAILED, Reason.CANCELED)
ENDED_AS = {State.FAILED: "failed", State.CANCELED: "canceled"}


@dataclass(frozen=True)
class Stage:
    """One part of the bar.

    status: "done", "now", "failed", "canceled" or "todo".  since: when a "now" stage began.
    seconds: how long the others took, None for one that was never reached.
    """

    name: str
    status: str
    text: str = ""
    since: datetime | None = None
    seconds: float | None = None

    @property
    def is_wide(self) -> bool:
        """The running script gets the room, from its first second to its last."""
        return self.name == State.RUNNING and self.status != "todo"


def of(run: Run, events: Sequence[RunEvent]) -> list[Stage]:
    """Return the stages of `run` from its events, oldest first."""
    spent = dict.fromkeys(STAGES, timedelta())
    began: dict[State, datetime] = {}
    texts: dict[State, str] = {}
    stage = STAGES[0]
    for event, following in zip(events, [*events[1:], None], strict=True):
        before, stage = stage, STAGE_OF.get(State(event.state), stage)
        if STAGES.index(stage) < STAGES.index(before):  # it is started again: those are to come
            passed = STAGES[: STAGES.index(stage)]
            began = {name: at for name, at in began.items() if name in passed}
        if following is not None:
            spent[stage] += following.at - event.at
        if event.state in STAGE_OF:
            began.setdefault(stage, event.at)
            if event.text and event.state != State.NOT_STARTED:
                texts[stage] = event.text
    if stage == State.FINALIZING and run.reason in ENDS_THE_SCRIPT and State.RUNNING in began:
        marked = State.RUNNING  # its outputs were kept: it is the script that went wrong
    else:
        marked = stage
    return [
        _stage(run, name, last=marked, began=began, spent=spent, texts=texts) for name in STAGES
    ]


def _stage(
    run: Run,
    name: State,
    *,
    last: State,
    began: dict[State, datetime],
    spent: dict[State, timedelta],
    texts: dict[State, str],
) -> Stage:
    if name not in began:
        return Stage(name, "todo")
    text = texts.get(name, "")
    if name == last and not run.is_final:
        return Stage(name, "now", run.waits_for or text, since=began[name])
    status = ENDED_AS.get(State(run.state), "done") if name == last else "done"
    return Stage(name, status, text, seconds=spent[name].total_seconds())

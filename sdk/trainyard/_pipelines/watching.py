"""A pipeline's run watched on a terminal: its states, and step after step with its log."""

import time
from typing import Any, Callable, Dict, List, TextIO

from trainyard import _errors
from trainyard._client import Client
from trainyard._following import FINAL, LONGEST_PAUSE_S, LONGEST_SILENT_PAUSE_S, Follower, pauses

# What the v1 SDK calls the end of a pipeline's run, and of a step's.
FINISHED = {"Completed": "Finished"}


def in_words(state: str) -> str:
    """Return a state as runs of pipelines say it: Completed is Finished."""
    return FINISHED.get(state, state)


def step_summary(name: str, status: str) -> str:
    """Return the heading over what is known of a step that has ended."""
    head = "StepRun({}) Execution Summary".format(name)
    return "{}\n{}\nStepRun( {} ) Status: {}".format(head, "=" * (len(head) + 1), name, status)


def pipeline_summary(status: str) -> str:
    """Return the heading over what is known of a pipeline's run that has ended."""
    head = "PipelineRun Execution Summary"
    return "{}\n{}\nPipelineRun Status: {}".format(head, "=" * (len(head) + 1), status)


class Watch:
    """Waits for a run of a pipeline, or of a step, to end; prints what happens meanwhile.

    timeout_s: after so long ExperimentExecutionException is raised, and the run goes on.
    """

    def __init__(self, client: Client, run_id: str, timeout_s: float, *, out: TextIO):
        self._client = client
        self._run_id = run_id
        self._timeout_s = timeout_s
        self._out = out
        self._began = time.monotonic()
        self._shortest_s, self._longest_s = pauses(LONGEST_PAUSE_S)
        self._pause_s = self._shortest_s

    def silently(self) -> Dict[str, Any]:
        """Wait for the run to end; return its facts."""
        _, self._longest_s = pauses(LONGEST_SILENT_PAUSE_S)
        while True:
            facts = self._facts(self._run_id)
            if facts["state"] in FINAL:
                return facts
            self._wait(False)

    def pipeline(self, url: str, step_run: Callable[[str], Any]) -> Dict[str, Any]:
        """Print a pipeline's run to its end; return its facts.

        step_run: returns the run of a step by its id.
        """
        self._say("PipelineRunId: {}\nLink to Portal: {}".format(self._run_id, url))
        said = ""
        told: List[str] = []
        while True:
            facts = self._facts(self._run_id)
            if facts["state"] != said and facts["state"] not in FINAL:
                said = facts["state"]
                self._say("PipelineRun Status: {}".format(said))
            begun = [one["run_id"] for one in facts.get("steps") or () if one["run_id"]]
            new = [one for one in begun if one not in told]
            if new:
                told.append(new[0])
                self._whole_step(step_run(new[0]))
            elif facts["state"] in FINAL:
                return facts
            else:
                self._wait(False)

    def _whole_step(self, run: Any) -> None:
        """Print a step's run to its end, and what is known of it then."""
        self._say("\n")
        facts = self.step(run.id, run.step_name, run.get_portal_url())
        summary = step_summary(run.step_name, in_words(facts["state"]))
        self._say("\n{}\n{}\n".format(summary, run.get_details()))

    def step(self, run_id: str, name: str, url: str) -> Dict[str, Any]:
        """Print the states and the logs of a step's run to its end; return its facts."""
        self._say("StepRunId: {}\nLink to Portal: {}".format(run_id, url))
        follower = Follower(self._client, run_id, self._out)
        said = ""
        while True:
            state = self._facts(run_id)["state"]
            if state != said and state not in FINAL:
                said = state
                follower.line("StepRun( {} ) Status: {}".format(name, state))
            facts, came = follower.look()
            if facts["state"] in FINAL:
                follower.line("")
                return facts
            self._wait(came)

    def _facts(self, run_id: str) -> Dict[str, Any]:
        found: Dict[str, Any] = self._client.get("runs/" + run_id)
        return found

    def _say(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def _wait(self, has_come: bool) -> None:
        """Wait a moment. Raises ExperimentExecutionException after too long, or at Ctrl-C."""
        if time.monotonic() - self._began > self._timeout_s:
            raise _errors.ExperimentExecutionException(
                "run {} has not ended within {:g} s; it goes on, and wait_for_completion() waits"
                " again".format(self._run_id, self._timeout_s)
            )
        longer = min(self._pause_s * 1.3, self._longest_s)
        self._pause_s = self._shortest_s if has_come else longer
        try:
            time.sleep(self._pause_s)
        except KeyboardInterrupt:
            raise _errors.ExperimentExecutionException(
                "The output streaming for the run interrupted.\nBut the run is still executing on"
                " the compute target.\nTo cancel it: run.cancel()"
            ) from None

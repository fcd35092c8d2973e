"""A run watched on a terminal: its logs as they grow, its stages as they pass."""

import os
import re
import sys
import time
from typing import Any, Dict, List, NamedTuple, Optional, TextIO, Tuple

from trainyard import _errors
from trainyard._client import Client

# The logs that are shown, in the order of their numbers: build, preparation, script, end.
SHOWN = re.compile(r"azureml-logs/\d\d.+\.txt\Z")
# Of a run of several processes or nodes, those of the first.
OF_ANOTHER = re.compile(
    r"azureml-logs/\d\d_(azureml-execution|job_prep|driver_log|job_post)_[1-9]\d*\.txt\Z"
)
FINAL = ("Completed", "Failed", "Canceled")
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 1.0
LONGEST_SILENT_PAUSE_S = 2.0
MOST_PAUSE_S = 24 * 3600
LEAST, MOST = "AZUREML_RUN_POLLING_INTERVAL_MIN", "AZUREML_RUN_POLLING_INTERVAL_MAX"
PIECE_BYTES = 256 * 1024

Place = NamedTuple("Place", [("path", str), ("offset", int)])


def pauses(longest_s: float) -> Tuple[float, float]:
    """Return the shortest and longest seconds between two looks, as the environment may say.

    Raises UserErrorException for a variable that is no number of seconds.
    """
    least, most = _seconds(LEAST), _seconds(MOST)
    shortest_s = SHORTEST_PAUSE_S if least is None else least
    if most is not None:
        longest_s, shortest_s = most, min(shortest_s, most)
    return shortest_s, max(shortest_s, longest_s)


def _seconds(variable: str) -> Optional[float]:
    given = os.environ.get(variable)
    if not given:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MOST_PAUSE_S:
        raise _errors.UserErrorException(
            "{}={!r} is no number of seconds from more than 0 to {:,}".format(
                variable, given, MOST_PAUSE_S
            )
        )
    return seconds


class Screen:
    """A terminal or a notebook's cell, written to so that nothing waits in a buffer."""

    def __init__(self, out: TextIO):
        self._out = out
        self._at_line_start = True

    def write(self, text: str) -> None:
        """Write text; what the terminal's encoding does not have becomes a question mark."""
        try:
            self._out.write(text)
        except UnicodeEncodeError:
            # A terminal that cannot show a character must not end the watching.
            encoding = getattr(self._out, "encoding", None) or "ascii"
            self._out.write(text.encode(encoding, "replace").decode(encoding))
        self._out.flush()
        self._at_line_start = text.endswith("\n") if text else self._at_line_start

    def line(self, text: str) -> None:
        """Write a line of its own, whatever the last text ended with."""
        self.write("{}{}\n".format("" if self._at_line_start else "\n", text))


class Follower:
    """Prints what is new of a run, each byte of each log once, each stage once.

    show_stages adds lines for the stages, with the seconds since the run was submitted.
    """

    def __init__(self, client: Client, run_id: str, out: TextIO, *, show_stages: bool = False):
        self._client = client
        self._base = "runs/" + run_id
        self._screen = Screen(out)
        self._show_stages = show_stages
        self._at: Optional[Place] = None
        self._told: Dict[int, str] = {}
        self._waits_for = ""
        self._began = time.monotonic()

    def look(self) -> Tuple[Dict[str, Any], bool]:
        """Print what is new; return the run's facts and whether any text came.

        The state is asked for before the logs: of a run that has ended, nothing can come after.
        """
        facts = self._client.get(self._base)
        if self._show_stages:
            self._tell_stages(facts)
        return facts, self._print_logs()

    def line(self, text: str) -> None:
        """Print a line of its own between what the logs say."""
        self._screen.line(text)

    def _print_logs(self) -> bool:
        came = False
        for path in self._shown_logs():
            if self._at is not None and path < self._at.path:
                continue
            if self._at is None or path > self._at.path:
                self._at = Place(path, 0)
                self._screen.write("\nStreaming {}\n{}\n\n".format(path, "=" * (len(path) + 10)))
            came = self._print_log() or came
        return came

    def _shown_logs(self) -> List[str]:
        items = self._client.get(self._base + "/files")["items"]
        paths = [item["path"] for item in items if item["kind"] == "log"]
        return sorted(p for p in paths if SHOWN.match(p) and not OF_ANOTHER.match(p))

    def _print_log(self) -> bool:
        """Print the current log from where we are to its end."""
        assert self._at is not None
        came = False
        while True:
            piece = self._client.get(
                self._base + "/log",
                path=self._at.path,
                offset=self._at.offset,
                limit=PIECE_BYTES,
            )
            if piece["next_offset"] <= self._at.offset:
                return came
            self._screen.write(piece["text"])
            self._at = Place(self._at.path, piece["next_offset"])
            came = True

    def _tell_stages(self, facts: Dict[str, Any]) -> None:
        for event in facts.get("events") or ():
            number, text = event["number"], event["text"]
            if self._told.get(number) == text:
                continue
            is_new = number not in self._told
            self._told[number] = text
            if is_new or text:
                self._line(event["state"] + (": " + text if text else ""))
        waits_for = facts.get("waits_for") or ""
        if waits_for and waits_for != self._waits_for:
            self._line(waits_for)
        self._waits_for = waits_for

    def _line(self, text: str) -> None:
        passed = time.monotonic() - self._began
        self._screen.line("[{:6.1f} s] {}".format(passed, text))


def until_end(
    client: Client, run_id: str, portal_url: str, *, show_stages: bool = False
) -> Dict[str, Any]:
    """Print a run's logs until it has ended, and a summary; return its facts.

    Raises ExperimentExecutionException when the watching is interrupted; the run goes on.
    """
    out = sys.stdout
    heading = "RunId: {}\nWeb View: {}\n".format(run_id, portal_url)
    follower = Follower(client, run_id, out, show_stages=show_stages)
    shortest_s, longest_s = pauses(LONGEST_PAUSE_S)
    try:
        out.write(heading)
        pause = shortest_s
        while True:
            facts, came = follower.look()
            if facts["state"] in FINAL:
                break
            pause = shortest_s if came else min(pause * 1.3, longest_s)
            time.sleep(pause)
    except KeyboardInterrupt:
        raise _errors.ExperimentExecutionException(
            "The output streaming for the run interrupted.\nBut the run is still executing on the"
            " compute target.\nTo cancel it: run.cancel(), or Cancel on {}".format(portal_url)
        ) from None
    out.write("\nExecution Summary\n=================\n" + heading + "\n")
    out.flush()
    return facts


def silently(client: Client, run_id: str) -> Dict[str, Any]:
    """Wait until a run has ended; return its facts."""
    pause, longest_s = pauses(LONGEST_SILENT_PAUSE_S)
    while True:
        facts: Dict[str, Any] = client.get("runs/" + run_id)
        if facts["state"] in FINAL:
            return facts
        time.sleep(pause)
        pause = min(pause * 1.5, longest_s)

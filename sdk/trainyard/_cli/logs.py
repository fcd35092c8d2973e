"""Print a run's logs.

Without -f: what the script has printed so far. With -f: every log as it grows, until the run has
ended; the exit code then says how (1: failed or canceled). A studio that is started again meanwhile
is waited for. Ctrl-C ends the watching, never the run. Of a pipeline's run: the logs of its steps.
"""

import sys
import time
from typing import Any, Dict, List

from trainyard import _errors
from trainyard._cli.output import Output
from trainyard._cli.steps import Steps, headings
from trainyard._cli.studio import Studio
from trainyard._following import FINAL, PIECE_BYTES, Follower, Screen
from trainyard._remote_run import PIPELINE_RUN, type_of
from trainyard._transport import quoted

DRIVER = "azureml-logs/70_driver_log"
PAUSE_S = 0.5
INTERRUPTED = 130


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id")
    parser.add_argument("path", metavar="LOG", nargs="?", help="one log only, by its path")
    parser.add_argument("-f", "--follow", action="store_true", help="print what comes, to the end")
    parser.add_argument("--list", action="store_true", help="print the paths of the run's logs")


def run(studio: Studio, given: Any, output: Output) -> int:
    facts = studio.run(given.run)
    if given.list or output.is_json:
        return _list(studio, given.run, output)
    is_pipeline = type_of(facts) == PIPELINE_RUN and not given.path
    if given.follow:
        return follow(studio, given.run, output, path=given.path, of_steps=is_pipeline)
    if is_pipeline:
        for run_id in headings(facts):
            for printed in [one for one in _paths(studio, run_id) if one.startswith(DRIVER)][:1]:
                Tail(studio, run_id, printed).print_more()
        return 0
    paths = _paths(studio, given.run)
    path = given.path or next((one for one in paths if one.startswith(DRIVER)), None)
    if path is None:
        output.note("the script has printed nothing yet; the run is {}".format(facts["state"]))
        return 0
    if path not in paths:
        raise _errors.NotFound(
            "run {} has no log {}; its logs: {}".format(
                given.run, path, ", ".join(paths) or "none"
            ),
            404,
        )
    Tail(studio, given.run, path).print_more()
    return 0


def _list(studio: Studio, run_id: str, output: Output) -> int:
    items = studio.client.items("runs/{}/files".format(quoted(run_id)))
    logs = [
        {key: one[key] for key in ("path", "size_bytes", "is_growing")}
        for one in items
        if one["kind"] == "log"
    ]
    if output.is_json:
        output.json(logs)
    else:
        output.table(["log", "bytes"], [[one["path"], one["size_bytes"]] for one in logs])
    return 0


def _paths(studio: Studio, run_id: str) -> List[str]:
    items = studio.client.items("runs/{}/files".format(quoted(run_id)))
    return [one["path"] for one in items if one["kind"] == "log"]


class Tail:
    """One log, printed from where we are to its end."""

    def __init__(self, studio: Studio, run_id: str, path: str):
        self._client = studio.client
        self._base = "runs/{}".format(quoted(run_id))
        self._path = path
        self._at = 0
        self._screen = Screen(sys.stdout)

    def look(self) -> Any:
        """Print what is new; return the run's facts and whether any text came, as Follower does."""
        facts = self._client.get(self._base)
        try:
            return facts, self.print_more()
        except _errors.NotFound:
            return facts, False  # it is not there yet

    def print_more(self) -> bool:
        """Print what the log has that was not printed; whether there was any."""
        came = False
        while True:
            piece = self._client.get(
                self._base + "/log", path=self._path, offset=self._at, limit=PIECE_BYTES
            )
            if piece["next_offset"] <= self._at:
                return came
            self._screen.write(piece["text"])
            self._at, came = piece["next_offset"], True


def follow(
    studio: Studio, run_id: str, output: Output, *, path: Any = None, of_steps: bool = False
) -> int:
    """Print a run's logs until it has ended; return the exit code that says how it did.

    path: of one log only.   of_steps: those of the steps of a pipeline's run.
    """
    source: Any = Follower(studio.client, run_id, sys.stdout)
    if path or of_steps:
        source = Tail(studio, run_id, path) if path else Steps(studio.client, run_id)
    try:
        facts = _to_the_end(source, output)
    except KeyboardInterrupt:
        return stopped_watching(run_id, output)
    sys.stdout.flush()
    if facts["state"] == "Completed":
        return 0
    why = facts["error"].get("message") or facts["reason"] or ""
    output.note("trainyard: run {} is {}{}".format(run_id, facts["state"], why and ": " + why))
    return 1


def stopped_watching(run_id: str, output: Output) -> int:
    """Say that the run goes on, and how to end it; return the exit code of Ctrl-C."""
    output.note(
        "\nThe run goes on. To follow it again: trainyard logs -f {0}\n"
        "To end it: trainyard cancel {0}".format(run_id)
    )
    return INTERRUPTED


def _to_the_end(source: Any, output: Output) -> Dict[str, Any]:
    """Look until the run has ended; a studio that is away is waited for, however long."""
    is_away, has_answered = False, False
    while True:
        try:
            facts, came = source.look()
        except _errors.Unreachable:
            if not has_answered:
                raise
            if not is_away:
                output.note("trainyard: the studio does not answer; waiting for it (Ctrl-C stops)")
            is_away = True
            continue
        if is_away:
            output.note("trainyard: the studio answers again")
        is_away, has_answered = False, True
        if facts["state"] in FINAL:
            return dict(facts)
        time.sleep(0.1 if came else PAUSE_S)

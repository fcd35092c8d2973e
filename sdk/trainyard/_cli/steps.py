"""The logs of a pipeline's run: those of its steps, one after the other."""

import sys
from typing import Any, Dict, Iterator, List, Optional, Tuple

from trainyard._client import Client
from trainyard._following import FINAL, Follower, Screen
from trainyard._transport import quoted


def begun(facts: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Return the steps of a pipeline's run that have a run of their own."""
    return [one for one in facts["steps"] if one["run_id"]]


def headings(facts: Dict[str, Any]) -> Iterator[str]:
    """Write a line above each step that has begun, and yield the id of its run."""
    screen = Screen(sys.stdout)
    for one in begun(facts):
        screen.line("== {} ({}): {}".format(one["name"], one["run_id"], one["state"]))
        yield one["run_id"]


class Steps:
    """Prints what is new of a pipeline's run: step after step, each with its logs to its end."""

    def __init__(self, client: Client, run_id: str):
        self._client = client
        self._base = "runs/" + quoted(run_id)
        self._screen = Screen(sys.stdout)
        self._told: List[str] = []
        self._follower: Optional[Follower] = None
        self._name = ""

    def look(self) -> Tuple[Dict[str, Any], bool]:
        """Print what is new; return the run's facts and whether any text came."""
        facts = self._client.get(self._base)
        came = False
        while self._begin(facts):
            assert self._follower is not None
            of_step, has_come = self._follower.look()
            came = came or has_come
            if of_step["state"] not in FINAL:
                break
            self._follower.line("== {} is {}".format(self._name, of_step["state"]))
            self._follower = None
        return facts, came

    def _begin(self, facts: Dict[str, Any]) -> bool:
        """Follow the next step where none is followed; whether one is."""
        for one in () if self._follower is not None else begun(facts):
            if one["run_id"] not in self._told:
                self._told.append(one["run_id"])
                self._name = one["name"]
                self._screen.line("== {} ({})".format(one["name"], one["run_id"]))
                self._follower = Follower(self._client, one["run_id"], sys.stdout)
                break
        return self._follower is not None

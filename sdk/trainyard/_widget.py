"""RunDetails: a run's state, curves and log in a notebook, live; in a plain script, two lines.

The kernel asks the studio and sends the notebook finished HTML each second, so it works wherever
the notebook is shown, and nothing that it is saved with can sign in. A thread does it, and ends
when the run has.
"""

import sys
import threading
from calendar import timegm
from time import monotonic, strptime, time
from typing import Any, Dict, List, Optional, Tuple

from trainyard import _errors
from trainyard._following import FINAL, OF_ANOTHER, SHOWN
from trainyard._lazy import uuid
from trainyard._notebook import escaped
from trainyard._widget_html import Seen, Series, widget

EVERY_S, LONGEST_PAUSE_S = 1.0, 15.0
MOST_SERIES, MOST_POINTS = 6, 200
LOG_BYTES = 16 * 1024
DRIVER = "/70_driver_log"
NUMERIC = ("int", "float", "bool")
# The studio knows the run, or lets us see it, no more: asking again would not help.
HOPELESS = (_errors.NotFound, _errors.NotSignedIn, _errors.NotAllowed)


class RunDetails:
    """What a notebook shows of a run. Raises UserErrorException for what is no run."""

    def __init__(self, run_instance: Any):
        if not hasattr(run_instance, "get_status"):
            raise _errors.UserErrorException(
                "RunDetails shows a run, such as experiment.submit(...) returns, not {!r}".format(
                    run_instance
                )
            )
        self._run = run_instance
        self._live: Optional[Live] = None

    def show(
        self, render_lib: Any = None, widget_settings: Optional[Dict[str, Any]] = None
    ) -> None:
        """Show the run below the cell, live until it has ended; returns at once.

        In a plain script: print the run and its page. render_lib and widget_settings are taken,
        and have no meaning here.
        """
        publisher = publisher_of_notebook()
        if publisher is None or not hasattr(self._run, "get_portal_url"):
            sys.stdout.write(_plain(self._run) + "\n")
            return
        if self._live is not None:
            self._live.stop()
        self._live = Live(self._run, publisher)
        self._live.start()

    def get_widget_data(self, widget_settings: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """Return what the widget shows, as a dict."""
        run = self._run
        return {
            "run_id": run.id,
            "status": run.get_status(),
            "run_metrics": run.get_metrics(),
            "run_properties": run.get_properties(),
            "run_tags": run.get_tags(),
            "workbench_run_details_uri": getattr(run, "get_portal_url", str)(),
        }


def publisher_of_notebook() -> Any:
    """Return what displays things in this process's notebook; None where there is none.

    A notebook's kernel has loaded IPython long before it comes here; nobody else has to.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    is_a_kernel = shell is not None and getattr(shell, "kernel", None) is not None
    return getattr(shell, "display_pub", None) if is_a_kernel else None


class Live:
    """Sends a run as it is, each second, in place of what it sent before."""

    def __init__(self, run: Any, publisher: Any):
        self._run, self._publisher = run, publisher
        self._client = run.experiment.workspace.client
        self._display = "trainyard-" + uuid.uuid4().hex
        self._ended = threading.Event()
        self._looking = Looking(run)
        self._pause_s = EVERY_S
        self._is_shown = False

    def start(self) -> None:
        """Show the run as it is now, and go on in a thread that no program waits for."""
        self._send("<div>{}</div>".format(escaped("asking the studio for the run …")))
        threading.Thread(target=self._watch, name="trainyard-widget", daemon=True).start()

    def stop(self) -> None:
        """Show nothing more; what was shown stays."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.is_set():
            began = monotonic()
            try:
                if self._look():
                    return
            except Exception as error:  # the notebook must not get a traceback of ours
                self._say(
                    "the widget has ended: {}: {}".format(type(error).__name__, error), final=True
                )
                return
            self._ended.wait(max(self._pause_s - (monotonic() - began), 0.1))

    def _look(self) -> bool:
        """Send what is new; True when there will be nothing more."""
        try:
            seen = self._looking.look()
        except HOPELESS as error:
            self._say("no longer shown: " + error.message, final=True)
            return True
        except (_errors.Unreachable, _errors.StudioError) as error:
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
            self._say("the studio does not answer, asking again: " + error.message)
            return False
        self._pause_s = EVERY_S
        self._send(widget(seen))
        return seen.facts["state"] in FINAL

    def _say(self, note: str, final: bool = False) -> None:
        seen = self._looking.last
        if seen is None:
            self._send("<div>{}</div>".format(escaped(note)))
        else:
            self._send(widget(seen._replace(note=note)))

    def _send(self, html: str) -> None:
        self._publisher.publish(
            data={"text/html": html, "text/plain": _plain(self._run)},
            metadata={},
            transient={"display_id": self._display},
            update=self._is_shown,
        )
        self._is_shown = True


class Looking:
    """Asks for a run: facts, curves, the end of its log. `last` is what was seen last."""

    def __init__(self, run: Any):
        self._run = run
        self._client = run.experiment.workspace.client
        self._base = "runs/" + run.id
        self._url = run.get_portal_url()
        self._path = ""
        self.last: Optional[Seen] = None

    def look(self) -> Seen:
        """Ask once. The state comes first: of a run that has ended, nothing comes after."""
        facts = self._run._fetch()
        summaries = self._client.get(self._base + "/metrics")["series"]
        lines = [one for one in summaries if one["form"] == "scalar" and one["kind"] in NUMERIC]
        path, text = self._log()
        self.last = Seen(
            facts,
            self._run.experiment.name,
            self._url,
            took_s(facts["created_at"], facts["ended_at"]),
            self._series(lines[:MOST_SERIES]),
            max(len(lines) - MOST_SERIES, 0),
            path,
            text,
            "",
        )
        return self.last

    def _series(self, summaries: List[Dict[str, Any]]) -> List[Series]:
        if not summaries:
            return []
        names = [one["name"] for one in summaries]
        points = self._client.get(self._base + "/metrics/points", name=names, most=MOST_POINTS)
        found = []
        for one in summaries:
            its = points["series"].get(one["name"], {"steps": [], "values": []})
            found.append(
                Series(one["name"], one["count"], one["last"], its["steps"], its["values"])
            )
        return found

    def _log(self) -> Tuple[str, str]:
        """Return path and last text of the script's log; before there is one, of the newest."""
        if DRIVER not in self._path:  # a run may have many files: not listed once it is found
            self._path = self._newest_log()
        if not self._path:
            return "", ""
        piece = self._client.get(
            self._base + "/log", path=self._path, offset=-LOG_BYTES, limit=LOG_BYTES
        )
        return self._path, piece["text"]

    def _newest_log(self) -> str:
        items = self._client.get(self._base + "/files")["items"]
        paths = [item["path"] for item in items if item["kind"] == "log"]
        shown = sorted(path for path in paths if SHOWN.match(path) and not OF_ANOTHER.match(path))
        of_script = [path for path in shown if DRIVER in path]
        return str((of_script or shown or [""])[-1])


def took_s(began: Optional[str], ended: Optional[str]) -> Optional[float]:
    """Return the seconds between two times of the studio; until now where there is no end."""
    if began is None:
        return None
    return max((time() if ended is None else _seconds(ended)) - _seconds(began), 0.0)


def _seconds(at: str) -> float:
    whole, _, _ = at.rstrip("Z").partition(".")
    return float(timegm(strptime(whole[:19], "%Y-%m-%dT%H:%M:%S")))


def _plain(run: Any) -> str:
    if not hasattr(run, "get_portal_url"):
        return repr(run)
    return "{!r}\nWeb View: {}".format(run, run.get_portal_url())

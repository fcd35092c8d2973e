"""The widget's parts: what is drawn of odd values, and what happens when the studio is away."""

import threading
from types import SimpleNamespace

import pytest
from trainyard import _errors, _widget
from trainyard._notebook import escaped, link
from trainyard._widget import Live, took_s
from trainyard._widget_html import Series, chart, elapsed, log_lines

FACTS = {
    "run_id": "exp_1_ab", "name": "kind_fox", "state": "Running", "waits_for": "", "error": {},
    "created_at": "2026-01-01T00:00:00Z", "ended_at": None,
}  # fmt: skip


class Run:
    """A run of a studio that answers as `states` say, one after the other; an error is raised."""

    def __init__(self, *states):
        self.states, self.id, self.asked = list(states), "exp_1_ab", 0
        self.workspace = SimpleNamespace(client=self)
        self.experiment = SimpleNamespace(name="exp", workspace=self.workspace)

    def get_portal_url(self):
        return "http://studio.example/runs/exp_1_ab"

    def get_status(self):
        return "Running"

    def _fetch(self):
        self.asked += 1
        state = self.states.pop(0)
        if isinstance(state, Exception):
            raise state
        ended_at = "2026-01-01T00:01:05.5Z" if state == "Completed" else None
        return dict(FACTS, state=state, ended_at=ended_at)

    def get(self, path, **query):
        return {"series": [], "items": []}


class Notebook:
    """Keeps what is displayed."""

    def __init__(self):
        self.shown, self.ids, self.updates = [], set(), []

    def publish(self, data, metadata, transient, update):
        self.shown.append(data["text/html"])
        self.ids.add(transient["display_id"])
        self.updates.append(update)


def watched(monkeypatch, *states):
    monkeypatch.setattr(_widget, "EVERY_S", 0.01)
    monkeypatch.setattr(_widget, "LONGEST_PAUSE_S", 0.01)
    notebook, run = Notebook(), Run(*states)
    Live(run, notebook).start()
    for thread in threading.enumerate():
        if thread.name == "trainyard-widget":
            thread.join(60)
            assert not thread.is_alive()
    assert len(notebook.ids) == 1 and notebook.updates == [False] + [True] * run.asked
    return notebook.shown[1:]


def test_a_studio_that_is_away_is_said_and_asked_again(monkeypatch):
    away = _errors.Unreachable("no answer from <studio>")
    first, without, again = watched(monkeypatch, "Running", away, "Completed")
    assert ">Running<" in first and ">Running<" in without and ">Completed<" in again
    assert "asking again: no answer from &lt;studio&gt;" in without and "again" not in again
    assert "1 min 05 s" in again


@pytest.mark.parametrize("error", [_errors.NotFound("no run"), ValueError("a mistake of ours")])
def test_what_will_not_become_better_ends_the_widget(monkeypatch, error):
    first, last = watched(monkeypatch, "Running", error)
    assert ">Running<" in first and str(getattr(error, "message", error)) in last
    assert len(watched(monkeypatch, error)) == 1


def test_a_line_has_gaps_where_there_is_no_number():
    drawn = chart(Series("loss", 6, "NaN", [0, 1, 2, 3, 4, 5], [1, 2, "NaN", 3, None, "Infinity"]))
    assert drawn.count("<polyline") == 1 and drawn.count("<circle") == 1 and ">NaN<" in drawn
    assert '"0.0,68.0 80.0,36.0"' in drawn  # from the lower left corner to the middle
    flat = chart(Series("flat", 2, 1.0, [0, 1], [1.0, 1.0]))
    assert '"0.0,36.0 240.0,36.0"' in flat
    wide = chart(Series("wide", 2, 1e308, [0, 1], [-1.7e308, 1.7e308]))
    assert '"0.0,68.0 240.0,4.0"' in wide and "1e+308" in wide
    empty = chart(Series("only <nan>", 1, "NaN", [0], ["NaN"]))
    assert "<polyline" not in empty and "only &lt;nan&gt;" in empty


def test_a_log_is_shown_as_a_terminal_does():
    text = "".join(f"line {i}\n" for i in range(50)) + "\x1b[1;31mred\x1b[0m\r\n 10%\r 90%\r\x07"
    lines = log_lines(text)
    assert len(lines) == 16 and lines[-2:] == ["red", " 90%"] and lines[0] == "line 36"
    (long,) = log_lines("x" * 100000)
    assert len(long) == 240 and long.endswith("…")


def test_text_and_addresses_are_escaped():
    assert escaped('<a href="x">\'&') == "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;"
    assert link("javascript:alert(1)", "<x>") == "&lt;x&gt;"
    assert 'href="http://h/&quot;x"' in link('http://h/"x', "words")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (-1, "0 s"), (59.9, "59 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")],
)
def test_durations(seconds, words):
    assert elapsed(seconds) == words


def test_times_of_the_studio():
    assert took_s(None, None) is None
    assert took_s("2026-01-01T00:00:00.5Z", "2026-01-01T00:01:05Z") == 65
    assert took_s("2999-01-01T00:00:00Z", None) == 0

"""A page that nobody looks at is not told of what grows, and is up to date when it is shown."""

import os

import pytest
from playwright.sync_api import Page, WebSocket
from trainyard import Experiment, ScriptRunConfig, Workspace

from tests.browser.patience import until

LOGS = """
import pathlib, sys, time
from azureml.core import Run
run, number = Run.get_context(), 0
while not pathlib.Path(sys.argv[1]).exists():
    run.log("loss", 1 / (1 + number))
    print("line", number, flush=True)
    number += 1
    time.sleep(0.05)
"""
# Headless pages are always in sight: this one says what it is told.
HIDES = """
let isHidden = false;
Object.defineProperty(document, "hidden", { get: () => isHidden });
window.hide = (value) => {
  isHidden = value;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""
# The page's own socket asks to hear of what there is not, which is refused.
ASKS = "async () => (await import('studio/live')).listen('run:no-such-run', () => {}) && null"
GROWS = ('"event":"points"', '"event":"text"')


@pytest.fixture
def run(live_studio, tmp_path):
    (tmp_path / "train.py").write_text(LOGS)
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    config = ScriptRunConfig(os.fspath(tmp_path), "train.py", [os.fspath(tmp_path / "end")])
    yield Experiment(workspace, "background").submit(config)
    (tmp_path / "end").touch()
    workspace.client.close()


class Frames:
    """What the page's socket said and heard."""

    def __init__(self, page: Page):
        self.page = page
        self.heard: list[str] = []
        self.said: list[str] = []
        page.on("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.heard.append(str(frame)))
        socket.on("framesent", lambda frame: self.said.append(str(frame)))

    def until(self, is_there) -> None:
        try:
            until(self.page, is_there)
        except AssertionError as error:
            error.add_note(f"said {self.said[-3:]}, heard {self.heard[-3:]}")
            raise

    def grew(self) -> bool:
        return any(word in frame for frame in self.heard for word in GROWS)


@pytest.mark.parametrize(("tab", "topic"), [("metrics/", ":metrics"), ("files/", ":log:")])
def test_a_page_in_the_background_hears_nothing_and_catches_up(
    run, signed_in_page: Page, tab, topic
):
    page = signed_in_page
    frames = Frames(page)
    page.add_init_script(HIDES)
    until(page, run.get_metrics, "the run logs")
    page.goto(f"/runs/{run.id}/{tab}")
    frames.until(frames.grew)
    page.evaluate("hide(true)")
    frames.until(lambda: any('"ignore"' in said and topic in said for said in frames.said))
    # What is said later is answered later: behind this answer nothing more is told.
    frames.heard.clear()
    page.evaluate(ASKS)
    frames.until(lambda: any('"refused"' in heard for heard in frames.heard))
    frames.heard.clear()
    logged = len(run.get_metrics()["loss"])
    until(page, lambda: len(run.get_metrics()["loss"]) > logged + 20, "the run goes on")
    assert not frames.grew()
    asked: list[str] = []
    said = len(frames.said)
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("hide(false)")
    frames.until(
        lambda: any('"listen"' in words and topic in words for words in frames.said[said:])
    )
    frames.until(frames.grew)
    frames.until(lambda: any("/metrics" in url or "/log" in url for url in asked))

"""Pages that a script wrote reach nothing: no script, no network, no form, not the page above.

Shown as the studio shows them, and once more with nothing left out of them, so that the frame and
its policy alone have to hold.
"""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, Route, expect
from trainyard import Experiment, Run, ScriptRunConfig, Workspace

from tests.fixtures.studio_process import StudioProcess

MAKES = Path(__file__).with_name("makes_every_kind.py")
# What Chromium says of things that it refused, in a page that was not cleaned before.
REFUSED = (
    "Blocked script execution", "Content Security Policy", "sandboxed", "Unsafe attempt",
    "ERR_BLOCKED_BY_CSP", "net::ERR_BLOCKED", "Refused to", "Blocked form submission",
    "Blocked opening",
)  # fmt: skip
# A browser may connect ahead of a click that it then refuses: nothing is said on such a line.
SILENT = b"connected, and said nothing"
COOKIES = "() => { try { return document.cookie } catch { return 'none' } }"


class Elsewhere:
    """A server that notes who comes; nobody should."""

    def __init__(self) -> None:
        self.came: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(1)
                self.came.append(SILENT)
                try:
                    self.came[-1] = caller.recv(1000)
                    caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                except OSError:
                    continue


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    server = Elsewhere()
    yield server
    server.socket.close()


@pytest.fixture(scope="module")
def made(live_studio: StudioProcess, tmp_path_factory, elsewhere: Elsewhere) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("makes")
    (folder / "train.py").write_text(MAKES.read_text())
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    config = ScriptRunConfig(os.fspath(folder), "train.py", [elsewhere.url])
    run = Experiment(workspace, "strangers").submit(config)
    run.wait_for_completion()
    yield run
    workspace.client.close()


def opened(page: Page, run: Run, name: str) -> FrameLocator:
    page.goto(f"/runs/{run.id}/files/?path=outputs/pages/{name}")
    frame = page.locator("[data-preview=body] iframe")
    expect(frame).to_have_attribute("sandbox", "")
    return frame.content_frame


def try_everything(page: Page, inside: FrameLocator) -> None:
    """Click whatever there is to click, and give what might happen the time to happen."""
    expect(inside.locator("#seen")).to_have_text("A page of a script")
    for name in ("send", "up", "pop", "ping"):
        inside.locator(f"#{name}").click()
    page.wait_for_timeout(1500)


def untouched(page: Page, address: str, elsewhere: Elsewhere, *silent: bytes) -> None:
    assert page.url == address
    assert page.title().endswith("Trainyard")
    assert page.evaluate("window.wasHere") is None
    assert len(page.context.pages) == 1
    assert [said for said in elsewhere.came if said not in silent] == []


def test_a_page_is_shown_and_does_nothing(signed_in_page: Page, made: Run, elsewhere: Elsewhere):
    page = signed_in_page
    inside = opened(page, made, "evil.html")
    address = page.url
    try_everything(page, inside)
    inside.locator("#away").click()
    expect(inside.locator("#seen")).to_have_text("A page of a script")
    untouched(page, address, elsewhere)
    inside = opened(page, made, "chart.svg")
    inside.locator("#bar").click()
    untouched(page, page.url, elsewhere)


def test_the_frame_holds_even_what_was_not_cleaned(
    signed_in_page: Page, made: Run, elsewhere: Elsewhere, page_problems: list[str]
):
    page = signed_in_page
    files = f"/api/v1/runs/{made.id}/files/outputs/pages"
    raw = {name: page.request.get(f"{files}/{name}").text() for name in ("evil.html", "chart.svg")}
    assert "<script>" in raw["evil.html"] and elsewhere.url in raw["evil.html"]
    # A connection made ahead is what no policy speaks of: cleaning takes it away.
    page_of = {name: text.replace('rel="preconnect"', 'rel="none"') for name, text in raw.items()}

    def uncleaned(route: Route) -> None:
        name = route.request.url.rpartition("%2F")[2]
        route.fulfill(response=route.fetch(), body=page_of[name])

    page.route("**/preview/frame?*", uncleaned)
    inside = opened(page, made, "evil.html")
    address = page.url
    expect(inside.locator("script")).not_to_have_count(0)
    try_everything(page, inside)
    untouched(page, address, elsewhere, SILENT)
    inside.locator("#away").click()
    page.wait_for_timeout(1000)
    untouched(page, address, elsewhere, SILENT)
    inside = opened(page, made, "chart.svg")
    inside.locator("#bar").click()
    untouched(page, page.url, elsewhere, SILENT)
    refused = [words for words in page_problems if any(part in words for part in REFUSED)]
    assert refused, "Chromium said nothing of what it refused: was the page cleaned after all?"
    page_problems[:] = [words for words in page_problems if words not in refused]


def test_a_frame_knows_no_cookie_and_its_address_alone_does_no_more(
    signed_in_page: Page, made: Run, elsewhere: Elsewhere, page_problems: list[str]
):
    """Opened by itself, as from a link that somebody sent."""
    page = signed_in_page
    elsewhere.came.clear()
    for address in (
        f"/api/v1/runs/{made.id}/preview/frame?path=outputs/pages/evil.html",
        f"/api/v1/runs/{made.id}/preview/frame?path=outputs/notebook.ipynb&cell=3",
    ):
        answer = page.goto(address)
        assert answer is not None and answer.headers["content-security-policy"].startswith(
            "sandbox;"
        )
        assert page.evaluate("self.origin") == "null"
        assert (
            page.evaluate("() => { try { return document.cookie } catch { return 'none' } }")
            == "none"
        )
        page.wait_for_timeout(500)
        assert elsewhere.came == []
    page_problems[:] = [w for w in page_problems if not any(part in w for part in REFUSED)]

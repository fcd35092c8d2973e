"""What a person presses is not drawn anew under the pointer, and what did not change not at all."""

import os
import re

import pytest
from playwright.sync_api import Locator, Page, expect
from trainyard import Experiment, Workspace

from tests.fixtures.studio_process import StudioProcess

STORE = "/w/default/store/"


@pytest.fixture
def workspace(live_studio: StudioProcess):
    found = Workspace.from_config(os.fspath(live_studio.config_folder))
    yield found
    found.client.close()


def stored(workspace: Workspace, folder, path: str) -> None:
    (folder / "one.bin").write_bytes(os.urandom(64))
    workspace.get_default_datastore().upload(
        os.fspath(folder), os.path.dirname(path), show_progress=False, overwrite=True
    )


def press(page: Page, what: Locator) -> None:
    what.scroll_into_view_if_needed()
    what.hover()
    page.mouse.down()


def is_table(response) -> bool:
    return response.url.endswith(STORE) and "hx-request" in response.request.headers


def is_of_runs(response) -> bool:
    return "/experiments/pressed-rows" in response.url and "hx-request" in response.request.headers


def opened(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-live-state", "live")
    page.wait_for_load_state("networkidle")


def test_a_link_that_is_pressed_while_its_table_changes_is_followed(
    workspace, signed_in_page: Page, tmp_path
):
    page = signed_in_page
    stored(workspace, tmp_path, "pressed-first/one.bin")
    opened(page, STORE)
    press(page, page.locator("[data-key=pressed-first]").get_by_role("link"))
    with page.expect_response(is_table):
        stored(workspace, tmp_path, "pressed-second/one.bin")
    page.mouse.up()
    page.wait_for_url("**?path=pressed-first")


def test_what_changed_meanwhile_is_shown_once_it_is_let_go(
    workspace, signed_in_page: Page, tmp_path
):
    page = signed_in_page
    stored(workspace, tmp_path, "held-first/one.bin")
    opened(page, STORE)
    press(page, page.locator("[data-key=held-first] td").nth(1))
    with page.expect_response(is_table):
        stored(workspace, tmp_path, "held-second/one.bin")
    expect(page.locator("[data-key=held-second]")).to_have_count(0)
    page.mouse.up()
    expect(page.locator("[data-key=held-second]")).to_be_visible()


def test_a_fragment_that_says_the_same_again_leaves_its_rows_alone(
    workspace, signed_in_page: Page, tmp_path
):
    page = signed_in_page
    stored(workspace, tmp_path, "same-as-before/one.bin")
    opened(page, STORE)
    row = page.locator("[data-key=same-as-before]")
    row.evaluate("""node => {
      node.isSame = true;
      document.body.addEventListener("htmx:afterOnLoad", () => (window.isAnswered = true));
      document.body.dispatchEvent(new Event("store-changed"));
    }""")
    page.wait_for_function("() => window.isAnswered")
    assert row.evaluate("node => node.isSame")


def test_a_run_is_opened_that_is_pressed_while_its_row_changes(workspace, signed_in_page: Page):
    page = signed_in_page
    run = Experiment(workspace, "pressed-rows").start_logging(snapshot_directory=None)
    opened(page, "/w/default/experiments/pressed-rows/")
    link = page.locator(f"tr[data-key='{run.id}'] a.name")
    press(page, link)
    with page.expect_response(is_of_runs) as answer:
        run.tag("colour", "red")
    answer.value.finished()
    page.evaluate("() => new Promise((done) => setTimeout(done, 300))")  # time to draw it anew
    page.mouse.up()
    page.wait_for_url(re.compile(re.escape(run.id)))
    run.complete()

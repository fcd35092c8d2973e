"""What the browser drops on its way, as when a container's network comes, is asked for again."""

import os
import re

import pytest
from playwright.sync_api import Page, Route, expect
from trainyard import Experiment, Workspace

from tests.fixtures.stack import without_dropped

MODELS = "/w/default/models/"
SAYS = re.compile("A part of this page did not arrive")


@pytest.fixture
def dropping(signed_in_page: Page, page_problems: list[str]):
    """Have so many requests for addresses like this one dropped; returns those that were."""

    def begin(pattern: str, times: int) -> list[str]:
        dropped: list[str] = []

        def drop(route: Route) -> None:
            if len(dropped) < times:
                dropped.append(route.request.url)
                route.abort("connectionreset")
            else:
                route.continue_()

        signed_in_page.route(re.compile(pattern), drop)
        return dropped

    yield begin
    signed_in_page.unroute_all(behavior="ignoreErrors")
    left = without_dropped(page_problems, "ERR_CONNECTION_RESET")
    assert not without_dropped(left, "ERR_NETWORK_CHANGED")
    page_problems.clear()


@pytest.mark.parametrize("part", [r"/studio/live\.\w+\.js", r"/studio/base\.\w+\.css"])
def test_a_page_without_one_of_its_parts_is_loaded_again(dropping, signed_in_page: Page, part):
    page, dropped = signed_in_page, dropping(part, 1)
    page.goto(MODELS)
    expect(page.locator("body")).to_have_attribute("data-live-state", "live")
    assert len(dropped) == 1
    expect(page.get_by_text(SAYS)).to_have_count(0)


def test_a_page_whose_part_never_comes_says_so_and_does_not_go_round(
    dropping, signed_in_page: Page
):
    page, dropped = signed_in_page, dropping(r"/studio/live\.\w+\.js", 1000)
    page.goto(MODELS)
    expect(page.get_by_text(SAYS)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert len(dropped) == 2


BREAKS_ONCE = """
const whole = Response.prototype.text;
window.broken = [];
Response.prototype.text = function () {
    if (!this.url.includes("/complete?") || window.broken.length) return whole.call(this);
    window.broken.push(this.url);
    return Promise.reject(new TypeError("network error"));
};
"""


def test_an_answer_that_breaks_off_is_asked_for_again(signed_in_page: Page, live_studio):
    page = signed_in_page
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    Experiment(workspace, "breaks-off").start_logging(snapshot_directory=None).complete()
    workspace.client.close()
    page.add_init_script(BREAKS_ONCE)
    page.goto("/w/default/experiments/breaks-off/")
    box = page.get_by_role("combobox", name="Which runs to show")
    box.press_sequentially("sta")
    expect(page.get_by_role("option").first).to_be_visible()
    assert len(page.evaluate("window.broken")) == 1


def test_a_fragment_is_asked_for_again(dropping, signed_in_page: Page):
    page = signed_in_page
    page.goto("/w/default/environments/")
    names = page.locator("#environments tbody tr")
    expect(names).not_to_have_count(0)
    dropped = dropping(r"/environments/\?.*q=none-of", 1)
    page.get_by_role("searchbox", name="Find environments").fill("none-of-this-name")
    expect(names).to_have_count(0)
    assert len(dropped) == 1
    expect(page).to_have_url(re.compile(r"\?.*q=none-of-this-name"))


def test_a_picture_is_asked_for_again_and_a_broken_one_once(dropping, signed_in_page: Page):
    page, dropped = signed_in_page, dropping(r"mark\.\w+\.svg\?test", 1)
    page.goto(MODELS)
    page.evaluate(
        """() => {
            const picture = document.createElement("img");
            picture.id = "picture";
            picture.addEventListener("error", () => picture.dataset.failed = "1");
            picture.src = document.querySelector("link[rel=icon]").href + "?test";
            document.body.append(picture);
        }"""
    )
    page.wait_for_function("() => document.getElementById('picture').naturalWidth > 0")
    assert len(dropped) == 1
    picture = page.locator("#picture")
    expect(picture).not_to_have_attribute("data-failed", "1")
    never = dropping(r"never\.png", 1000)
    picture.evaluate("picture => picture.src = '/static/never.png'")
    expect(picture).to_have_attribute("data-failed", "1")
    assert len(never) == 2

"""Experiments and the workspace in a real browser: described, tagged, found, archived, restored."""

import os
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from trainyard import Experiment, Workspace

SLOW_MS = 60_000


@pytest.fixture
def name(live_studio) -> str:
    """An experiment with one run, of a name of its own."""
    workspace = Workspace.from_config(os.fspath(Path(live_studio.config_path).parent))
    experiment = Experiment(workspace, "kept-" + uuid.uuid4().hex[:8])
    with experiment.start_logging(snapshot_directory=None) as run:
        run.log("loss", 0.5)
    workspace.client.close()
    return experiment.name


def picture(page: Page, name: str) -> None:
    """With PICTURES=<folder>: light and dark, wide and narrow."""
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width in (1440, 900):
                page.set_viewport_size({"width": width, "height": 900})
                page.wait_for_timeout(500)
                page.screenshot(path=Path(folder) / f"{name}-{theme}-{width}.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1440, "height": 900})


def test_one_is_described_and_tagged_and_found_by_its_tag(signed_in_page: Page, name: str):
    page = signed_in_page
    page.goto(f"/w/default/experiments/{name}/")
    about = page.get_by_role("region", name=f"About {name}")
    about.get_by_role("button", name="Describe, or tag").click()
    expect(about.get_by_label("Description")).to_be_focused()
    about.get_by_label("Description").fill("hand-written digits,\ntwo thousand of them")
    about.get_by_label("Tags to add").fill(f"team=vision, {name}")
    picture(page, "experiment-editing")
    about.get_by_role("button", name="Save").click()
    expect(about).to_contain_text("two thousand of them", timeout=SLOW_MS)
    expect(about.get_by_role("link", name="team=vision")).to_be_visible()
    picture(page, "experiment-about")
    about.get_by_role("link", name=name).click()
    expect(page).to_have_url(f"{page.url.split('/w/')[0]}/w/default/experiments/?tag={name}")
    rows = page.locator("#experiments tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("team=vision")
    picture(page, "experiments")
    page.get_by_label("Only with this tag").fill("team=nobody")
    expect(page.locator("#experiments")).to_contain_text("No experiment fits", timeout=SLOW_MS)
    page.goto(f"/w/default/experiments/{name}/")
    about.get_by_role("button", name="Remove the tag team").click()
    expect(about.get_by_role("link", name="team=vision")).to_have_count(0, timeout=SLOW_MS)
    about.get_by_role("button", name="Edit").click()
    expect(about.get_by_label("Description")).to_be_focused()
    page.keyboard.press("Escape")
    expect(about.get_by_label("Description")).to_be_hidden()


def test_one_is_archived_and_restored_while_the_list_listens(signed_in_page: Page, name: str):
    page = signed_in_page
    listing = page.context.new_page()
    listing.goto(f"/w/default/experiments/?q={name}")
    expect(listing.locator("#experiments tbody tr")).to_have_count(1)
    page.goto(f"/w/default/experiments/{name}/")
    page.locator(".head summary[aria-label=More]").click()
    page.get_by_role("button", name="Archive experiment…").click()
    picture(page, "experiment-archiving")
    page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(page.locator("#archived")).to_have_text("archived", timeout=SLOW_MS)
    expect(page.locator("#facts")).to_contain_text("a new run brings it back")
    expect(page.locator("#run-table tbody tr")).to_have_count(1)  # its runs stay readable
    picture(page, "experiment-archived")
    expect(listing.locator("#experiments tbody tr")).to_have_count(0, timeout=SLOW_MS)
    listing.get_by_text("Archived", exact=True).click()
    expect(listing.locator("#experiments tbody tr")).to_have_count(1, timeout=SLOW_MS)
    picture(listing, "experiments-archived")
    page.locator(".head summary[aria-label=More]").click()
    page.get_by_role("button", name="Restore experiment").click()
    expect(page.locator("#archived")).to_have_text("", timeout=SLOW_MS)
    expect(listing.locator("#experiments tbody tr")).to_have_count(0, timeout=SLOW_MS)
    listing.close()


def test_the_workspace_is_named_and_described_in_the_settings(signed_in_page: Page):
    page = signed_in_page
    page.goto("/settings/")
    box = page.locator("#workspace")
    box.get_by_label("What people call it").fill("Vision lab")
    box.get_by_label("Description").fill("Cameras of the second floor")
    box.get_by_label("Tags to add").fill("site=north, draft")
    box.get_by_role("button", name="Save").click()
    expect(page.locator(".crumbs")).to_contain_text("Vision lab")
    expect(box).to_contain_text("site=north")
    picture(page, "settings-workspace")
    for tag in ("site", "draft"):
        box.get_by_role("button", name=f"Remove the tag {tag}").click()
        expect(box.get_by_role("button", name=f"Remove the tag {tag}")).to_have_count(0)
    box.get_by_label("What people call it").fill("")
    box.get_by_label("Description").fill("")
    box.get_by_role("button", name="Save").click()
    expect(page.locator(".crumbs")).to_contain_text("default")

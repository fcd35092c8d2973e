"""Storage in Settings, and the store's files, which go after a dialog has said what that frees."""

import os
import re

import pytest
from playwright.sync_api import Page, expect
from trainyard import Dataset, Workspace

STORE = "/w/default/store/"


def picture(page: Page, name: str) -> None:
    """With PICTURES=<folder>: light and dark, wide and narrow."""
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width in (1440, 900):
                page.set_viewport_size({"width": width, "height": 900})
                page.wait_for_timeout(150)
                page.screenshot(path=f"{folder}/{name}-{width}-{theme}.png")
        page.set_viewport_size({"width": 1440, "height": 900})


@pytest.fixture(scope="module")
def stored(live_studio, tmp_path_factory) -> None:
    """storage-cats/: two files of 3 kB, of which a dataset has one; and storage-dogs/one.bin."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "storage-cats").mkdir()
    (folder / "storage-dogs").mkdir()
    for name in ("storage-cats/kept.bin", "storage-cats/own.bin", "storage-dogs/one.bin"):
        (folder / name).write_bytes(os.urandom(3072))
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    store = workspace.get_default_datastore()
    store.upload(os.fspath(folder), show_progress=False)
    Dataset.File.from_files((store, "storage-cats/kept.bin")).register(workspace, "storage-kept")
    workspace.client.close()


def test_settings_say_what_the_workspace_keeps_and_count_when_asked(stored, signed_in_page: Page):
    page = signed_in_page
    box = page.locator("#storage")
    expect(box.locator("[data-kind=store]")).to_be_visible()
    expect(box).to_contain_text("Free on the disk")
    expect(box).to_contain_text("20,000 files")
    box.get_by_role("button", name="Count again").click()
    at_least_three = re.compile(r"^\s*([3-9]|\d[\d,]+)\s*$")
    expect(box.locator("[data-kind=store] td").nth(1)).to_have_text(at_least_three)
    box.scroll_into_view_if_needed()
    picture(page, "settings-storage")
    box.get_by_role("link", name="Store", exact=True).click()
    page.wait_for_url(f"**{STORE}")


def test_a_folder_of_the_store_goes_after_the_dialog_said_what_is_freed(
    stored, signed_in_page: Page
):
    page = signed_in_page
    page.goto(STORE)
    row = page.locator("[data-key=storage-cats]")
    expect(row).to_contain_text("6.0 KiB")
    picture(page, "store")
    row.get_by_role("link").click()
    expect(page.locator("#stored tbody .name")).to_have_text(["kept.bin", "own.bin"])
    page.locator("[data-key='storage-cats/kept.bin']").get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It frees nothing now")
    dialog.get_by_role("button", name="Keep it").click()
    page.go_back()
    row.get_by_role("button").click()
    expect(dialog).to_contain_text("2 files leave the store")
    expect(dialog).to_contain_text("frees 3.0 KiB in 1 content")
    picture(page, "store-delete")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#notes")).to_contain_text("2 files. 3.0 KiB are free soon")
    expect(row).to_have_count(0)
    expect(page.locator("[data-key=storage-dogs]")).to_be_visible()


def test_a_page_of_a_folder_that_somebody_else_deletes_says_so(
    stored, signed_in_page: Page, live_studio
):
    page = signed_in_page
    page.goto(f"{STORE}?path=storage-dogs")
    expect(page.locator("#stored")).to_contain_text("one.bin")
    expect(page.locator("body[data-live-state=live]")).to_be_attached()
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    workspace.client.delete(workspace.api("store/storage-dogs/"))
    workspace.client.close()
    expect(page.locator("#stored")).to_contain_text("Nothing is in storage-dogs any more")

"""A table that is filtered, of columns that its paths say: its pages, and the version after it."""

import os

from playwright.sync_api import Page, expect
from trainyard import Dataset, Workspace

from tests.browser.dataset_steps import HOME, SLOW_MS, begin, make, make_folder, picture
from tests.fixtures.studio_process import StudioProcess

FORM = "/{state}/{day:yyyy/MM/dd}/data.csv"
DAYS = {
    f"{state}/2026/01/0{day}/data.csv": f"n\n{day}\n".encode() for state in ("ohio", "utah")
    for day in (1, 2)
}  # fmt: skip


def test_its_pages_say_how_it_is_read_and_its_next_version_is_read_so(
    signed_in_page: Page, live_studio: StudioProcess, tmp_path
):
    page = signed_in_page
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    store = workspace.get_default_datastore()
    store.upload(os.fspath(make_folder(tmp_path / "days", DAYS)), "days", show_progress=False)
    table = Dataset.Tabular.from_delimited_files((store, "days"), partition_format=FORM)
    few = table.filter((table["state"] == "ohio") & (table["n"] > 1) & ~table["n"].is_null())
    few.register(workspace, "days-of-ohio")
    page.goto(f"{HOME}days-of-ohio/1/")
    about = page.locator("#about")
    expect(about).to_contain_text(f"Columns of pathsstate, day ({FORM})")
    expect(about).to_contain_text(
        'Rows where(state == "ohio") and (n > 1) and (not (n is missing))'
    )
    expect(page.get_by_text("These are the rows of the files.")).to_be_visible()
    expect(page.locator("#rows")).to_contain_text("Rows 1 to 4 of 4", timeout=SLOW_MS)
    expect(page.locator("#rows th", has_text="state")).to_be_visible()
    picture(page, "filtered")
    page.get_by_role("link", name="Profile").click()
    expect(page.get_by_text("This is of all rows of the files")).to_be_visible()
    expect(page.locator("#profile")).to_contain_text("utah", timeout=SLOW_MS)
    more = make_folder(tmp_path / "more", {"iowa/2026/01/03/data.csv": b"n\n3\n"})
    begin(page, f"{HOME}new/?from=days-of-ohio:1&name=days-of-ohio", more)
    code = page.locator("#python-code")
    expect(code).to_contain_text(f'partition_format="{FORM}"')
    expect(code).to_contain_text("# then the types and steps of the version before")
    make(page, "days-of-ohio", 2)
    expect(about).to_contain_text("Rows where")
    before, after = (Dataset.get_by_name(workspace, "days-of-ohio", n)._reading for n in (1, 2))
    assert after == before
    workspace.client.close()

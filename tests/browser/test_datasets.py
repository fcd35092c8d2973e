"""Datasets by clicking in a real studio: send, look into, change, fetch, read from a run.

With PICTURES=<folder> in the environment, pictures of every page are taken on the way.
"""

import hashlib
import os
import re
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from trainyard import Workspace

from tests.browser.dataset_steps import (
    HOME,
    MIB,
    SLOW_MS,
    begin,
    make,
    make_folder,
    picture,
    png,
    sent,
)
from tests.browser.patience import settled, until
from tests.fixtures.studio_process import StudioProcess

LARGE = os.urandom(21 * MIB)
READS = """
import os, sys
folder = sys.argv[sys.argv.index("--data") + 1]
assert folder == os.environ["data"], os.environ["data"]
print("read", sorted(os.listdir(folder)), os.path.getsize(os.path.join(folder, "large.bin")))
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A web server on this machine: its folder, and its address."""
    folder = tmp_path_factory.mktemp("elsewhere")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=os.fspath(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def live_studio() -> Iterator[StudioProcess]:
    """A studio that may fetch from this machine."""
    studio = StudioProcess(STUDIO_FETCH_PRIVATE="127.0.0.1/32")
    try:
        yield studio.start()
    finally:
        studio.remove()


def typed_goes(page: Page, keys: str, address: str) -> bool:
    """Whether keys lead to `address`: between two of them only a second may pass."""
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    return page.url.endswith(address)


def test_a_folder_becomes_a_dataset_whose_pictures_are_seen(signed_in_page: Page, tmp_path):
    page = signed_in_page
    until(page, lambda: typed_goes(page, "gd", HOME), "two keys lead there")
    expect(page.get_by_text("No dataset yet")).to_be_visible()
    picture(page, "none")
    files = {f"a/{n:02}.png": png(20 + n, 30) for n in range(50)} | {"about.txt": b"cats\n"}
    begin(page, f"{HOME}new/", make_folder(tmp_path / "cats", files))
    expect(page.locator("#check-send")).to_contain_text("51 files")
    expect(page.locator("#check-name")).to_contain_text("cats:1, a new dataset")
    page.locator("#tags").fill("team=vision, draft")
    page.locator("#tree summary").press("Enter")
    expect(page.locator("#tree")).to_contain_text("00.png")
    picture(page, "new")
    make(page, "cats")

    shown = page.locator(".pictures img")
    expect(shown).to_have_count(48)
    expect(shown.first).to_have_js_property("naturalWidth", 20)
    picture(page, "pictures")
    page.get_by_role("link", name="Next").click()
    expect(shown).to_have_count(2)
    page.locator("#tab-files").click()
    picture(page, "files")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the folder a").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.read("a/07.png") == files["a/07.png"] and len(archive.namelist()) == 50
    page.get_by_role("link", name="about.txt", exact=True).click()
    expect(page.locator(".pre").first).to_have_text("cats")
    page.goto(HOME)
    expect(page.locator("tbody tr")).to_contain_text("team=vision")
    picture(page, "list")


def test_a_zip_is_its_files_and_a_table_shows_rows_and_a_profile(signed_in_page: Page, tmp_path):
    page = signed_in_page
    lines = [f"p{n},{n if n % 10 else ''},{'Oslo' if n % 2 else 'Rome'}" for n in range(120)]
    with zipfile.ZipFile(tmp_path / "people.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people/part.csv", "name,age,city\n" + "\n".join(lines))
        archive.writestr("people/.DS_Store", "x")
    begin(page, f"{HOME}new/", tmp_path / "people.zip")
    expect(page.locator("#check-files")).to_contain_text("1 file")
    expect(page.locator("#name")).to_have_value("people")
    page.get_by_text("A table", exact=True).click()
    expect(page.locator("#python-code")).to_contain_text("from_delimited_files")
    make(page, "people")
    rows = page.locator("#rows")
    expect(rows.locator("thead")).to_contain_text("ageinteger", timeout=SLOW_MS)
    expect(rows.locator("tbody tr")).to_have_count(50)
    picture(page, "rows")
    rows.get_by_role("button", name="Next").click()
    expect(rows.locator("tbody tr").first).to_contain_text("p50")
    page.reload()
    expect(rows.locator("tbody tr").first).to_contain_text("p50")
    page.locator("#tab-profile").click()
    profile = page.locator("#profile tbody tr")
    expect(profile).to_have_count(3, timeout=SLOW_MS)
    expect(profile.nth(1)).to_contain_text("10 %")
    expect(profile.nth(2)).to_contain_text("Oslo")
    picture(page, "profile")


def test_a_bad_name_is_refused_by_its_field_and_nothing_typed_is_lost(
    signed_in_page: Page, page_problems: list[str], tmp_path
):
    page, requests = signed_in_page, sent(signed_in_page)
    begin(page, f"{HOME}new/", make_folder(tmp_path / "kept", {"a.txt": os.urandom(50)}))
    page.locator("#name").fill("not allowed!")
    page.locator("#description").fill("of today")
    expect(page.locator("#error-name")).to_contain_text("is not allowed")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#name")).to_be_focused()
    expect(page.locator("#error-name")).to_contain_text("is not allowed")
    expect(page.locator("#description")).to_have_value("of today")
    page_problems.clear()  # the browser tells of the refusal
    page.locator("#name").fill("allowed")
    make(page, "allowed")
    assert len(requests) == 1  # what had arrived was not sent again
    expect(page.locator("#about")).to_contain_text("of today")


def test_urls_are_fetched_before_ones_eyes_and_a_failure_says_why(
    signed_in_page: Page, elsewhere: tuple[Path, str]
):
    page = signed_in_page
    folder, address = elsewhere
    (folder / "one.csv").write_text("a,b\n1,2\n")
    digest = hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    page.goto(f"{HOME}new/?way=urls&name=fetched")
    page.locator("#urls").fill(f"{address}/one.csv {digest}\n{address}/two.csv")
    expect(page.locator("#check-files")).to_contain_text("2 URLs")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#error-top")).to_contain_text("two.csv", timeout=SLOW_MS)
    picture(page, "fetch-failed")
    (folder / "two.csv").write_text("a,b\n3,4\n")
    make(page, "fetched")
    expect(page.locator("#about")).to_contain_text(f"{address}/two.csv")


def test_words_are_changed_in_place_and_a_dataset_is_archived_and_deleted(
    signed_in_page: Page, tmp_path
):
    page = signed_in_page
    begin(page, f"{HOME}new/", make_folder(tmp_path / "short-lived", {"x.txt": os.urandom(2048)}))
    make(page, "short-lived")
    about = page.locator("#about")
    about.get_by_role("button", name="Edit").click()
    about.get_by_label("Description").fill("for a day")
    about.get_by_label("Tags to add").fill("team=vision, draft")
    about.get_by_role("button", name="Save").click()
    expect(about.locator(".said")).to_have_text("for a day")
    about.get_by_role("button", name="Remove the tag draft").click()
    expect(about.locator(".tag:not(.alias)")).to_have_text(["team=vision✕"])
    page.reload()
    expect(about.locator(".said")).to_have_text("for a day")
    more = page.locator("summary[aria-label=More]")
    more.click()
    page.get_by_role("button", name="Archive…").click()
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.locator(".title")).to_contain_text("archived")
    more.click()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".title")).not_to_contain_text("archived")
    more.click()
    page.get_by_role("button", name="Delete short-lived:1…").click()
    expect(page.locator("#freed")).to_contain_text("frees 2.0 KiB in 1 file")
    picture(page, "delete")
    page.get_by_role("button", name="Delete short-lived:1", exact=True).click()
    page.wait_for_url(f"**{HOME}")
    expect(page.locator("#notes")).to_contain_text("was deleted")
    expect(page.locator("#datasets")).not_to_contain_text("short-lived")


def test_an_alias_moves_between_versions_and_one_version_is_deleted(
    signed_in_page: Page, tmp_path: Path, page_problems: list[str]
) -> None:
    page = signed_in_page
    for number, words in enumerate((b"first", b"the second"), 1):
        begin(
            page, f"{HOME}new/", make_folder(tmp_path / str(number) / "notes", {"note.txt": words})
        )
        make(page, "notes", number)
        page.get_by_label("Alias for this version").fill("golden")
        page.keyboard.press("Enter")
        expect(page.locator(".labels")).to_have_text("golden")
        settled(page)
    page.goto("/w/default/data/notes/golden/")
    expect(page.get_by_role("heading", name="notes:2", exact=True)).to_be_visible()
    page.get_by_role("button", name="Remove the alias golden").click()
    expect(page.locator(".labels")).to_have_text("")
    settled(page)

    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Delete notes:2…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Its number is never given again")
    expect(dialog).to_contain_text("10 B")
    picture(page, "delete-version")
    dialog.get_by_role("button", name="Delete notes:2", exact=True).click()
    page.wait_for_url(re.compile(r"/data/notes/$"))
    expect(page.locator("#notes")).to_contain_text("notes:2 was deleted")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_large_folder_of_the_code_becomes_a_dataset_that_the_run_reads(
    signed_in_page: Page, tmp_path
):
    page = signed_in_page
    files = {"train.py": READS.encode(), "data/large.bin": LARGE, "data/small.txt": b"1"}
    page.goto("/w/default/new-run/")
    expect(page.get_by_role("button", name="Submit")).to_be_enabled()
    page.locator("#folder").set_input_files(make_folder(tmp_path / "project", files))
    expect(page.locator("#check-code")).to_contain_text("to send")
    picture(page, "run-before")
    page.get_by_role("button", name="Make data/ a dataset that the run reads").click()
    expect(page.locator("#check-code")).to_contain_text("1 file", timeout=SLOW_MS)
    expect(page.locator("#check-inputs")).to_contain_text("project-data:1 as data")
    page.get_by_role("button", name="make it an argument, too").click()
    expect(page.locator("#arguments")).to_have_value("--data DatasetConsumptionConfig:data")
    expect(page.locator("#parsed")).to_contain_text("path of project-data:1")
    expect(page.locator("#python-code")).to_contain_text('as_named_input("data").as_mount()')
    page.locator("#experiment").fill("reads-data")
    picture(page, "run-inputs")
    page.reload()
    expect(page.get_by_label("Dataset")).to_have_value("project-data")
    page.locator("#files").set_input_files(tmp_path / "project" / "train.py")
    expect(page.locator("#script")).to_have_value("train.py")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"/runs/reads-data_\d+_[0-9a-f]{8}/"), timeout=SLOW_MS)
    run = page.url
    expect(page.locator(".head[data-state='Completed']")).to_be_visible(timeout=2 * SLOW_MS)
    page.goto(f"{HOME}project-data/1/")
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()
    page.goto(f"/w/default/new-run/?from={run.rstrip('/').rpartition('/')[2]}")
    expect(page.get_by_label("Name in the script")).to_have_value("data")
    expect(page.locator("#check-inputs")).to_contain_text("project-data:1 as data")


def test_files_of_the_store_become_a_dataset(
    signed_in_page: Page, live_studio: StudioProcess, tmp_path
):
    page = signed_in_page
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    files = {"a/one.csv": b"x\n1\n", "a/b/two.csv": b"x\n2\n", "notes.txt": b"-"}
    folder = os.fspath(make_folder(tmp_path / "stored", files))
    workspace.get_default_datastore().upload(folder, "tables", show_progress=False)
    workspace.client.close()
    page.goto(HOME)
    page.get_by_role("link", name="New dataset").first.click()
    page.get_by_text("From the workspace’s store").click()
    expect(page.locator("#store-words")).to_contain_text("3 files")
    page.get_by_role("button", name="Take tables", exact=True).click()
    expect(page.locator("#check-files")).to_contain_text("3 files")
    page.locator("#patterns").fill("tables/a/**/*.csv")
    expect(page.locator("#check-files")).to_contain_text("2 files")
    expect(page.locator("#python-code")).to_contain_text('(store, "tables/a/**/*.csv")')
    page.locator("#name").fill("from-store")
    picture(page, "store")
    make(page, "from-store")
    page.locator("#tab-files").click()
    expect(page.locator("tbody .name")).to_have_text(["b/", "one.csv"])

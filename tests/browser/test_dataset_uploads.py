"""Files on their way into a dataset: only what is new; cuts, reloads, a studio that was away.

With PICTURES=<folder> in the environment, pictures are taken on the way.
"""

import os
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.dataset_steps import HOME, MIB, SLOW_MS, begin, make, make_folder, picture, sent
from tests.fixtures.studio_process import StudioProcess

LARGE = os.urandom(21 * MIB)


def test_a_new_version_sends_only_what_is_new(signed_in_page: Page, tmp_path):
    page, requests = signed_in_page, sent(signed_in_page)
    files = {f"{n}.txt": os.urandom(100) for n in range(5)}
    begin(page, f"{HOME}new/", make_folder(tmp_path / "texts", files))
    make(page, "texts")
    assert len(requests) == 5
    requests.clear()
    page.get_by_role("link", name="New version").click()
    expect(page.locator("#check-send")).to_contain_text("nothing")
    page.get_by_role("button", name="Remove 3.txt").click()
    (tmp_path / "4.txt").write_bytes(os.urandom(7))  # which no other test has sent
    page.locator("#files").set_input_files([tmp_path / "4.txt", tmp_path / "texts" / "0.txt"])
    expect(page.locator("#check-send")).to_contain_text("1 file, 7 B", timeout=SLOW_MS)
    expect(page.locator("#check-name")).to_contain_text("texts:2")
    make(page, "texts", 2)
    assert len(requests) == 1
    page.locator("#tab-files").click()
    expect(page.locator("tbody .name")).to_have_text(["0.txt", "1.txt", "2.txt", "4.txt"])
    # The same again makes no version, and that is said.
    page.get_by_role("link", name="New version").click()
    expect(page.locator("#check-files")).to_contain_text("4 files")
    make(page, "texts", 2)
    expect(page.locator("#notes")).to_contain_text("texts:2 holds the same files already")
    assert len(requests) == 1


def test_a_large_file_goes_on_after_a_cut_and_after_a_reload(
    signed_in_page: Page, live_studio: StudioProcess, page_problems: list[str], tmp_path
):
    page, requests = signed_in_page, sent(signed_in_page)
    large = tmp_path / "large.bin"
    large.write_bytes(LARGE)
    cuts: list[str] = []

    def cut(route: Route) -> None:
        """The second piece is lost on its way, once; the third stops for good."""
        cuts.append(route.request.url)
        if len(cuts) == 2:
            return route.abort("connectionreset")
        if len(cuts) == 4:
            return None
        return route.continue_()

    page.route(re.compile(r"/uploads/[^/]+\?offset="), cut)
    begin(page, f"{HOME}new/?name=large", large)
    page.get_by_role("button", name="Make it").click()
    # The third piece never ends: whoever stops and comes back goes on behind the second. How far
    # the file is read is said in the same words before that.
    half_way = re.compile(r"Sending .*16\.0 MiB of 21\.0 MiB")
    expect(page.locator("#sending")).to_contain_text(half_way, timeout=SLOW_MS)
    picture(page, "sending")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Make it")).to_be_enabled()
    offsets = [int(url.rpartition("=")[2]) for url in cuts]
    assert offsets == [0, 8 * MIB, 8 * MIB, 16 * MIB]
    page.unroute_all(behavior="ignoreErrors")
    page_problems.clear()  # the browser complains of the cut

    requests.clear()
    begin(page, f"{HOME}new/?name=large", large)
    make(page, "large")
    # Behind what had come: at least two pieces, and what of the third was on its way.
    [again] = [int(request.url.rpartition("=")[2]) for request in requests]
    assert 16 * MIB <= again < len(LARGE)
    page.locator("#tab-files").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download large.bin").click()
    assert Path(download.value.path()).read_bytes() == LARGE


def test_the_studio_may_be_away_while_one_sends(
    signed_in_page: Page, live_studio: StudioProcess, page_problems: list[str], tmp_path
):
    page = signed_in_page
    begin(page, f"{HOME}new/", make_folder(tmp_path / "away", {"a.txt": os.urandom(99)}))
    expect(page.locator("#check-send")).to_contain_text("1 file")
    live_studio.stop()
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#sending")).to_contain_text("goes on when it is back")
    live_studio.start()
    page.wait_for_url(f"**{HOME}away/1/", timeout=SLOW_MS)
    page_problems.clear()  # the browser complains of the studio that was away


def test_names_that_no_system_could_hold_are_refused_before_anything_is_sent(
    signed_in_page: Page, tmp_path
):
    page, requests = signed_in_page, sent(signed_in_page)
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        archive.writestr("fine.txt", "1")
        archive.writestr("../../evil.txt", "2")
    begin(page, f"{HOME}new/?name=evil", tmp_path / "slip.zip")
    expect(page.locator("#error-files")).to_contain_text("evil.txt")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#error-files")).to_contain_text("cannot be kept")
    same = {"caf\u00e9.txt": b"1", "cafe\u0301.txt": b"2", "line\nbreak.txt": b"3"}
    page.goto(f"{HOME}new/?name=evil")
    page.locator("#folder").set_input_files(make_folder(tmp_path / "odd", same))
    expect(page.locator("#error-files")).to_contain_text("Rename")
    (tmp_path / "cut.zip").write_bytes((tmp_path / "slip.zip").read_bytes()[:-30])
    page.locator("#files").set_input_files(tmp_path / "cut.zip")
    expect(page.locator("#error-files")).to_contain_text("cut off")
    assert not requests

"""The tab "Code" by clicking and by keys: real runs of a real studio.

With PICTURES=<folder> in the environment, pictures are taken on the way.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from trainyard import Experiment, Run, ScriptRunConfig, Workspace

from tests.fixtures.studio_process import StudioProcess

MODEL = '''"""A model."""


class Model:
    """What it learns."""

    def __init__(self, size: int = 64):
        self.size = size  # how wide
'''


@pytest.fixture(scope="module")
def two(live_studio: StudioProcess, tmp_path_factory) -> Iterator[tuple[Run, Run, Run]]:
    """Two runs of other code, and one of the same as the first."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "train.py").write_text("from lib import model\nprint(model.Model().size)\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "model.py").write_text(MODEL)
    (folder / "config.yaml").write_text("lr: 0.1\n")
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    experiment = Experiment(workspace, "coded")

    def submit() -> Run:
        return experiment.submit(ScriptRunConfig(os.fspath(folder), "train.py"))

    first, again = submit(), submit()
    (folder / "lib" / "model.py").write_text(MODEL.replace("64", "128"))
    (folder / "config.yaml").unlink()
    (folder / "lib" / "more.py").write_text("x = 1\n")
    second = submit()
    for run in (first, again, second):
        run.wait_for_completion()
    yield first, again, second
    workspace.client.close()


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.screenshot(path=Path(folder) / f"code-{name}-{theme}.png")
        page.emulate_media(color_scheme="light")


def row(page: Page, path: str) -> Locator:
    return page.locator(f"[data-tree] [data-path='{path}']")


def body(page: Page) -> Locator:
    return page.locator("[data-panel] [data-preview=body]")


def test_the_script_opens_first_and_lines_are_links(signed_in_page: Page, two):
    page, (first, again, _) = signed_in_page, two
    page.goto(f"/runs/{first.id}/code/")
    expect(row(page, "train.py")).to_have_attribute("aria-current", "true")
    expect(body(page).locator(".k-keyword").first).to_have_text("from")
    expect(page.locator(".same").first).to_contain_text(f"Same code as {again.name}")
    row(page, "lib/model.py").click()
    expect(body(page).locator(".k-comment")).to_have_text("# how wide")
    body(page).locator("a.n").nth(3).click()
    body(page).locator("a.n").nth(6).click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile(r"path=lib%2Fmodel\.py#L4-7$"))
    expect(body(page).locator(".line.at")).to_have_count(4)
    picture(page, "file")
    page.reload()
    expect(body(page).locator(".line.at")).to_have_count(4)
    with page.expect_download() as coming:
        page.locator("[data-panel]").get_by_role("link", name="Download").click()
    assert coming.value.suggested_filename == "model.py"
    with page.expect_download() as coming:
        page.get_by_role("link", name=re.compile("Download all")).click()
    assert coming.value.suggested_filename == f"{first.id}-code.zip"


def test_the_code_is_searched_and_a_match_opens_at_its_line(signed_in_page: Page, two):
    page, (first, _, _) = signed_in_page, two
    page.goto(f"/runs/{first.id}/code/")
    page.get_by_role("tab", name="Search").click()
    expect(page.get_by_label("Search in the code")).to_be_focused()
    page.keyboard.type("SIZE")
    matches = page.locator("[data-matches] a")
    expect(matches).to_have_count(3)
    expect(matches.first.locator("mark")).to_have_text("size")
    picture(page, "search")
    matches.first.click()
    expect(row(page, "lib/model.py")).to_have_attribute("aria-current", "true")
    expect(body(page).locator(".line.at")).to_contain_text("def __init__")
    matches.nth(1).click()
    expect(body(page).locator(".line.at")).to_contain_text("self.size = size")
    page.get_by_role("button", name="Capital letters count").click()
    expect(page.locator("[data-matches]")).to_contain_text("0 lines")
    page.get_by_label("Search in the code").fill("s.z[e]")
    page.get_by_role("button", name="Capital letters count").click()
    page.get_by_role("button", name="Regular expression").click()
    expect(matches).to_have_count(3)
    page.reload()
    expect(page.get_by_label("Search in the code")).to_have_value("s.z[e]")


def test_a_wrong_expression_is_said(signed_in_page: Page, two, page_problems):
    page, (first, _, _) = signed_in_page, two
    page.goto(f"/runs/{first.id}/code/?text=(")
    page.get_by_role("button", name="Regular expression").click()
    expect(page.locator("[data-matches]")).to_contain_text("no regular expression")
    page_problems[:] = [words for words in page_problems if "status of 400" not in words]


def test_changes_since_another_run_side_by_side_or_in_one_column(signed_in_page: Page, two):
    page, (first, _, second) = signed_in_page, two
    page.goto(f"/runs/{second.id}/code/")
    page.get_by_role("tab", name="Changes").click()
    page.get_by_label("Compare with").select_option(first.id)
    changed = page.locator("[data-changed] a[data-path]")
    expect(changed).to_have_text(
        [
            re.compile("removed.*config.yaml"),
            re.compile("changed.*model.py"),
            re.compile("added.*more.py"),
        ]
    )
    diff = page.locator("[data-diff]")
    expect(diff).to_contain_text("config.yaml")
    changed.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(diff.locator("mark")).to_have_text(["64", "128"])
    picture(page, "one-column")
    diff.get_by_role("button", name="Side by side").click()
    expect(diff.locator("table.two")).to_be_visible()
    expect(diff.locator("mark")).to_have_text(["64", "128"])
    picture(page, "side-by-side")
    page.reload()
    expect(diff.locator("table.two mark")).to_have_count(2)
    expect(page.get_by_label("Compare with")).to_have_value(first.id)
    expect(body(page)).to_be_hidden()
    page.get_by_role("tab", name="Files").click()
    row(page, "train.py").click()
    expect(body(page)).to_contain_text("model.Model()")
    expect(diff).to_be_hidden()
    expect(page).not_to_have_url(re.compile("against"))

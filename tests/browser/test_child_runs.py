"""Runs below a run by page: the tab comes with the first, its table is live; and the commit.

With PICTURES=<folder> in the environment, pictures are taken on the way.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from trainyard import Experiment, Workspace

from tests.browser.pictures import pictures

SLOW_MS = 60_000


@pytest.fixture
def workspace(live_studio) -> Iterator[Workspace]:
    found = Workspace.from_config(os.fspath(live_studio.config_folder))
    yield found
    found.client.close()


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A folder of a repository, with a change that was not committed."""
    (tmp_path / "train.py").write_text("print(1)\n")
    for words in (
        "init -q -b try-folds", "add .", "commit -q -m first",
        "remote add origin https://anna:s3cret@git.example/lab/folds.git",
    ):  # fmt: skip
        who = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]
        subprocess.run([*who, *words.split()], cwd=tmp_path, check=True)
    (tmp_path / "train.py").write_text("print(2)\n")
    return os.fspath(tmp_path)


def test_the_runs_below_a_run(signed_in_page: Page, workspace: Workspace, source: str):
    page = signed_in_page
    experiment = Experiment(workspace, "family")
    parent = experiment.start_logging(snapshot_directory=source, display_name="folds of five")
    page.goto(f"/runs/{parent.id}/")
    expect(page.locator("#tab-monitoring")).to_be_visible()
    expect(page.locator("#tab-children")).to_have_count(0)
    about = page.locator("[data-commit]")
    expect(about).to_contain_text("of try-folds")
    expect(about).to_contain_text("uncommitted changes")
    expect(page.get_by_role("link", name="https://git.example/lab/folds.git")).to_be_visible()
    pictures(page, "commit-overview")

    # The tab comes by itself, with the first child.
    children = parent.create_children(tag_key="fold", tag_values=[1, 2, 3])
    expect(page.locator("#tab-children [data-count]")).to_have_text("3", timeout=SLOW_MS)
    page.locator("#tab-children").click()
    rows = page.locator("#run-table tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("fold=3")

    # Another comes while it is looked at, and values of those that go on are renewed.
    named = parent.child_run("ensemble")
    expect(rows).to_have_count(4, timeout=SLOW_MS)
    for number, child in enumerate([*children, named]):
        child.log("accuracy", 0.5 + number / 10)
        child.flush()
    page.reload()
    expect(page.locator("#run-table th[data-name=accuracy]")).to_be_visible()
    first = page.locator(f'tr[data-key="{children[0].id}"]')
    expect(first).to_contain_text("0.5")
    children[0].log("accuracy", 0.875)
    expect(first).to_contain_text("0.875", timeout=SLOW_MS)
    for child in children:
        child.complete()
    expect(first).to_contain_text("Completed", timeout=SLOW_MS)

    # It sorts by a head, and what is shown is compared.
    page.locator("#run-table th[data-name=accuracy] a").click()
    expect(page.locator("#run-table th[data-name=accuracy]")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(rows.first).to_contain_text("0.875")
    named.complete()
    expect(rows.filter(has_text="Running")).to_have_count(0, timeout=SLOW_MS)
    expect(rows.first).to_contain_text("0.875")
    pictures(page, "children")
    page.get_by_role("link", name="Compare 4").click()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    page.go_back()

    page.get_by_role("link", name="ensemble").click()
    expect(page.locator("[data-parent]")).to_contain_text("Child of folds of five")
    pictures(page, "child-head")
    page.locator("[data-parent] a").click()
    page.locator("#tab-code").click()
    expect(page.locator("[data-commit]")).to_contain_text("of try-folds")
    pictures(page, "commit-code")
    parent.complete()

"""Runs and experiments are deleted by page: what that frees is said first, and one click does it.

With PICTURES=<folder> in the environment, pictures are taken on the way.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from trainyard import Experiment, Run, ScriptRunConfig, Workspace
from trainyard._errors import Conflict

from tests.browser.patience import settled, until
from tests.fixtures.studio_process import StudioProcess

FULL_MS = 60_000
SCRIPT = """
import pathlib, sys, time
from azureml.core import Run
pathlib.Path('outputs/model.bin').write_bytes(sys.argv[1].encode() * 5000)
Run.get_context().log_list('loss', [1.0, 0.5, 0.25])
print('made', flush=True)
while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def workspace(live_studio: StudioProcess) -> Iterator[Workspace]:
    found = Workspace.from_config(os.fspath(live_studio.config_folder))
    yield found
    found.client.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("script")
    (made / "train.py").write_text(SCRIPT)
    (made / "now").touch()
    return made


def submitted(
    workspace: Workspace, folder: Path, name: str, word: str, *, gate: str = "now"
) -> Run:
    words = [word, os.fspath(folder / gate)]
    return Experiment(workspace, name).submit(ScriptRunConfig(os.fspath(folder), "train.py", words))


def ended(workspace: Workspace, folder: Path, name: str, words: str) -> list[Run]:
    """One run for each letter of `words`; all of them have ended, and their nodes are free."""
    runs = [submitted(workspace, folder, name, word) for word in words]
    for run in runs:
        run.wait_for_completion()
    return runs


def picture(page: Page, name: str) -> None:
    if to := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.screenshot(path=Path(to) / f"removing-{name}-{theme}.png")
        page.emulate_media(color_scheme="light")


def asked(page: Page, dialog: str, button: str) -> tuple[Locator, Locator]:
    """The dialog once it can be answered: the nodes of a run are free a moment after its end."""
    shown = page.locator(f"dialog#{dialog}")
    answer = shown.get_by_role("button", name=button)

    def can_be_answered() -> bool:
        expect(shown).to_contain_text("frees", timeout=FULL_MS)
        if answer.is_enabled():
            return True
        shown.get_by_role("button", name="Keep").click()
        page.wait_for_timeout(1000)
        opens(page, dialog)
        return False

    until(page, can_be_answered, "the run's nodes are free")
    return shown, answer


def opens(page: Page, dialog: str) -> None:
    selected = page.locator("[data-act=delete]")
    if dialog == "delete-runs" and selected.is_visible():
        selected.click()
    else:
        page.get_by_label("More").click()
        page.locator("#open-delete").click()


def test_a_run_is_deleted_after_one_question(signed_in_page: Page, workspace: Workspace, folder):
    page = signed_in_page
    (run,) = ended(workspace, folder, "deleted-one", "a")
    model = run.register_model("kept-model", "outputs/model.bin")
    page.goto(f"/runs/{run.id}/")
    opens(page, "delete-run")
    shown, button = asked(page, "delete-run", "Delete run")
    expect(shown).to_contain_text("points of metrics")
    stays = shown.get_by_role("link", name=f"kept-model:{model.version}")
    expect(stays).to_have_attribute("href", re.compile("/models/kept-model/"))
    picture(page, "run")
    shown.get_by_role("button", name="Keep").click()
    expect(shown).to_be_hidden()
    opens(page, "delete-run")
    button.click()
    expect(page).to_have_url(re.compile("/experiments/deleted-one/$"), timeout=FULL_MS)
    expect(page.locator("#notes")).to_contain_text(f"Run {run.name} is deleted.")
    expect(page.locator("#run-table")).to_contain_text("No run here")
    answer = page.request.get(f"/api/v1/runs/{run.id}")
    assert answer.status == 404


def test_an_open_menu_stays_open_while_the_head_of_the_run_changes(
    signed_in_page: Page, workspace: Workspace, folder
):
    page = signed_in_page
    (run,) = ended(workspace, folder, "deleted-later", "a")
    page.goto(f"/runs/{run.id}/")
    expect(page.locator("body")).to_have_attribute("data-live-state", "live")
    page.get_by_label("More").click()
    expect(page.locator("#open-delete")).to_be_visible()
    run.tag("came", "meanwhile")
    expect(page.locator("#run-head .tag", has_text="came=meanwhile")).to_be_visible()
    expect(page.locator("#open-delete")).to_be_visible()


def test_a_run_that_goes_on_says_why_it_stays(signed_in_page: Page, workspace: Workspace, folder):
    page = signed_in_page
    run = submitted(workspace, folder, "deleted-not", "a", gate="never")
    page.goto(f"/runs/{run.id}/")
    page.get_by_label("More").click()
    expect(page.locator("#open-delete")).to_be_disabled()
    expect(page.locator("#why-not-delete")).to_have_text("It has not ended: cancel it first.")
    page.keyboard.press("Escape")
    run.cancel()
    expect(page.locator(".head[data-state='Canceled']")).to_be_visible(timeout=FULL_MS)
    page.get_by_label("More").click()
    expect(page.locator("#open-delete")).to_be_enabled()


def test_selected_runs_are_deleted_together_and_one_that_goes_on_stays(
    signed_in_page: Page, workspace: Workspace, folder
):
    page = signed_in_page
    ended(workspace, folder, "deleted-many", "ab")
    live = submitted(workspace, folder, "deleted-many", "c", gate="never-either")
    page.goto("/w/default/experiments/deleted-many/")
    page.get_by_label("Select all runs of this page").check()
    expect(page.locator("[data-act=delete]")).to_be_visible()
    opens(page, "delete-runs")
    shown, button = asked(page, "delete-runs", "Delete 2 runs")
    expect(shown).to_contain_text("1 run of the selected stays:")
    expect(shown).to_contain_text("cancel it first")
    picture(page, "many")
    button.click()
    expect(page.locator("#notes")).to_contain_text("2 runs deleted.", timeout=FULL_MS)
    expect(page.locator("#run-table tbody tr")).to_have_count(1)
    expect(page.locator("#run-table")).to_contain_text(live.name)
    page.get_by_label("More").click()
    page.locator("#open-delete").click()
    whole = page.locator("dialog#delete-runs")
    expect(whole).to_contain_text("It cannot be deleted now:")
    expect(whole.get_by_role("button", name="Delete experiment")).to_be_disabled()
    whole.get_by_role("button", name="Keep").click()
    live.cancel()
    live.wait_for_completion(raise_on_error=False)
    opens(page, "delete-runs")
    _, button = asked(page, "delete-runs", "Delete experiment")
    button.click()
    expect(page).to_have_url(re.compile("/w/default/experiments/$"), timeout=FULL_MS)
    expect(page.locator("#notes")).to_contain_text("Experiment deleted-many is deleted.")
    expect(page.get_by_role("link", name="deleted-many")).to_have_count(0)


@pytest.mark.parametrize("tab", ["", "metrics/", "files/", "code/"])
def test_a_page_of_a_run_that_somebody_else_deletes_says_so(
    signed_in_page: Page, workspace: Workspace, folder, tab: str
):
    page = signed_in_page
    (run,) = ended(workspace, folder, "deleted-elsewhere", "x")
    page.goto(f"/runs/{run.id}/{tab}")
    expect(page.locator("body")).to_have_attribute("data-live-state", "live")
    settled(page)  # what it asks for afterwards is not there any more

    def is_deleted() -> bool:
        try:
            workspace.client.delete(f"runs/{run.id}")
        except Conflict as error:
            assert "being freed" in error.message
            return False
        return True

    until(page, is_deleted, "the run's nodes are free")
    expect(page.get_by_role("heading", name=re.compile("deleted"))).to_be_visible(timeout=FULL_MS)
    expect(page.locator(".run-page")).to_have_count(0)
    page.get_by_role("link", name="Runs of deleted-elsewhere").click()
    expect(page.locator("h1")).to_have_text("deleted-elsewhere")

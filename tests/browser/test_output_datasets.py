"""A run's output datasets by page: what became of each, from the run to the dataset and back.

With PICTURES=<folder> in the environment, pictures are taken on the way.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from azureml.data import OutputFileDatasetConfig
from playwright.sync_api import Page, expect
from trainyard import Experiment, Run, ScriptRunConfig, Workspace

from tests.fixtures.studio_process import StudioProcess
from tests.sdk.driving import SDK

SCRIPT = """
import sys
open(sys.argv[1] + '/rows.csv', 'w').write('n,zip\\n1,02134\\n')
if sys.argv[3:] == ['other']: open(sys.argv[1] + '/rows.csv', 'a').write('2,10001\\n')
"""
NAME = "filled-by-a-run"


@pytest.fixture(scope="module")
def workspace(live_studio: StudioProcess) -> Iterator[Workspace]:
    found = Workspace.from_config(os.fspath(live_studio.config_folder))
    yield found
    found.client.close()


@pytest.fixture(scope="module")
def runs(workspace: Workspace, tmp_path_factory) -> list[Run]:
    """One that was well, and one whose files would have replaced those of the first."""
    folder = tmp_path_factory.mktemp("script")
    (folder / "fill.py").write_text(SCRIPT)
    place = (workspace.get_default_datastore(), "filled/rows")
    rows = OutputFileDatasetConfig("rows", place).as_upload().register_on_complete(NAME)
    empty = OutputFileDatasetConfig("empty")
    made = []
    for words in ([], ["other"]):
        config = ScriptRunConfig(os.fspath(folder), "fill.py", [rows, empty, *words])
        made.append(Experiment(workspace, "output-datasets").submit(config))
        made[-1].wait_for_completion(raise_on_error=False)
    return made


def outputs_of(run: Run) -> list:
    """What was asked for, without what is of this run alone."""
    asked = run.get_details()["runDefinition"]["outputData"]
    return [str(asked[name]).replace(run.id, "") for name in sorted(asked)]


def picture(page: Page, name: str) -> None:
    if to := os.environ.get("PICTURES"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width in (1440, 900):
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=Path(to) / f"{name}-{scheme}-{width}.png", full_page=True)


def test_a_run_shows_what_it_filled_and_its_dataset_leads_back(
    signed_in_page: Page, runs, workspace
):
    page = signed_in_page
    page.goto(f"/runs/{runs[0].id}/")
    card = page.locator("#output-datasets")
    first = card.locator("tbody tr").first
    expect(first).to_contain_text(re.compile(rf"rows\s*{NAME}:1\s*filled/rows\s*upload\s*1"))
    expect(card).to_contain_text("nothing was written to it")
    picture(page, "run-output-datasets")
    page.set_viewport_size({"width": 1440, "height": 900})
    card.get_by_role("link", name=f"{NAME}:1").click()
    expect(page).to_have_url(re.compile(f"/data/{NAME}/1/"))
    makers = page.locator("table.makers")
    picture(page, "dataset-made-by")
    expect(makers.get_by_role("link", name=runs[0].name)).to_be_visible()
    makers.get_by_role("link", name=runs[0].name).click()
    expect(page).to_have_url(re.compile(f"/runs/{runs[0].id}/"))
    expect(page.locator("#run-head [data-state]")).to_be_visible()
    expect(page.locator("h2", has_text="Models it made")).to_have_count(0)  # it is no model


def test_a_run_whose_output_was_refused_says_why(signed_in_page: Page, runs):
    page = signed_in_page
    page.goto(f"/runs/{runs[1].id}/")
    expect(page.locator(".failure")).to_contain_text("what it wrote was not kept")
    words = "filled/rows/rows.csv is in the store already with other content"
    expect(page.locator(".failure")).to_contain_text(words)
    card = page.locator("#output-datasets")
    expect(card).to_contain_text(words)
    expect(card).to_contain_text("got no version")
    picture(page, "run-output-refused")


def test_run_again_fills_the_same_output(
    signed_in_page: Page, runs, workspace, live_studio, tmp_path
):
    page = signed_in_page
    page.goto(f"/w/{workspace.name}/new-run/?from={runs[0].id}")
    expect(page.locator("#submit")).to_be_enabled()
    expect(page.locator("#python-code")).to_contain_text("OutputFileDatasetConfig(")
    code = page.locator("#python-code").inner_text()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "fill.py").write_text(SCRIPT)
    # It runs as it stands, and asks for the very same.
    here = {**os.environ, "PYTHONPATH": os.fspath(SDK)}
    shutil.copytree(live_studio.config_folder / ".azureml", tmp_path / ".azureml")
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=here, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr + code
    again = Run.get(workspace, said.stdout.strip().rpartition("/")[2])
    again.wait_for_completion()
    assert outputs_of(again) == outputs_of(runs[0])
    page.locator("#submit").click()
    expect(page).to_have_url(re.compile(r"/runs/output-datasets_\w+/$"))
    run = Run.get(workspace, page.url.rstrip("/").rpartition("/")[2])
    run.wait_for_completion()
    assert run.get_details()["outputDatasets"][0]["identifier"] == {"savedId": f"{NAME}:1"}

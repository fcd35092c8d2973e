"""The New run page by clicking: what is ignored, a past run to start from, Python code."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from trainyard import Dataset, Experiment, ScriptRunConfig, Workspace

NEW = "/w/default/new-run/"
PROJECT = {
    "train.py": "import sys\nprint(sys.argv[1:])\n",
    "lib/used.py": "x = 1\n",
    "lib/notes.md": "-\n",
    "secret.key": "-\n",
    "build/one.o": "-\n",
    "build/deep/two.o": "-\n",
    ".amlignore": "build/\n*.key\n*.md\n",
}


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


@pytest.fixture
def workspace(live_studio):
    found = Workspace.from_config(os.fspath(live_studio.config_folder))
    yield found
    found.client.close()


@pytest.fixture
def project(tmp_path) -> Path:
    for path, text in PROJECT.items():
        (tmp_path / "project" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / path).write_text(text)
    return tmp_path / "project"


def opened(page: Page, address: str = NEW) -> Page:
    page.goto(address)
    expect(page.get_by_role("button", name="Submit")).to_be_enabled()
    return page


def test_the_drop_field_counts_what_is_sent_and_says_what_is_ignored(signed_in_page: Page, project):
    page = opened(signed_in_page)
    expect(page.locator("#ignored")).to_be_hidden()
    page.locator("#folder").set_input_files(project)
    ignored = page.locator("#ignored")
    expect(ignored.locator("summary")).to_have_text("4 files ignored by .amlignore")
    expect(page.locator("#drop-words")).to_contain_text("project — 3 files")
    # It stays when the studio has said what of the rest is known.
    line = page.locator("#check-code")
    expect(line).to_contain_text("to send")
    expect(line).to_contain_text("4 files ignored by .amlignore")
    ignored.locator("summary").press("Enter")
    expect(ignored.locator("li")).to_have_text(["build/ (2 files)", "lib/notes.md", "secret.key"])
    picture(page, "new-ignored")
    page.locator("#files").set_input_files(project / "train.py")
    expect(page.locator("#drop-words")).to_contain_text("train.py — 1 file")
    expect(ignored).to_be_hidden()


def test_a_past_run_is_found_and_fills_the_form_as_run_again_does(
    signed_in_page: Page, workspace, project
):
    experiment = Experiment(workspace, "past-one")
    config = ScriptRunConfig(os.fspath(project), script="train.py", arguments=["--lr", 0.5])
    run = experiment.submit(config)
    name = run.display_name
    page = opened(signed_in_page)
    expect(page.locator("#check-experiment")).to_contain_text("none yet")
    page.get_by_role("button", name="Start from a past run").click()
    dialog = page.get_by_role("dialog")
    link = dialog.get_by_role("link").filter(has_text=name)
    expect(link).to_contain_text("past-one · train.py")
    picture(page, "new-past")
    dialog.get_by_label("Find a past run").fill("no such run")
    expect(dialog).to_contain_text("holds “no such run”")
    dialog.get_by_label("Find a past run").fill("past-one train")
    link.click()
    page.wait_for_url(re.compile(rf"\?from={run.id}"))
    expect(page.locator("#arguments")).to_have_value("--lr 0.5")
    expect(page.locator("#experiment")).to_have_value("past-one")
    expect(page.locator("#check-experiment")).to_contain_text("past-one, which has 1 run")
    expect(page.locator("#drop-words")).to_contain_text(f"the code of {name}")
    page.locator("#experiment").fill("never-heard-of")
    expect(page.locator("#check-experiment")).to_contain_text("made with this run")


def test_the_same_from_python_runs_as_it_stands(
    signed_in_page: Page, workspace, live_studio, project, tmp_path
):
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "a.txt").write_text("new-run")
    data = Dataset.File.upload_directory(
        os.fspath(tmp_path / "some"), (workspace.get_default_datastore(), "new-run")
    )
    data.register(workspace, "new-run-data")
    page = opened(signed_in_page, f"{NEW}?dataset=new-run-data")
    page.locator("#folder").set_input_files(project)
    expect(page.locator("#check-code")).to_contain_text("to send")
    # One that no argument names; one that does; names that Python or the code has itself.
    page.get_by_label("Name in the script").fill("lambda")
    page.get_by_role("button", name="Add a dataset").click()
    page.get_by_label("Dataset", exact=True).nth(1).fill("new-run-data")
    page.get_by_label("Name in the script").nth(1).fill("ws")
    page.get_by_label("How the node gets it").nth(1).select_option("download")
    words = ["--lr", "0.10", "--n", "007", "--small", "0.00001", "--one", "1.0", "-3", "a b"]
    page.locator("#arguments").fill(f"{' '.join(words[:-1])} 'a b' DatasetConsumptionConfig:ws")
    page.locator("#experiment").fill("from-python")
    page.get_by_text("pip requirements", exact=True).click()
    page.locator("#pip").fill("six==1.17.0")
    page.locator("#several summary").click()
    page.locator("#max_retries").select_option("2")
    page.locator("#limit").fill("7")
    code = page.locator("#python-code")
    expect(code).to_contain_text('config.run_config.data[\n    "lambda"] = data_lambda')
    expect(code).not_to_contain_text("--lambda")
    picture(page, "new-python")
    # Beside what it names, and the config.json that Settings give.
    (tmp_path / "as-shown" / ".azureml").mkdir(parents=True)
    config = (live_studio.config_folder / ".azureml" / "config.json").read_text()
    (tmp_path / "as-shown" / ".azureml" / "config.json").write_text(config)
    project.rename(tmp_path / "as-shown" / "src")
    (tmp_path / "as-shown" / "requirements.txt").write_text("six==1.17.0\n")
    done = subprocess.run(
        [sys.executable, "-c", code.inner_text()],
        cwd=tmp_path / "as-shown", capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": os.fspath(Path(__file__).parents[2] / "sdk")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    run_id = re.search(r"runs/([\w-]+)", done.stdout)
    assert run_id, done.stdout
    run = workspace.client.get(f"runs/{run_id[1]}")
    workspace.client.post(f"runs/{run_id[1]}/cancel", {})
    assert run["arguments"] == [*words, "DatasetConsumptionConfig:ws"]
    inputs = {(one["name"], one["mode"]): one["dataset"] for one in run["inputs"]}
    assert inputs == {
        ("ws", "download"): "new-run-data:1", ("lambda", "mount"): "new-run-data:1"
    }  # fmt: skip
    assert (run["experiment"], run["max_retries"]) == ("from-python", 2)
    assert run["max_run_duration_seconds"] == 420

"""What a notebook shows: a live widget in a real Jupyter kernel, and small tables."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from azureml.core import Experiment, Run, ScriptRunConfig
from azureml.widgets import RunDetails
from playwright.sync_api import sync_playwright

from tests.sdk.driving import SDK

CHROMIUM = "/usr/bin/chromium"
SCRIPT = """
import os, time
from azureml.core import Run
run = Run.get_context()
for i in range(1000):
    run.log("<b>loss</b>", 1 / (i + 1))
    print("\\x1b[32mepoch\\x1b[0m", i, "<script>document.title = 'ran'</script>", flush=True)
    time.sleep(0.25)
    if i >= 8 and run.get_tags().get("enough"):
        break
"""
CELLS = [
    "import sys; sys.path.insert(0, {sdk!r})\n"
    "import threading, time\n"
    "from azureml.core import Experiment, ScriptRunConfig, Workspace\n"
    "from azureml.widgets import RunDetails\n"
    "workspace = Workspace.from_config({config!r})",
    "workspace",
    "Experiment(workspace, 'widget')",
    "run = Experiment(workspace, 'widget').submit(ScriptRunConfig({source!r}, 'train.py'))\n"
    "began = time.monotonic()\n"
    "RunDetails(run).show()\n"
    "assert time.monotonic() - began < 60",
    # Another cell runs meanwhile; the widget above goes on.
    "def losses():\n"
    "    found = run.get_metrics().get('<b>loss</b>', [])\n"
    "    return found if isinstance(found, list) else [found]\n"
    "while len(losses()) < 20: time.sleep(0.5)\n"
    "time.sleep(3)\nrun.tag('enough', 'yes')\n"
    "print(run.wait_for_completion()['status'])",
    "for _ in range(120):\n"
    "    left = [one for one in threading.enumerate() if one.name == 'trainyard-widget']\n"
    "    if not left: break\n"
    "    time.sleep(0.5)\n"
    "print(len(left), 'threads are left')",
    "run",
]


@pytest.fixture(scope="module")
def shown(live_studio, tmp_path_factory):
    """The notebook after it ran, and what its widget showed meanwhile."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "src").mkdir()
    (folder / "src" / "train.py").write_text(SCRIPT)
    places = {
        "sdk": str(SDK),
        "config": os.fspath(Path(live_studio.config_path).parent),
        "source": os.fspath(folder / "src"),
    }
    (folder / "cells.json").write_text(json.dumps([cell.format(**places) for cell in CELLS]))
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("in_a_kernel.py"), "cells.json", "out.json"],
        cwd=folder, capture_output=True, text=True, timeout=600,
        env=dict(os.environ, IPYTHONDIR=str(folder / "ipython"), JUPYTER_NO_CONFIG="1"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads((folder / "out.json").read_text())


def outputs(shown, number):
    return shown["notebook"]["cells"][number]["outputs"]


def html(shown, number):
    (output,) = outputs(shown, number)
    return "".join(output["data"]["text/html"])


def test_the_widget_is_live_and_ends_with_the_run(shown):
    assert outputs(shown, 4)[0]["text"] == "Completed\n"
    assert outputs(shown, 5)[0]["text"] == "0 threads are left\n"
    updates = shown["updates"]
    assert any(">Running<" in one and "<polyline" in one for one in updates)
    assert ">Completed<" in updates[-1] and html(shown, 3) == updates[-1]
    growing = [one for one in updates if ">Running<" in one]
    assert len(set(growing)) > 2
    assert "Status: Completed" in "".join(outputs(shown, 3)[0]["data"]["text/plain"])


def test_the_saved_notebook_holds_no_token_and_no_script(shown, live_studio):
    token = json.loads(Path(live_studio.config_path).read_text())["trainyard"]["token"]
    saved = json.dumps(shown)
    assert token not in saved and "<script" not in saved.replace("&lt;script", "")
    assert "&lt;b&gt;loss&lt;/b&gt;" in html(shown, 3) and "\x1b" not in html(shown, 3)


def test_runs_experiments_and_workspaces_are_tables(shown):
    for number, heads in (
        (1, ("Name", "Subscription", "Resource group", "Location", "Studio")),
        (2, ("Name", "Workspace", "Report Page", "Docs Page")),
        (6, ("Experiment", "Id", "Type", "Status", "Details Page", "Docs Page")),
    ):
        assert "".join(f"<th>{name}</th>" for name in heads) in html(shown, number)
    text = "".join(outputs(shown, 6)[0]["data"]["text/plain"])
    assert text.startswith("Run(Experiment: widget,\nId: widget_")
    assert text.endswith(",\nType: azureml.scriptrun,\nStatus: Completed)")
    assert "Experiment(Name: widget,\nWorkspace: default)" in json.dumps(
        outputs(shown, 2)[0]["data"]["text/plain"]
    ).replace("\\n", "\n")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_draws_it(shown, scheme):
    said = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--disable-gpu", "--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 900, "height": 700}, color_scheme=scheme)
        page.on("console", lambda message: said.append(message.text))
        page.set_content(
            '<!doctype html><meta name="color-scheme" content="light dark">' + html(shown, 3)
        )
        assert page.locator(".ty-run svg polyline").count() == 1
        assert page.locator(".ty-state").inner_text() == "Completed"
        assert "<script>document.title" in page.locator(".ty-run pre").inner_text()
        assert page.title() == ""
        assert page.evaluate("document.documentElement.scrollWidth") <= 900
        browser.close()
    assert said == []


def test_in_a_plain_script_it_prints_and_returns(workspace, tmp_path, capsys):
    (tmp_path / "train.py").write_text("print('hello')\n")
    run = Experiment(workspace, "widget").submit(ScriptRunConfig(os.fspath(tmp_path), "train.py"))
    details = RunDetails(run)
    assert details.show() is None
    said = capsys.readouterr().out
    assert said.startswith(f"Run(Experiment: widget,\nId: {run.id},\n")
    assert said.endswith(f"Web View: {run.get_portal_url()}\n")
    assert run.wait_for_completion()["status"] == "Completed"
    found = details.get_widget_data()
    assert (found["run_id"], found["status"]) == (run.id, "Completed")


def test_an_offline_run_is_shown_as_what_it_is(capsys):
    offline = Run.get_context()
    RunDetails(offline).show()
    assert capsys.readouterr().out == repr(offline) + "\n"
    with pytest.raises(Exception, match=r"RunDetails shows a run, .* not 'mnist'"):
        RunDetails("mnist")

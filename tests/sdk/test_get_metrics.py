"""What was logged is what get_metrics() gives, through a whole studio; also one that is killed."""

import json
import math
import os
import time

import pytest
from azureml.core import Experiment, Run, ScriptRunConfig, Workspace
from trainyard import _metrics

from tests.sdk.driving import until
from tests.sdk.test_logging import EVERY_CALL

MORE = """
for number in range(3):
    run.log("number", number)
run.log("both", 1)
run.log("both", 2.5)
run.log("exact", 2**53)
run.log("word", "NaN")
run.log("lost", float("nan"))
run.log("lost", float("-inf"))
run.log_row("one row", x=1, y=None, z=float("nan"))
run.log_table("one line", {"a": [True]})
run.log_list("one item", [5])
inside = run.get_metrics()
assert inside["number"] == [0, 1, 2] and inside["one item"] == [5], inside
assert inside["picture"].endswith(".jpg")
"""


def submit(workspace, folder, text, *arguments):
    (folder / "src").mkdir()
    (folder / "src" / "train.py").write_text(text)
    config = ScriptRunConfig(os.fspath(folder / "src"), script="train.py", arguments=[*arguments])
    return Experiment(workspace, "get-metrics").submit(config)


def same(found, wanted):
    """Equal, of equal types, NaN being NaN."""
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[k], wanted[k]) for k in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if type(wanted) is float and math.isnan(wanted):
        return type(found) is float and math.isnan(found)
    return type(found) is type(wanted) and found == wanted


WANTED = {
    "loss": 0.5, "a b/c:d ä": True, "numbers": [1.0, 2.5, 0.0, 1.0], "whole": [0, 1, 2],
    "truth": [True, False], "words": ["a", "ä\t\n"], "mixed": [1, None, "x", math.nan, True],
    "rows": {"x": [1, 2], "y": [2.5, None], "z": [None, math.inf], "step": [None, 9]},
    "table": {"x": [1, 2], "ä": ["p", None]}, "number": [0, 1, 2], "both": [1.0, 2.5],
    "exact": 2**53, "word": "NaN", "lost": [math.nan, -math.inf],
    "one row": {"x": 1, "y": None, "z": math.nan}, "one line": {"a": True}, "one item": [5],
}  # fmt: skip
FILES = {"plot/ä: 1", "picture", "matrix", "accuracy", "residuals", "predictions"}


@pytest.fixture(scope="module")
def logged(live_studio, tmp_path_factory):
    """A run that has made every call, with its workspace."""
    folder = tmp_path_factory.mktemp("logged")
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    run = submit(workspace, folder, EVERY_CALL + MORE)
    run.wait_for_completion()
    yield Run.get(workspace, run.id)
    workspace.client.close()


def test_every_call_comes_back_in_its_shape(logged):
    found = logged.get_metrics()
    assert found.keys() == WANTED.keys() | FILES
    differs = {name for name in WANTED if not same(found[name], WANTED[name])}
    assert not differs, {name: found[name] for name in differs}
    root = f"aml://artifactId/ExperimentRun/dcid.{logged.id}/"
    assert found["matrix"] == root + "matrix"
    assert [one.startswith(root + "predictions") for one in found["predictions"]] == [True, True]


def test_one_metric_is_given_by_its_name(logged):
    assert logged.get_metrics(name="a b/c:d ä") == {"a b/c:d ä": True}
    assert logged.get_metrics("nothing") == {}
    assert logged.get_metrics("number", recursive=True) == {logged.id: {"number": [0, 1, 2]}}
    assert logged.get_metrics("both", run_type="azureml.scriptrun") == {"both": [1, 2.5]}
    assert logged.get_metrics("both", run_type="hyperdrive") == {}


def test_files_are_among_the_runs_files_and_their_content_can_be_had_at_once(logged, tmp_path):
    found = logged.get_metrics("picture", populate=True)
    assert found == {"picture": b"jpeg"}
    two = logged.get_metrics("predictions", populate=True)["predictions"]
    assert [one["data"] for one in two] == [{"bin_counts": [1]}, {"bin_counts": [2]}]
    path = logged.get_metrics("plot/ä: 1")["plot/ä: 1"].partition(logged.id + "/")[2]
    assert path in logged.get_file_names()
    logged.download_file(path, os.fspath(tmp_path / "picture.png"))
    assert (tmp_path / "picture.png").read_bytes() == b"\x89PNG png"
    logged.download_file("matrix", os.fspath(tmp_path / "matrix.json"))
    assert json.loads((tmp_path / "matrix.json").read_text())["schema_type"] == "confusion_matrix"


def test_long_series_and_many_names_are_asked_for_in_pages(logged, monkeypatch):
    whole = logged.get_metrics()
    asked = []
    get = logged._client.get
    monkeypatch.setattr(logged._client, "get", lambda *a, **k: asked.append(k) or get(*a, **k))
    monkeypatch.setattr(_metrics, "PAGE_POINTS", 2)
    monkeypatch.setattr(_metrics, "PAGE_CHARACTERS", 40)
    assert same(logged.get_metrics(), whole)
    assert len(asked) > len(whole) / 2 and max(one.get("after", 0) for one in asked) > 0


AWAY = """
import sys, time
from azureml.core import Run
run = Run.get_context()
for n in range(500):
    run.log("n", n, step=n * 3)
    run.log_row("row", n=n, half=n / 2)
    if n % 100 == 0:
        run.log_residuals("file", {"data": {"n": n}})
    time.sleep(0.02)
"""


def check_once(run):
    found = run.get_metrics(populate=True)
    assert found["n"] == list(range(500))
    assert found["row"] == {"n": list(range(500)), "half": [n / 2 for n in range(500)]}
    assert [one["data"]["n"] for one in found["file"]] == [0, 100, 200, 300, 400]
    points = run._client.get(f"runs/{run.id}/metrics/points", name="n")["series"]["n"]
    assert points["steps"] == [n * 3 for n in range(500)]


def test_a_studio_that_is_killed_again_and_again_has_every_point_once(own_studio, tmp_path):
    own_studio.start()
    workspace = Workspace.from_config(os.fspath(own_studio.config_folder))
    run = submit(workspace, tmp_path, AWAY)
    until(lambda: run.get_metrics("n"))
    for number in range(3):
        before = own_studio.record.children["web"]
        own_studio.kill("web")
        time.sleep(1.5)  # the script goes on
        until(lambda was=before: own_studio.record.children.get("web", was) != was)
        own_studio.wait_until_ready()
        if number == 1:
            own_studio.kill_all()
            own_studio.start()
    run.wait_for_completion()
    check_once(run)
    workspace.client.close()


DRIVER_KILLED = """
import os, sys, time
from azureml.core import Run
run = Run.get_context()
for n in range(30000):
    run.log("n", n, step=n * 3)
    if n % 200 == 0:
        time.sleep(0.01)
    if n == 20000:
        os.kill(os.getppid(), 9)
        os.kill(os.getpid(), 9)
"""


def test_a_script_and_its_driver_that_are_killed_lose_and_double_nothing(workspace, tmp_path):
    run = submit(workspace, tmp_path, DRIVER_KILLED)
    run.wait_for_completion(raise_on_error=False)
    assert run.status == "Failed"
    assert run.get_metrics("n")["n"] == list(range(20001))

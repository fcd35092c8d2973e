"""Runs that a notebook begins by itself, and runs below runs: by the SDK, in a whole studio."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from azureml.core import Experiment, Run, ScriptRunConfig
from azureml.exceptions import SnapshotException, UserErrorException
from trainyard._errors import Conflict

from tests.sdk.driving import SDK, until

NOTES = """
import sys
from azureml.core import Experiment, Workspace
workspace = Workspace.from_config(sys.argv[1])
run = Experiment(workspace, "left").start_logging(snapshot_directory=None)
run.log("x", 1)
print(run.id)
"""
BELOW = """
from azureml.core import Run
run = Run.get_context()
with run.child_run("fold") as child:
    child.log("acc", 0.75)
    run.log("loss", 0.5)
assert child.get_status() == "Completed" and child.parent.id == run.id
assert child.get_metrics() == {"acc": 0.75}, child.get_metrics()
assert [one.id for one in run.get_children()] == [child.id]
run.tag("kept", "1")
run.tag("gone", "1")
run.remove_tags(["gone"])
"""


@pytest.fixture
def experiment(workspace, request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Experiment(workspace, "in-" + request.node.name.replace("_", "-")[:60])


def test_it_logs_from_the_first_line_and_keeps_its_outputs_when_it_completes(experiment, tmp_path):
    (tmp_path / "train.py").write_text("print(1)\n")
    (tmp_path / "outputs").mkdir()
    run = experiment.start_logging(display_name="by hand", tags={"kind": "good"})
    assert (run.get_status(), run.type, run.name) == ("Running", None, "by hand")
    for step in range(300):
        run.log("loss", 1 / (step + 1))
    run.log_list("sizes", [1, 2, 3])
    run.upload_file("notes/one.txt", tmp_path / "train.py")
    (tmp_path / "outputs" / "model.txt").write_text("weights")
    assert until(lambda: Run(experiment, run.id).get_metrics("loss"))
    run.complete()
    assert run.status == run.get_status() == "Completed"
    assert run.get_metrics() == {
        "loss": [1 / (step + 1) for step in range(300)],
        "sizes": [1, 2, 3],
    }
    assert run.get_file_names() == ["notes/one.txt", "outputs/model.txt"]
    assert run.register_model("by-hand", "outputs/model.txt").properties["run_id"] == run.id
    details = run.get_details()
    assert (details["target"], details["runDefinition"]) == ("local", None)
    with zipfile.ZipFile(run.restore_snapshot(path=os.fspath(tmp_path / "zips"))) as code:
        assert code.namelist() == ["train.py"]
    with pytest.raises(UserErrorException, match="has ended as Completed and takes no more"):
        run.log("loss", 1)


def test_in_a_with_it_completes_or_fails_as_the_block_does(experiment):
    with experiment.start_logging(snapshot_directory=None) as good:
        good.log("x", 1)
    assert good.get_status() == "Completed"
    with pytest.raises(ZeroDivisionError), experiment.start_logging(snapshot_directory=None) as bad:
        bad.log("x", 1 / 0)
    assert bad.get_status() == "Failed"
    assert bad.get_details()["error"]["error"]["message"] == "ZeroDivisionError: division by zero"
    run = experiment.start_logging(snapshot_directory=None)
    run.fail(error_details="no data", error_code="NoData")
    assert run.get_details()["error"]["error"]["details"]["type"] == "NoData"


def test_one_that_is_canceled_takes_nothing_more_and_says_so(experiment, capsys):
    run = experiment.start_logging(snapshot_directory=None)
    Run(experiment, run.id).cancel()
    until(lambda: run.get_status() == "Canceled")
    run.log("x", 1)
    until(lambda: "has ended; nothing more is kept of it" in capsys.readouterr().err)
    run.complete()
    assert run.get_status() == "Canceled"


def test_a_script_that_completes_nothing_is_told_and_loses_nothing(live_studio, workspace):
    environ = {**os.environ, "PYTHONPATH": str(SDK)}
    folder = Path(live_studio.config_path).parent
    said = subprocess.run(
        [sys.executable, "-c", NOTES, folder], env=environ, capture_output=True, text=True,
        check=True, timeout=120,
    )  # fmt: skip
    run = workspace.get_run(said.stdout.strip())
    assert (run.get_status(), run.get_metrics()) == ("Running", {"x": 1})
    assert "call run.complete() at the end of the script" in said.stderr
    run.complete()
    assert run.get_status() == "Completed"


def test_children_are_begun_tagged_found_and_ended_one_by_one(experiment):
    run = experiment.start_logging(snapshot_directory=None, display_name="search")
    folds = run.create_children(tag_key="fold", tag_values=[1, 2])
    for number, child in enumerate(folds):
        child.log("acc", number / 2)
        child.complete()
    with run.child_run("last") as last:
        last.log("acc", 1.0)
        below = last.child_run()
        below.complete()
    run.complete()
    assert last.name == "search>last" and last.parent.id == run.id
    found = list(run.get_children())
    assert [one.id for one in found] == [last.id, folds[1].id, folds[0].id]
    assert [one.get_metrics() for one in found] == [{"acc": 1.0}, {"acc": 0.5}, {"acc": 0.0}]
    assert run.get_metrics(recursive=True) == {
        run.id: {}, last.id: {"acc": 1.0}, below.id: {}, folds[0].id: {"acc": 0.0},
        folds[1].id: {"acc": 0.5},
    }  # fmt: skip
    assert last.get_metrics("acc", recursive=True) == {last.id: {"acc": 1.0}, below.id: {}}
    assert {one.id for one in run.get_children(recursive=True)} == {
        *(one.id for one in found), below.id,
    }  # fmt: skip
    assert [one.id for one in run.get_children(tags={"fold": "2"})] == [folds[1].id]
    assert [one.id for one in experiment.get_runs()] == [run.id]
    assert len(list(experiment.get_runs(include_children=True))) == 5
    for wrong in ({}, {"count": 2, "tag_key": "x", "tag_values": [1]}, {"count": 101}):
        with pytest.raises(UserErrorException, match="create_children"):
            run.create_children(**wrong)


def test_runs_are_found_by_tags_properties_type_and_status(experiment):
    for name in ("one", "two"):
        run = experiment.start_logging(snapshot_directory=None, tags={"kind": name})
        run.add_properties({"p": name})
        run.complete()

    def kinds(**wanted):
        return [one.tags["kind"] for one in Run.list(experiment, **wanted)]

    assert kinds() == kinds(tags="kind") == kinds(status="Completed") == ["two", "one"]
    assert kinds(tags={"kind": "one"}) == kinds(properties={"p": "one"}) == ["one"]
    assert kinds(tags={"kind": "one"}, properties={"p": "two"}) == []
    assert kinds(type="azureml.scriptrun") == kinds(status="Failed") == []


def test_a_script_on_a_cluster_has_children_too(experiment, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(BELOW)
    run = experiment.submit(ScriptRunConfig(os.fspath(tmp_path / "src"), "train.py"))
    run.wait_for_completion(raise_on_error=False)
    logs = run.get_details_with_logs()["logFiles"]
    assert run.status == "Completed", logs
    [child] = run.get_children()
    assert child.get_metrics() == {"acc": 0.75} and run.get_metrics() == {"loss": 0.5}
    assert run.get_tags() == {"kept": "1"} and run.type == "azureml.scriptrun"
    with pytest.raises(UserErrorException, match="environment is what is installed where"):
        child.get_environment()
    run.complete()  # it has ended: there is nothing to do
    run.display_name, run.description = "renamed", "in words"
    again = Run(experiment, run.id)
    assert (again.name, again.description) == ("renamed", "in words")


def test_a_run_of_a_cluster_cannot_be_ended_by_hand(experiment, tmp_path):
    (tmp_path / "train.py").write_text("import time; time.sleep(600)\n")
    run = experiment.submit(ScriptRunConfig(os.fspath(tmp_path), "train.py"))
    with pytest.raises(Conflict, match="to end it now, cancel it"):
        run.complete()
    run.cancel()
    run.wait_for_completion()
    assert run.get_detailed_status() == {"status": "Canceled", "details": None}


def test_a_folder_that_is_too_large_says_how_to_begin_without_it(experiment, tmp_path):
    with open(tmp_path / "large.bin", "wb") as file:
        file.truncate(301 * 1024 * 1024)
    with pytest.raises(SnapshotException, match="Pass snapshot_directory=None to start_logging"):
        experiment.start_logging()
    assert list(experiment.get_runs()) == []

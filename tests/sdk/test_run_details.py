"""What get_details() of a run says, what its script finds in its environment, and being watched."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.exceptions import UserErrorException
from trainyard import _following, _run_details

from tests.sdk.driving import SDK
from tests.sdk.test_git import CLEAN, REMOTE, git

TELLS = """
import json, os
names = ("AZUREML_", "MLFLOW_", "TRAINYARD_")
told = {name: text for name, text in os.environ.items() if name.startswith(names)}
open("outputs/environ.json", "w").write(json.dumps(told))
print(os.getcwd())
"""
WAITS = """
import os, sys, time
print("it is here", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
"""
FAILS = "raise ValueError('no such column')\n"
# Never set, for nothing stands behind them; docs/sdk-runs.md says why.
NOT_SET = ("AZUREML_DISCOVERY_SERVICE_ENDPOINT", "AZUREML_RUN_TOKEN_RAND", "AZUREML_RUN_TOKEN_PASS")
OF_V1 = {
    "script", "command", "useAbsolutePath", "arguments", "sourceDirectoryDataStore", "framework",
    "communicator", "target", "dataReferences", "data", "outputData", "jobName",
    "maxRunDurationSeconds", "nodeCount", "priority", "credentialPassthrough", "environment",
    "history", "spark", "parallelTask", "amlCompute", "aiSuperComputer", "tensorflow", "mpi",
    "pyTorch", "hdi", "containerInstance", "exposedPorts", "docker", "cmk8sCompute",
    "commandReturnCodeConfig",
}  # fmt: skip
AROUND_ERRORS = {"error", "correlation", "environment", "location", "time", "componentName"}
OF_ERRORS = {
    "code", "severity", "message", "messageFormat", "messageParameters", "referenceCode",
    "detailsUri", "target", "details", "innerError", "debugInfo",
}  # fmt: skip


def submit(workspace, folder, text, *arguments, **settings):
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text(text)
    config = ScriptRunConfig(
        os.fspath(folder), "train.py", [str(word) for word in arguments], **settings
    )
    return Experiment(workspace, "details").submit(config)


def test_a_run_of_a_repository_says_its_commit_and_all_keys_of_v1(workspace, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("print(1)\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "remote", "add", "origin", REMOTE)
    commit = git(tmp_path, "rev-parse", "HEAD")
    details = submit(workspace, tmp_path / "src", "print(2)\n").wait_for_completion()
    marks = details["properties"]
    assert marks["azureml.git.commit"] == marks["mlflow.source.git.commit"] == commit
    assert marks["azureml.git.repository_uri"] == marks["mlflow.source.git.repoURL"] == CLEAN
    assert (marks["azureml.git.branch"], marks["azureml.git.dirty"]) == ("main", "True")
    assert marks["_azureml.ComputeTargetType"] == "amlcompute" and marks["ContentSnapshotId"]
    assert "s3cret" not in json.dumps(details) and "warnings" not in details
    assert set(details["runDefinition"]) >= OF_V1
    assert details["runDefinition"]["docker"]["useDocker"] is False
    assert set(details) >= {"inputDatasets", "outputDatasets", "logFiles", "submittedBy"}
    json.dumps(details)


def test_a_notebooks_run_says_its_commit_too(workspace, tmp_path):
    (tmp_path / "notebook.py").write_text("")
    git(tmp_path, "init", "-q")
    experiment = Experiment(workspace, "details")
    with experiment.start_logging(snapshot_directory=os.fspath(tmp_path)) as run:
        assert run.properties["azureml.git.branch"] == "main"
    with experiment.start_logging(snapshot_directory=None) as run:
        assert "azureml.git.branch" not in run.properties


def test_an_error_has_the_keys_of_v1(workspace, tmp_path):
    run = submit(workspace, tmp_path / "src", FAILS)
    error = run.wait_for_completion(raise_on_error=False)["error"]
    assert set(error) == AROUND_ERRORS
    assert set(error["error"]) == OF_ERRORS and error["error"]["detailsUri"] == run.get_portal_url()
    assert "no such column" in error["error"]["debugInfo"]["stackTrace"]


def test_what_was_left_out_is_a_warning(workspace, tmp_path, capsys):
    environment = Environment("lacks")
    environment.python.user_managed_dependencies = True
    words = {"pip": "", "left_out": ["cupy-cuda90==5.1.0: left out, no GPU"]}
    environment._write(words, environment.python.conda_dependencies)
    environment.python.user_managed_dependencies = False
    run = submit(workspace, tmp_path / "src", "print(1)\n", environment=environment)
    details = run.wait_for_completion(show_output=True)
    message = "cupy-cuda90==5.1.0: left out, no GPU"
    assert details["warnings"] == [{"source": "environment", "message": message}]
    assert "\nWarnings:\n" + message + "\n" in capsys.readouterr().out


def test_a_script_finds_what_the_table_says_and_nothing_that_pretends(workspace, tmp_path):
    run = submit(workspace, tmp_path / "src", TELLS)
    run.wait_for_completion()
    run.download_file("outputs/environ.json", os.fspath(tmp_path / "told.json"))
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["AZUREML_RUN_ID"] == run.id
    assert told["AZUREML_SERVICE_ENDPOINT"] == workspace.client.url
    assert told["AZUREML_OUTPUT_DIRECTORY"].endswith("/outputs")
    days = (int(told["AZUREML_RUN_TOKEN_EXPIRY"]) - time.time()) / 86400
    assert 59 < days <= 60 and told["AZUREML_RUN_TOKEN"]
    assert not [name for name in told if name.startswith("MLFLOW_") or name in NOT_SET]
    page = (Path(__file__).parents[2] / "docs" / "sdk-runs.md").read_text(encoding="utf-8")
    public = [name for name in told if name.startswith("AZUREML_")]
    assert [name for name in [*public, *NOT_SET] if name not in page] == []


def test_what_was_not_delivered_is_a_warning_and_what_notebooks_say_is_none():
    lost = {"state": "Completed", "text": "3 files were not brought"}
    facts = {"state": "Completed", "events": [{"state": "Running", "text": "x"}, lost]}
    said = [{"source": "driver", "message": "3 files were not brought"}]
    assert _run_details.warnings_of(facts) == said
    assert _run_details.warnings_of(dict(facts, interactive=True)) == []
    assert _run_details.warnings_of(dict(facts, steps=[])) == []
    assert _run_details.warnings_of(dict(facts, state="Failed")) == []


# --- how often it is asked -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("least", "most", "pauses"),
    [
        (None, None, (0.2, 1.0)), ("5", None, (5.0, 5.0)), (None, "30", (0.2, 30.0)),
        ("2", "60", (2.0, 60.0)), (None, "0.1", (0.1, 0.1)), ("", "", (0.2, 1.0)),
    ],
)  # fmt: skip
def test_variables_say_how_often_a_waiting_script_asks(least, most, pauses, monkeypatch):
    for name, text in ((_following.LEAST, least), (_following.MOST, most)):
        monkeypatch.delenv(name, raising=False)
        if text is not None:
            monkeypatch.setenv(name, text)
    assert _following.pauses(1.0) == pauses


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf"])
def test_a_variable_that_is_no_number_of_seconds_is_named(text, monkeypatch):
    monkeypatch.setenv(_following.MOST, text)
    with pytest.raises(UserErrorException, match=_following.MOST):
        _following.pauses(1.0)


# --- Ctrl-C -------------------------------------------------------------------------------------
WATCHES = """
import sys
from azureml.core import Run, Workspace
run = Run.get(Workspace.from_config(sys.argv[1]), sys.argv[2])
try:
    run.wait_for_completion(show_output=True)
finally:
    run.tag("still", run.get_status())  # the connection is of use after it
"""


def test_ctrl_c_ends_the_waiting_and_says_how_to_end_the_run(workspace, live_studio, tmp_path):
    gate = tmp_path / "gate"
    run = submit(workspace, tmp_path / "src", WAITS, gate)
    watching = subprocess.Popen(
        [sys.executable, "-c", WATCHES, str(Path(live_studio.config_path).parent), run.id],
        env={**os.environ, "PYTHONPATH": os.fspath(SDK)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in watching.stdout:
        if "it is here" in line:
            break
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=60)
    assert watching.returncode == 1 and "ExperimentExecutionException" in said
    assert "But the run is still executing on the compute target." in said
    assert f"run.cancel(), or Cancel on {run.get_portal_url()}" in said
    assert run.get_status() == "Running" and run.get_tags()["still"] == "Running"
    gate.touch()
    assert run.wait_for_completion()["status"] == "Completed"

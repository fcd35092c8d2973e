"""A script's way through a whole studio, by the SDK: submit, follow, metrics, files, model."""

import os
from pathlib import Path

import pytest
from azureml.core import Environment, Experiment, Run, ScriptRunConfig, Workspace
from azureml.exceptions import (
    ActivityFailedException,
    ComputeTargetException,
    ExperimentExecutionException,
    ModelPathNotFoundException,
    SnapshotException,
    UserErrorException,
)
from trainyard import AmlCompute, ComputeTarget, Model, _config, _snapshot

from tests.sdk.driving import is_alive, until

TRAINS = """
import argparse
from azureml.core import Run
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
lr = parser.parse_args().lr
run = Run.get_context()
for step in range(500):
    run.log("loss", lr / (step + 1))
run.log("lr", lr)
run.log("broken", float("nan"))
run.log("epochs", 3)
run.log("note", "fein ä")
run.tag("kind", "test")
for number in range(200):
    print("line", number)
open("outputs/model.bin", "wb").write(bytes(range(256)) * 1000)
open("logs/more.txt", "w").write("more")
"""


@pytest.fixture
def source(tmp_path):
    """Write files given by name and return their folder."""

    def write(**files):
        folder = tmp_path / "src"
        for name, text in files.items():
            place = folder / (name.replace("__", "/") + ("" if "." in name else ".py"))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        return os.fspath(folder)

    return write


def submit(workspace, folder, **settings):
    settings = {"script": "train.py", **settings}
    return Experiment(workspace, "sdk-tests").submit(ScriptRunConfig(folder, **settings))


def test_a_run_from_submit_to_a_downloaded_model(workspace, source, tmp_path, capsys):
    run = submit(workspace, source(train=TRAINS), arguments=["--lr", 0.5])
    assert run.id.startswith("sdk-tests_") and run.get_status() not in ("Failed", "Canceled")
    details = run.wait_for_completion(show_output=True)
    said = capsys.readouterr().out
    lines = "".join(f"line {number}\n" for number in range(200))
    heading = "Streaming azureml-logs/70_driver_log.txt\n========================================"
    assert said.startswith(f"RunId: {run.id}\nWeb View: {run.get_portal_url()}\n")
    assert said.count(f"{heading}\n\n{lines}") == 1
    assert "\nExecution Summary\n=================\nRunId: " in said
    assert details["status"] == "Completed"
    assert details["runDefinition"]["arguments"] == ["--lr", "0.5"]
    metrics = run.get_metrics()
    assert metrics["loss"] == [0.5 / (step + 1) for step in range(500)]
    assert (metrics["lr"], metrics["epochs"], metrics["note"]) == (0.5, 3, "fein ä")
    assert metrics["broken"] != metrics["broken"]
    assert run.get_metrics(name="lr") == {"lr": 0.5}
    names = run.get_file_names()
    assert {"azureml-logs/70_driver_log.txt", "logs/more.txt", "outputs/model.bin"} <= set(names)
    run.download_file("outputs/model.bin", os.fspath(tmp_path / "copy.bin"))
    content = bytes(range(256)) * 1000
    assert (tmp_path / "copy.bin").read_bytes() == content
    assert run.get_tags() == {"kind": "test"}
    model = run.register_model("sdk-model", "outputs/model.bin", tags={"a": "b"})
    assert model.id == f"sdk-model:{model.version}" and model.tags == {"a": "b"}
    place = Model(workspace, "sdk-model").download(os.fspath(tmp_path / "models"))
    assert Path(place).read_bytes() == content
    with pytest.raises(ModelPathNotFoundException, match=r"outputs/model\.bin"):
        run.register_model("sdk-model", "outputs/nothing")


def test_a_failed_run_raises_with_the_last_line_of_its_traceback(workspace, source):
    run = submit(workspace, source(train="raise ValueError('no such data')"))
    with pytest.raises(ActivityFailedException, match="ValueError: no such data"):
        run.wait_for_completion()
    error = run.get_details()["error"]["error"]
    assert error["code"] == "UserError" and error["details"]["exit_code"] == 1


def test_a_canceled_run_leaves_no_process(workspace, source, tmp_path):
    pid_file = tmp_path / "pid"
    run = submit(
        workspace,
        source(train="import os, sys, time\nopen(sys.argv[1], 'w').write(str(os.getpid()))\n"
                     "time.sleep(300)"),
        arguments=[os.fspath(pid_file)],
    )  # fmt: skip
    until(lambda: pid_file.exists() and pid_file.read_text())
    run.cancel()
    run.wait_for_completion()
    assert run.status == "Canceled"
    until(lambda: not is_alive(int(pid_file.read_text())))


def test_the_same_folder_again_sends_nothing_and_is_the_same_snapshot(workspace, source):
    folder = source(train="print(1)", data__x="2")
    first = _snapshot.take(workspace.client, workspace.name, folder)
    hashes = [sha256 for _, sha256 in _snapshot._hashed(folder, _snapshot.listing(folder))]
    answer = workspace.client.post(workspace.api("blobs/missing"), {"sha256": hashes})
    assert answer["missing"] == []
    assert _snapshot.take(workspace.client, workspace.name, folder) == first


def test_too_large_a_folder_is_refused_before_anything_is_sent(workspace, source):
    folder = source(train="print(1)", data__small="unique words 4711")
    with open(Path(folder) / "data" / "big.bin", "wb") as file:
        file.truncate(400 * 1024 * 1024)
    with pytest.raises(SnapshotException, match="Your total snapshot size exceeds the limit") as e:
        submit(workspace, folder)
    assert "data/" in e.value.message and ".amlignore" in e.value.message
    _, sha256 = _snapshot._hashed(folder, _snapshot.listing(folder))[1]
    missing = workspace.client.post(workspace.api("blobs/missing"), {"sha256": [sha256]})
    assert missing["missing"] == [sha256]
    (Path(folder) / ".amlignore").write_text("data/\n")
    submit(workspace, folder).cancel()


def test_a_missing_script_is_named(workspace, source):
    with pytest.raises(ExperimentExecutionException, match="script path doesn't exist"):
        submit(workspace, source(train="print(1)"), script="nothing.py")


def test_an_unknown_cluster_lists_the_known_ones(workspace, source):
    with pytest.raises(ComputeTargetException, match="cpu-cluster"):
        submit(workspace, source(train="print(1)"), compute_target="gpu-big")
    with pytest.raises(ComputeTargetException, match="ComputeTargetNotFound"):
        ComputeTarget(workspace, "gpu-big")
    assert type(ComputeTarget(workspace, "cpu-cluster")) is AmlCompute
    assert "cpu-cluster" in workspace.compute_targets


def test_a_wrong_token_is_told_as_such(live_studio, tmp_path):
    words = _config.read(live_studio.config_path)
    _config.write(words._replace(token="ty_wrong"), os.fspath(tmp_path))
    with pytest.raises(UserErrorException, match="token"):
        Workspace.from_config(os.fspath(tmp_path))


def test_an_environment_is_registered_once_per_content(workspace, tmp_path):
    (tmp_path / "requirements.txt").write_text("six\n")
    environment = Environment.from_pip_requirements(
        "sdk-env", os.fspath(tmp_path / "requirements.txt")
    )
    first = environment.register(workspace)
    assert environment.register(workspace).version == first.version
    assert Environment.get(workspace, "sdk-env").order() == {
        "name": "sdk-env", "version": int(first.version),
    }  # fmt: skip
    with pytest.raises(UserErrorException, match="sdk-nothing"):
        Environment.get(workspace, "sdk-nothing")


def test_an_environment_that_cannot_be_solved_fails_the_run_by_name(workspace, source, tmp_path):
    (tmp_path / "r.txt").write_text("six==999.0\n")
    environment = Environment.from_pip_requirements("no-such-six", os.fspath(tmp_path / "r.txt"))
    run = submit(workspace, source(train="print(1)"), environment=environment)
    with pytest.raises(ActivityFailedException, match=r"six"):
        run.wait_for_completion()
    assert [event["state"] for event in run.get_events()][-2:] == ["Preparing", "Failed"]


def test_runs_and_experiments_are_listed(workspace, source):
    run = submit(workspace, source(train="print(1)"))
    run.cancel()
    experiment = workspace.experiments["sdk-tests"]
    assert next(experiment.get_runs()).id == run.id
    assert Run.get(workspace, run.id).number == run.number
    with pytest.raises(UserErrorException):
        workspace.get_run("nothing_1_00000000")


def test_nobodys_token_becomes_part_of_a_snapshot_and_a_job_needs_none(
    workspace, source, live_studio
):
    script = "from azureml.core import Workspace\nprint(Workspace.from_config().name)\n"
    folder = source(train=script)
    config = Path(folder) / ".azureml" / "config.json"
    config.parent.mkdir()
    config.write_text(Path(live_studio.config_path).read_text())
    run = submit(workspace, folder)
    assert run.wait_for_completion()["status"] == "Completed"
    snapshot = workspace.client.get(f"runs/{run.id}/snapshot")
    assert [path for path, _, _ in snapshot["files"]] == ["train.py"]

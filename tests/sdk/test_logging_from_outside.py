"""Runs that are logged to from outside: a step's pipeline run, and one that was submitted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from azureml.core import Experiment, Run, ScriptRunConfig
from azureml.exceptions import UserErrorException
from azureml.pipeline.core import Pipeline

from tests.fixtures.pythons import found
from tests.fixtures.waiting import until
from tests.sdk.driving import SDK
from tests.sdk.pipelining import steps_of

STEP = """
import os
from azureml.core import Run
run = Run.get_context()
run.log("mse", 0.5)
run.parent.log("mse", 0.25)
for value in (1, 2, 3):
    run.parent.log("fold", value)
run.parent.log_row("best", x=1, y=2.5)
run.parent.flush()
print("there:", run.parent.get_metrics("mse"), flush=True)
run.parent.log("last", 7)
"""
WAITS = """
import os, sys, time
from azureml.core import Run
run = Run.get_context()
for step in range(5):
    run.log("loss", 1 / (step + 1))
run.log_confusion_matrix("seen", {"class_labels": ["a", "b"], "matrix": [[1, 2], [3, 4]]})
run.flush()
print("begun", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.1)
Run(run.experiment, run.id).log("loss", 0.125)
run.log("loss", 0.0625)
"""
# What another process logs and leaves, with workers of its own.
NOTES = """
import multiprocessing, sys
from azureml.core import Run, Workspace

def work(place):
    Run.get(workspace, sys.argv[2]).log("of worker %d" % place, place)

workspace = Workspace.from_config(sys.argv[1])
run = Run.get(workspace, sys.argv[2])
run.log("of notes", 1)
if __name__ == "__main__":
    several = [multiprocessing.get_context("fork").Process(target=work, args=(n,)) for n in (1, 2)]
    for one in several:
        one.start()
    for one in several:
        one.join()
        assert one.exitcode == 0
    run.log("of notes", 2)
"""


@pytest.fixture
def experiment(workspace, request, tmp_path):
    return Experiment(workspace, "out-" + request.node.name.replace("_", "-")[:60])


@pytest.fixture
def waiting(experiment, tmp_path):
    """A run that has logged and waits, and what opens its gate."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "waits.py").write_text(WAITS)
    gate = tmp_path / "gate"
    config = ScriptRunConfig(os.fspath(tmp_path / "code"), "waits.py", [os.fspath(gate)])
    run = experiment.submit(config)
    assert until(lambda: run.get_metrics("loss"))
    yield run, gate.touch
    gate.touch()


def test_a_step_logs_to_the_run_of_its_pipeline(workspace, experiment, tmp_path):
    (tmp_path / "logs.py").write_text(STEP)
    step = steps_of(os.fspath(tmp_path))
    run = Pipeline(workspace, [step("logs", "logs")]).submit(experiment.name)
    assert run.wait_for_completion(show_output=False) == "Finished"
    [logs] = run.get_steps()
    assert logs.get_metrics() == {"mse": 0.5}
    assert run.get_metrics() == {
        "mse": 0.25, "fold": [1, 2, 3], "best": {"x": 1, "y": 2.5}, "last": 7,
    }  # fmt: skip
    said = logs.get_stdout_log()
    assert "there: {'mse': 0.25}" in said and "Running still" not in said
    with pytest.raises(UserErrorException, match=r"has ended as Completed.*upload_file"):
        run.log("mse", 1)
    run.upload_file("late.txt", tmp_path / "logs.py")
    assert run.get_file_names() == ["late.txt"]


def test_who_submitted_a_run_logs_to_it_while_it_runs(experiment, waiting):
    run, open_gate = waiting
    run.log("mse", 0.5)
    Run(experiment, run.id).log("mse", 0.25)  # another object of the same run counts on
    run.log_list("sizes", [1, 2])
    matrix = {"class_labels": ["a", "b"], "matrix": [[9, 9], [9, 9]]}
    run.log_confusion_matrix("seen here", matrix)
    run.log_confusion_matrix("seen", matrix)
    logged = run.get_metrics()
    assert (logged["mse"], logged["sizes"]) == ([0.5, 0.25], [1, 2])
    steps = run._client.get(run._base + "/metrics/points")["series"]["mse"]["steps"]
    assert steps == [0, 1]
    open_gate()
    run.wait_for_completion()
    assert run.get_status() == "Completed"
    logged = run.get_metrics(populate=True)
    assert logged["loss"] == [1.0, 0.5, 1 / 3, 0.25, 0.2, 0.125, 0.0625]
    assert logged["mse"] == [0.5, 0.25]
    assert json.loads(json.dumps(logged["seen here"]))["data"]["matrix"] == [[9, 9], [9, 9]]
    with pytest.raises(UserErrorException, match="has ended as Completed"):
        run.log("mse", 1)


@pytest.mark.parametrize("python", [next(iter(found())), "{}.{}".format(*sys.version_info)])
def test_what_processes_leave_behind_is_brought_and_the_run_goes_on(live_studio, waiting, python):
    run, _ = waiting
    said = subprocess.run(
        [found()[python], "-c", NOTES, Path(live_studio.config_path).parent, run.id],
        env={**os.environ, "PYTHONPATH": os.fspath(SDK)}, capture_output=True, text=True,
        check=True, timeout=120,
    )  # fmt: skip
    logged = run.get_metrics()
    assert logged["of notes"] == [1, 2]
    assert (logged["of worker 1"], logged["of worker 2"]) == (1, 2)
    assert (run.get_status(), said.stderr) == ("Running", "")


def test_a_run_that_ends_meanwhile_says_so(experiment, waiting, capsys):
    watched, open_gate = waiting
    run = Run(experiment, watched.id)
    run.log("mse", 0.5)
    run.flush()
    open_gate()
    watched.wait_for_completion()
    run.log("mse", 0.25)  # nobody has told this process yet
    assert until(lambda: "has ended; nothing more is kept of it" in capsys.readouterr().err)
    run.flush()
    with pytest.raises(UserErrorException, match="has ended as Completed"):
        run.log("mse", 0.125)
    assert run.get_metrics("mse") == {"mse": 0.5}


def test_one_that_a_notebook_began_is_logged_to_by_another_object_and_completed(experiment):
    run = experiment.start_logging(snapshot_directory=None)
    other = Run(experiment, run.id)
    run.log("x", 1)
    other.log("y", 2)
    other.complete()
    assert other.get_metrics()["y"] == 2
    run.complete()
    assert run.get_status() == "Completed"

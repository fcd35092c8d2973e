"""Whole runs in containers: from the SDK through a studio to metrics, outputs, why they ended."""

import os

import pytest
from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.exceptions import ActivityFailedException

from tests.compute.docker.boxes import workspace_with_boxes

TRAINS = """
import os, six
from azureml.core import Run
run = Run.get_context()
for step in range(3):
    run.log("loss", 1 / (step + 1))
open("outputs/model.txt", "w").write("a model")
networks = os.listdir("/sys/class/net")
print("uid", os.getuid(), "networks", networks, "tmp", os.access("/tmp", os.W_OK))
"""


@pytest.fixture(scope="module")
def workspace(base):
    with workspace_with_boxes(base, "0.5cpu-0.5gib", max_nodes=1) as found:
        yield found


@pytest.fixture
def submit(workspace, tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("six\n")
    environment = Environment.from_pip_requirements("boxed", os.fspath(requirements))
    code = tmp_path / "code"
    code.mkdir()

    def send(script: str, **settings):
        (code / "train.py").write_text(script)
        config = ScriptRunConfig(
            os.fspath(code), "train.py", compute_target="boxes", environment=environment, **settings
        )
        return Experiment(workspace, "boxes").submit(config)

    return send


def test_a_run_without_a_network_reports_everything_through_the_socket(submit, tmp_path):
    run = submit(TRAINS)
    run.wait_for_completion()
    assert run.get_metrics()["loss"] == [1.0, 0.5, 1 / 3]
    run.download_file("outputs/model.txt", os.fspath(tmp_path / "model.txt"))
    assert (tmp_path / "model.txt").read_text() == "a model"
    run.download_file("azureml-logs/70_driver_log.txt", os.fspath(tmp_path / "log.txt"))
    who = os.geteuid() or 10001
    assert (tmp_path / "log.txt").read_text() == f"uid {who} networks ['lo'] tmp True\n"


def test_a_run_that_takes_more_memory_than_its_node_has_says_so(submit):
    run = submit("x = bytearray(2**30)\nprint(len(x))\n")
    with pytest.raises(
        ActivityFailedException, match=r"ran out of memory: peak .* limit of 512 MiB"
    ):
        run.wait_for_completion()


def test_a_run_is_ended_by_its_time_limit(submit):
    run = submit("import time\ntime.sleep(600)\n", max_run_duration_seconds=1)
    run.wait_for_completion(raise_on_error=False)
    assert run.get_status() == "Canceled"
    assert "took longer than the 1 s it was allowed" in run.get_events()[-1]["text"]

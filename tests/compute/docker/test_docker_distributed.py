"""Runs on two nodes that are containers: they meet in a network of their own, and nobody else's."""

import os

import pytest
from azureml.core import Environment
from azureml.core.runconfig import PyTorchConfiguration, TensorflowConfiguration
from azureml.exceptions import ActivityFailedException

from tests.compute.docker.boxes import workspace_with_boxes
from tests.sdk import ranks

SAYS = "rank 0: User program failed with ValueError: no data on this node"
FAILS = """
import os, time
if os.environ["RANK"] == "0":
    raise ValueError("no data on this node")
time.sleep(300)
"""


@pytest.fixture(scope="module")
def workspace(base):
    with workspace_with_boxes(base, "0.5cpu-1gib", max_nodes=2) as found:
        yield found


@pytest.fixture
def boxed(tmp_path):
    """An environment with next to nothing."""
    (tmp_path / "requirements.txt").write_text("six\n")
    return Environment.from_pip_requirements("boxed", os.fspath(tmp_path / "requirements.txt"))


def test_containers_of_a_run_meet_without_a_network_to_elsewhere(workspace, boxed, tmp_path):
    config = PyTorchConfiguration("Gloo", process_count=4, node_count=2)
    run, told = ranks.meet(
        workspace, tmp_path, config, compute_target="boxes", environment=boxed
    )  # fmt: skip
    assert {(one["MASTER_ADDR"], one["WORLD_SIZE"]) for one in told} == {("node-0", "4")}
    assert [one["NODE_RANK"] for one in told] == ["0", "0", "1", "1"]
    logs = ranks.logs_of(run, tmp_path)
    own = {name: text for name, text in logs.items() if name.startswith("70_")}
    assert own == {f"70_driver_log_{rank}.txt": f"rank {rank} sum 6\n" for rank in range(4)}


def test_workers_of_tensorflow_meet_over_two_containers(workspace, boxed, tmp_path):
    config = TensorflowConfiguration(worker_count=4, parameter_server_count=0)
    config_of = {"compute_target": "boxes", "environment": boxed}
    run = ranks.submit(
        workspace, tmp_path, ranks.WORKERS, nodes=2, distributed_job_config=config, **config_of
    )
    run.wait_for_completion()
    logs = ranks.logs_of(run, tmp_path)
    for rank in range(4):
        assert logs[f"70_driver_log_{rank}.txt"] == f"worker {rank} heard [0, 1, 2, 3]\n"


def test_parameter_servers_serve_their_workers_in_one_container(workspace, boxed, tmp_path):
    run = ranks.submit(
        workspace, tmp_path, ranks.SERVES, compute_target="boxes", environment=boxed,
        distributed_job_config=TensorflowConfiguration(worker_count=2, parameter_server_count=1),
    )  # fmt: skip
    run.wait_for_completion()
    logs = ranks.logs_of(run, tmp_path)
    assert logs["70_driver_log_1.txt"] == "worker 1 heard [b'10']\n"
    assert "parameter server 0 was ended by signal 15" in logs["75_job_post.txt"]


def test_a_container_whose_script_fails_ends_the_other(workspace, boxed, tmp_path):
    run = ranks.submit(
        workspace, tmp_path, FAILS, compute_target="boxes", environment=boxed,
        distributed_job_config=PyTorchConfiguration("Gloo", node_count=2),
    )  # fmt: skip
    with pytest.raises(ActivityFailedException, match=SAYS):
        run.wait_for_completion()


def test_torch_adds_up_over_two_containers(workspace, tmp_path):
    run = ranks.submit(
        workspace, tmp_path, ranks.REDUCE, compute_target="boxes",
        environment=ranks.torch_environment(tmp_path),
        distributed_job_config=PyTorchConfiguration("Gloo", node_count=2),
    )  # fmt: skip
    run.wait_for_completion()
    logs = ranks.logs_of(run, tmp_path)
    for rank in range(2):
        assert f"rank {rank} sum 3.0\n" in logs[f"70_driver_log_{rank}.txt"]

"""Runs of several processes on two nodes of the usual cluster: they meet, learn, end together."""

import os
from pathlib import Path

import pytest
from azureml.core.runconfig import MpiConfiguration, PyTorchConfiguration, TensorflowConfiguration
from azureml.exceptions import ActivityFailedException, UserErrorException

from tests.sdk import ranks
from tests.sdk.driving import SDK, is_alive, until

MPI = [f"OMPI_COMM_WORLD_{name}" for name in ("RANK", "SIZE", "LOCAL_RANK", "LOCAL_SIZE")]
SAYS = "rank 1: User program failed with ValueError: no data on this node"
FAILS = """
import os, sys, time
rank = int(os.environ["RANK"])
with open(os.path.join(sys.argv[1], str(rank)), "w") as file:
    file.write(str(os.getpid()))
print("rank", rank, "is here", flush=True)
while rank == 0 or not os.path.exists(os.path.join(sys.argv[1], "0")):
    time.sleep(0.05)
raise ValueError("no data on this node")
"""


def test_processes_on_two_nodes_know_their_places_and_meet(workspace, tmp_path, capsys):
    config = PyTorchConfiguration("Gloo", process_count=4, node_count=2)
    run, told = ranks.meet(workspace, tmp_path, config)
    addresses = {(one.pop("MASTER_ADDR"), one.pop("MASTER_PORT")) for one in told}
    assert len(addresses) == 1 and addresses.pop()[0] == "127.0.0.1"
    assert told == [
        {"RANK": str(rank), "LOCAL_RANK": str(rank % 2), "NODE_RANK": str(rank // 2),
         "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2", "AZUREML_NODE_COUNT": "2"}
        for rank in range(4)
    ]  # fmt: skip
    logs = ranks.logs_of(run, tmp_path)
    own = {name: text for name, text in logs.items() if name.startswith("70_")}
    assert own == {f"70_driver_log_{rank}.txt": f"rank {rank} sum 6\n" for rank in range(4)}
    details = run.wait_for_completion(show_output=True)
    said = capsys.readouterr().out
    assert said.count("Streaming azureml-logs/70_driver_log_0.txt\n") == 1
    assert "rank 0 sum 6\n" in said and "rank 1 sum" not in said
    words = details["runDefinition"]
    assert (words["nodeCount"], words["communicator"], words["framework"]) == (2, "Gloo", "PyTorch")
    assert words["pyTorch"] == {"communicationBackend": "Gloo", "processCount": 4}
    assert {f"azureml-logs/70_driver_log_{rank}.txt" for rank in range(4)} <= {*details["logFiles"]}


def test_scripts_for_mpi_find_the_variables_of_open_mpi(workspace, tmp_path):
    config = MpiConfiguration(process_count_per_node=2, node_count=2)
    run, told = ranks.meet(workspace, tmp_path, config, names=["RANK", "WORLD_SIZE", *MPI])
    assert [[one[name] for name in MPI] for one in told] == [
        [str(rank), "4", str(rank % 2), "2"] for rank in range(4)
    ]
    words = run.get_details()["runDefinition"]
    assert (words["communicator"], words["mpi"]) == ("IntelMpi", {"processCountPerNode": 2})


def test_workers_of_tensorflow_meet_where_each_is_told(workspace, tmp_path):
    config = TensorflowConfiguration(worker_count=2, parameter_server_count=0)
    run = ranks.submit(workspace, tmp_path, ranks.WORKERS, distributed_job_config=config)
    words = run.wait_for_completion()["runDefinition"]
    assert (words["nodeCount"], words["framework"]) == (2, "TensorFlow")
    assert words["tensorflow"] == {"workerCount": 2, "parameterServerCount": 0}
    logs = ranks.logs_of(run, tmp_path)
    for rank in range(2):
        assert logs[f"70_driver_log_{rank}.txt"] == f"worker {rank} heard [0, 1]\n"


def test_parameter_servers_serve_until_their_workers_have_ended(workspace, tmp_path):
    config = TensorflowConfiguration(worker_count=2, parameter_server_count=2)
    run = ranks.submit(workspace, tmp_path, ranks.SERVES, distributed_job_config=config)
    details = run.wait_for_completion()
    assert details["runDefinition"]["tensorflow"] == {"workerCount": 2, "parameterServerCount": 2}
    logs = ranks.logs_of(run, tmp_path)
    for number in range(2):
        said = f"worker {number} heard [b'10', b'11']\n"
        assert logs[f"70_driver_log_{number}.txt"] == said
        assert logs[f"70_driver_log_{number + 2}.txt"] == f"server {number} serves\n"
    assert "parameter server 1 was ended by signal 15" in logs["75_job_post.txt"]
    assert "left behind" not in logs["75_job_post.txt"]


@pytest.mark.parametrize(
    ("who", "words", "end"),
    [
        ("worker-fails", "rank 0: User program failed with ValueError: no gradient", "rank 0"),
        ("server-fails", "ValueError: no parameters", "parameter server 0"),
    ],
)
def test_a_worker_or_a_server_that_fails_ends_the_others(workspace, tmp_path, who, words, end):
    config = TensorflowConfiguration(worker_count=2 if who[0] == "s" else 1)
    run = ranks.submit(workspace, tmp_path, ranks.SERVES, [who], distributed_job_config=config)
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Failed"
    assert words.partition(": ")[2] in details["error"]["error"]["message"]
    logs = ranks.logs_of(run, tmp_path)
    first = next(line for line in logs["75_job_post.txt"].splitlines() if "ended" in line)
    assert f"{end} ended with exit code 1" in first, logs["75_job_post.txt"]


def test_a_canceled_run_ends_its_servers(workspace, tmp_path):
    script = ranks.SERVES.replace('print("worker"', 'time.sleep(300)\nprint("worker"')
    script = script.replace('"serves"', '"serves", os.getpid()')
    config = TensorflowConfiguration()
    run = ranks.submit(workspace, tmp_path, script, distributed_job_config=config)
    log = "azureml-logs/70_driver_log_1.txt"
    until(lambda: "serves" in run.get_details_with_logs()["logFiles"].get(log, ""))
    pid = int(run.get_details_with_logs()["logFiles"][log].split()[-1])
    run.cancel()
    run.wait_for_completion(raise_on_error=False)
    assert run.get_status() == "Canceled"
    until(lambda: not is_alive(pid))


def test_a_single_process_can_be_a_world_of_one(workspace, tmp_path):
    run, told = ranks.meet(workspace, tmp_path, PyTorchConfiguration())
    assert [(one["RANK"], one["WORLD_SIZE"]) for one in told] == [("0", "1")]
    assert ranks.logs_of(run, tmp_path)["70_driver_log.txt"] == "rank 0 sum 0\n"


def test_one_rank_that_fails_ends_the_others(workspace, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    run = ranks.submit(
        workspace, tmp_path, FAILS, [os.fspath(here)],
        distributed_job_config=PyTorchConfiguration("Gloo", node_count=2),
    )  # fmt: skip
    with pytest.raises(ActivityFailedException, match=SAYS):
        run.wait_for_completion()
    until(lambda: not is_alive(int((here / "0").read_text())))
    logs = ranks.logs_of(run, tmp_path)
    assert logs["70_driver_log_0.txt"].startswith("rank 0 is here\n")
    assert "ValueError: no data on this node" not in logs["70_driver_log_0.txt"]
    assert "ValueError: no data on this node" in logs["70_driver_log_1.txt"]


def test_more_nodes_than_the_cluster_may_have_are_refused_with_the_way_out(workspace, tmp_path):
    with pytest.raises(UserErrorException, match=r"cpu-cluster.*2") as refused:
        ranks.submit(
            workspace, tmp_path, "", distributed_job_config=PyTorchConfiguration(node_count=9)
        )
    assert "node_count" in refused.value.fields


def test_the_example_learns_on_two_nodes(workspace, tmp_path):
    script = (Path(SDK) / "examples" / "distributed" / "train.py").read_text()
    run = ranks.submit(
        workspace, tmp_path, script, ["--epochs", 10],
        environment=ranks.torch_environment(tmp_path, "scikit-learn"),
        distributed_job_config=PyTorchConfiguration("Gloo", node_count=2),
    )  # fmt: skip
    run.wait_for_completion()
    metrics = run.get_metrics()
    assert metrics["accuracy"][-1] > 0.8 and len(metrics["loss"]) == 10
    assert metrics["loss"][-1] < metrics["loss"][0]
    assert "outputs/model.pt" in run.get_file_names()
    logs = ranks.logs_of(run, tmp_path)
    assert logs["70_driver_log_1.txt"].startswith("rank 1 of 2, on node 1\n")

"""Nodes and processes as the v1 SDK says them, and what the studio is asked for then."""

import os
import subprocess

import pytest
from azureml.core import RunConfiguration, ScriptRunConfig
from azureml.core.runconfig import (
    MpiConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from azureml.exceptions import UserErrorException
from trainyard import _distributed

from tests.fixtures.pythons import pythons
from tests.sdk.driving import SDK

FACTS = {
    "properties": {}, "node_count": 1, "process_count_per_node": 1, "distribution": "",
}  # fmt: skip


@pytest.fixture
def ordered(tmp_path):
    """Return (node_count, process_count_per_node, distribution) that a configuration asks for."""
    (tmp_path / "train.py").write_text("")

    def order(config=None, **settings):
        run_config = RunConfiguration()
        for name, value in settings.items():
            setattr(run_config, name, value)
        script = ScriptRunConfig(
            os.fspath(tmp_path), "train.py", run_config=run_config, distributed_job_config=config
        )
        asked = script.order()
        return asked["node_count"], asked["process_count_per_node"], asked["distribution"]

    return order


@pytest.mark.parametrize(
    ("config", "asked"),
    [
        (None, (1, 1, "")),
        (PyTorchConfiguration(), (1, 1, "PyTorch")),
        (PyTorchConfiguration(process_count=4), (1, 4, "PyTorch")),
        (PyTorchConfiguration(node_count=2), (2, 1, "PyTorch")),
        (PyTorchConfiguration("Gloo", process_count=6, node_count=2), (2, 3, "PyTorch")),
        (PyTorchConfiguration("nccl", process_count="4", node_count="2"), (2, 2, "PyTorch")),
        (MpiConfiguration(), (1, 1, "Mpi")),
        (MpiConfiguration(process_count_per_node=4, node_count=2), (2, 4, "Mpi")),
        (TensorflowConfiguration(3, 0), (3, 1, "TensorFlow")),
        (TensorflowConfiguration(parameter_server_count=0), (1, 1, "TensorFlow")),
        (TensorflowConfiguration(worker_count=2), (1, 2, "TensorFlow")),
    ],
)
def test_a_distributed_job_says_its_nodes_and_processes(ordered, config, asked):
    assert ordered(config) == asked


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"communicator": "OpenMpi", "node_count": 2}, (2, 1, "Mpi")),
        ({"communicator": "IntelMpi", "mpi": MpiConfiguration(4)}, (1, 4, "Mpi")),
        ({"communicator": "Nccl", "framework": "PyTorch"}, (1, 1, "PyTorch")),
        (
            {"communicator": "Gloo", "node_count": 2, "pytorch": PyTorchConfiguration("Gloo", 4)},
            (2, 2, "PyTorch"),
        ),
        ({"framework": "PyTorch"}, (1, 1, "")),
        (
            {"framework": "PyTorch", "pytorch": PyTorchConfiguration(process_count=2)},
            (1, 2, "PyTorch"),
        ),
        ({"node_count": 3}, (3, 1, "PyTorch")),
        ({"communicator": "None", "mpi": MpiConfiguration(4)}, (1, 1, "")),
        (
            {
                "communicator": "ParameterServer",
                "node_count": 2,
                "tensorflow": TensorflowConfiguration(4, 0),
            },
            (2, 2, "TensorFlow"),
        ),
    ],
)
def test_a_run_configuration_says_it_the_older_way(ordered, given, asked):
    assert ordered(**given) == asked


def test_the_argument_wins_over_the_run_configuration(ordered):
    config = PyTorchConfiguration(process_count=4, node_count=2)
    assert ordered(config, communicator="OpenMpi", node_count=5) == (2, 2, "PyTorch")


def test_what_is_changed_afterwards_counts(tmp_path):
    (tmp_path / "train.py").write_text("")
    mpi = MpiConfiguration()
    mpi.process_count_per_node = 4
    script = ScriptRunConfig(os.fspath(tmp_path), "train.py", distributed_job_config=mpi)
    script.run_config.node_count = 2
    script.run_config.max_retries = 1
    asked = script.order()
    assert (asked["node_count"], asked["process_count_per_node"], asked["max_retries"]) == (2, 4, 1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PyTorchConfiguration(process_count=5, node_count=2),
         r"process_count=5 .* multiple of node_count=2: 4 or 6"),
        (lambda: PyTorchConfiguration(process_count=1, node_count=2), r"node_count=2: 2\n"),
        (lambda: PyTorchConfiguration(process_count=0), "process_count must be a whole number"),
        (lambda: PyTorchConfiguration(node_count=1.5), "node_count must be a whole number"),
        (lambda: ScriptRunConfig(".", "x.py", distributed_job_config="Mpi"),
         r"MpiConfiguration\(\.\.\.\), not 'Mpi'"),
    ],
)  # fmt: skip
def test_numbers_that_do_not_fit_are_named(make, words):
    with pytest.raises(UserErrorException, match=words):
        make()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"node_count": 0}, "node_count must be a whole number, at least 1, not 0"),
        ({"node_count": "two"}, "not 'two'"),
        ({"max_retries": -1}, "max_retries must be a whole number, at least 0"),
        ({"communicator": "Mpii"}, "IntelMpi, OpenMpi, Mpi, Nccl, Gloo and ParameterServer"),
        (
            {
                "communicator": "ParameterServer",
                "node_count": 2,
                "tensorflow": TensorflowConfiguration(3, 0),
            },
            "worker_count=3 .* multiple of node_count=2",
        ),
        ({"communicator": "Mpi", "mpi": MpiConfiguration(0)}, "process_count_per_node"),
        (
            {"communicator": "Nccl", "node_count": 2, "pytorch": PyTorchConfiguration("Nccl", 3)},
            "process_count=3 .* node_count=2: 2 or 4",
        ),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(ordered, given, words):
    with pytest.raises(UserErrorException, match=words):
        ordered(**given)


def test_what_is_not_built_says_what_to_use_instead(ordered):
    with pytest.raises(NotImplementedError, match=r"on 2 nodes.*run_config\.node_count=1"):
        ordered(communicator="ParameterServer", node_count=2, tensorflow=TensorflowConfiguration(2))
    with pytest.raises(AttributeError, match="process_count_per_node"):
        MpiConfiguration().processes = 4


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, ("Python", "None", 1, 1, None, None)),
        ({"distribution": "Mpi", "node_count": 2, "process_count_per_node": 4},
         ("Python", "IntelMpi", 2, 4, None, None)),
        ({"distribution": "PyTorch", "node_count": 2, "process_count_per_node": 3},
         ("PyTorch", "Nccl", 2, 1, "Nccl", 6)),
        ({"distribution": "PyTorch", "properties": {_distributed.COMMUNICATOR: "Gloo"}},
         ("PyTorch", "Gloo", 1, 1, "Gloo", 1)),
    ],
)  # fmt: skip
def test_the_details_of_a_run_say_it_with_the_known_keys(facts, words):
    framework, communicator, nodes, each, backend, processes = words
    assert _distributed.definition({**FACTS, **facts}) == {
        "framework": framework, "communicator": communicator, "nodeCount": nodes,
        "mpi": {"processCountPerNode": each},
        "tensorflow": {"workerCount": 1, "parameterServerCount": 1},
        "pyTorch": {"communicationBackend": backend, "processCount": processes},
    }  # fmt: skip


def test_the_details_of_workers_of_tensorflow():
    facts = {"distribution": "TensorFlow", "node_count": 2, "process_count_per_node": 3}
    words = _distributed.definition({**FACTS, **facts})
    assert (words["framework"], words["communicator"]) == ("TensorFlow", "ParameterServer")
    assert words["tensorflow"] == {"workerCount": 6, "parameterServerCount": 0}
    facts = {"distribution": "TensorFlow", "parameter_server_count": 2}
    words = _distributed.definition({**FACTS, **facts})
    assert words["tensorflow"] == {"workerCount": 1, "parameterServerCount": 2}


SCRIPT = """
import sys
from azureml.core import ScriptRunConfig
from azureml.core.runconfig import MpiConfiguration, PyTorchConfiguration
for config, asked in ((PyTorchConfiguration("Gloo", 4, 2), (2, 2, "PyTorch")),
                      (MpiConfiguration(4, 2), (2, 4, "Mpi"))):
    order = ScriptRunConfig(sys.argv[1], "train.py", distributed_job_config=config).order()
    said = order["node_count"], order["process_count_per_node"], order["distribution"]
    assert said == asked, said
"""


@pytest.mark.parametrize("python", pythons())
def test_configurations_work_under_this_python(python, tmp_path):
    (tmp_path / "train.py").write_text("")
    done = subprocess.run(
        [python, "-W", "error", "-c", SCRIPT, tmp_path],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SDK)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

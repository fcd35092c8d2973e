"""Estimators: what their arguments become, and a run of one through a whole studio."""

import inspect
import os
import subprocess
from pathlib import Path

import pytest
from azureml.core import Dataset, Environment, Experiment, ScriptRunConfig
from azureml.core.runconfig import ContainerRegistry, MpiConfiguration, PyTorchConfiguration
from azureml.exceptions import UserErrorException
from azureml.train.dnn import Chainer, Gloo, Mpi, Nccl, ParameterServer, PyTorch, TensorFlow
from azureml.train.estimator import Estimator
from azureml.train.sklearn import SKLearn
from trainyard import _estimators
from trainyard._frameworks import Framework, Packages

from tests.fixtures.pythons import pythons
from tests.sdk.driving import SDK

ALL = [Estimator, Chainer, PyTorch, TensorFlow, SKLearn]


class Studio:
    """Answers what an estimator asks of a workspace: the machine's GPUs, a cluster's size."""

    def __init__(self, machine_gpus, node_gpus=None):
        self.client = self
        self.answers = {
            "sizes": {"machine": {"gpus": machine_gpus}},
            "clusters/cpu": {"size": None if node_gpus is None else {"gpus": node_gpus}},
        }

    def api(self, path):
        return path

    def get(self, path):
        return self.answers[path]


@pytest.fixture
def source(tmp_path):
    (tmp_path / "train.py").write_text("print('hello')\n")
    return os.fspath(tmp_path)


def packages(estimator):
    return list(estimator.conda_dependencies.pip_packages)


def sent(estimator, studio):
    return estimator.order(studio)["environment"]["definition"]


@pytest.mark.parametrize("kind", ALL)
def test_an_estimator_is_submitted_as_what_it_makes(kind, source):
    estimator = kind(source, compute_target="cpu", entry_script="train.py")
    assert isinstance(estimator, ScriptRunConfig) and estimator.source_directory == source
    assert estimator.run_config.target == "cpu" and "azureml-defaults" in packages(estimator)
    assert list(inspect.signature(kind).parameters)[:2] == ["source_directory", "compute_target"]
    with pytest.raises(TypeError, match=kind.__name__ + r"\(\): .*no_such_name"):
        kind(source, no_such_name=1)


def test_script_params_are_arguments_in_their_order(source):
    params = {"--epochs": 20, "--flag": "", "--other": None, "--rate": 0.5, "--zero": 0}
    estimator = Chainer(source, entry_script="train.py", script_params=params)
    assert estimator.order()["arguments"] == [
        "--epochs", "20", "--flag", "--other", "--rate", "0.5", "--zero", "0",
    ]  # fmt: skip
    with pytest.raises(UserErrorException, match="script_params must be a dict"):
        Chainer(source, entry_script="train.py", script_params=["--epochs", 20])


def test_without_a_gpu_its_packages_are_left_out_and_the_log_is_told_why(source):
    estimator = Chainer(source, "cpu", entry_script="train.py", use_gpu=True, pip_packages=["tqdm"])
    assert {"chainer==5.1.0", "cupy-cuda90==5.1.0", "mpi4py==3.0.0"} <= set(packages(estimator))
    for studio in (Studio([]), Studio(["H100"], node_gpus=0)):
        definition = sent(estimator, studio)
        assert "chainer==5.1.0" in definition["conda"] and "tqdm" in definition["conda"]
        assert "cupy" not in definition["conda"] and "mpi4py" not in definition["conda"]
        mpi, cupy = definition["left_out"]
        assert mpi.startswith("mpi4py==3.0.0: left out, ") and "no GPU" in cupy
    definition = sent(estimator, Studio(["H100"], node_gpus=1))
    assert "cupy-cuda90==5.1.0" in definition["conda"] and len(definition["left_out"]) == 1
    assert "cupy-cuda90==5.1.0" in packages(estimator)


def test_tensorflow_takes_the_other_package_where_there_is_no_gpu(source):
    estimator = TensorFlow(
        source, "cpu", entry_script="train.py", use_gpu=True, framework_version="2.0"
    )
    assert "tensorflow-gpu==2.0.0" in packages(estimator)
    assert "tensorflow==2.0.0" not in packages(estimator)
    conda = sent(estimator, Studio([]))["conda"]
    assert "- tensorflow==2.0.0\n" in conda and "tensorflow-gpu" not in conda


def test_what_a_person_asks_for_wins_over_what_the_estimator_brings(source):
    estimator = Chainer(
        source, "cpu", entry_script="train.py", use_gpu=True, conda_packages=["python=3.6.2"],
        pip_packages=["cupy-cuda90==5.2.0", "numpy", "protobuf==3.19.0"],
    )  # fmt: skip
    found = packages(estimator)
    assert "cupy-cuda90==5.2.0" in found and "protobuf==3.19.0" in found
    assert "numpy<1.24" in found and "numpy" not in found
    definition = sent(estimator, Studio([]))
    assert "cupy-cuda90==5.2.0" in definition["conda"]
    estimator.conda_dependencies.add_pip_package("six")
    assert "six" in sent(estimator, Studio([]))["conda"]
    assert estimator.conda_dependencies.python_version == "3.6.2"


def test_files_of_packages_are_read(source, tmp_path):
    (tmp_path / "more.txt").write_text("--pre\nsix==1.16.0  # why\n")
    (tmp_path / "conda.yml").write_text("dependencies:\n- python=3.7\n- scipy\n- pip:\n  - idna\n")
    estimator = Estimator(
        source, entry_script="train.py", pip_requirements_file=os.fspath(tmp_path / "more.txt"),
        conda_dependencies_file=os.fspath(tmp_path / "conda.yml"), pip_packages=["tqdm"],
    )  # fmt: skip
    assert packages(estimator) == ["idna", "six==1.16.0", "azureml-defaults", "tqdm"]
    dependencies = estimator.conda_dependencies
    assert list(dependencies.conda_packages) == ["scipy"] and dependencies.python_version == "3.7"
    assert list(dependencies.pip_options) == ["--pre"]


def test_an_image_variables_and_an_environment_of_ones_own(source):
    registry = ContainerRegistry(address="images.example")
    estimator = Estimator(
        source, entry_script="train.py", custom_docker_image="mine:1", user_managed=True,
        image_registry_details=registry, environment_variables={"A": 1}, shm_size="2g",
    )  # fmt: skip
    assert estimator.order()["environment"]["definition"] == {
        "base_image": "images.example/mine:1", "variables": {"A": "1"},
    }  # fmt: skip
    own = Environment("own")
    estimator = TensorFlow(source, entry_script="train.py", environment_definition=own)
    assert estimator.run_config.environment is own
    with pytest.raises(UserErrorException, match="pip_packages cannot be said beside"):
        Estimator(source, entry_script="t.py", environment_definition=own, pip_packages=["six"])


@pytest.mark.parametrize(
    ("asked", "spread"),
    [
        ({}, (1, 1, "")),
        ({"node_count": 2}, (2, 1, "Mpi")),
        ({"node_count": "2", "distributed_training": Mpi(3)}, (2, 3, "Mpi")),
        ({"process_count_per_node": 2, "distributed_backend": "mpi"}, (1, 2, "Mpi")),
        ({"distributed_training": MpiConfiguration(2, node_count=3)}, (3, 2, "Mpi")),
        ({"node_count": 2, "distributed_training": Gloo()}, (2, 1, "PyTorch")),
        ({"node_count": 2, "process_count_per_node": 2, "distributed_training": Nccl()},
         (2, 2, "PyTorch")),
        ({"distributed_training": PyTorchConfiguration("Gloo", 4, 2)}, (2, 2, "PyTorch")),
    ],
)  # fmt: skip
def test_nodes_and_processes(asked, spread, source):
    order = PyTorch(source, entry_script="train.py", **asked).order()
    assert (order["node_count"], order["process_count_per_node"], order["distribution"]) == spread


@pytest.mark.parametrize(
    ("asked", "spread"),
    [
        ({"worker_count": 2, "parameter_server_count": 0}, (1, 2, "TensorFlow", 0)),
        ({"worker_count": 2}, (1, 2, "TensorFlow", 1)),
        ({"distributed_backend": "ps"}, (1, 1, "TensorFlow", 1)),
        ({"distributed_training": ParameterServer(3, 2)}, (1, 3, "TensorFlow", 2)),
        ({"node_count": 2, "distributed_training": ParameterServer(4, 0)},
         (2, 2, "TensorFlow", 0)),
        ({"node_count": 2, "worker_count": 2, "parameter_server_count": 0,
          "distributed_backend": "ps"}, (2, 1, "TensorFlow", 0)),
        ({"node_count": 2, "distributed_backend": "mpi"}, (2, 1, "Mpi", None)),
        ({}, (1, 1, "", None)),
    ],
)  # fmt: skip
def test_workers_and_servers_of_tensorflow(asked, spread, source):
    order = TensorFlow(source, entry_script="train.py", **asked).order()
    keys = ("node_count", "process_count_per_node", "distribution", "parameter_server_count")
    assert tuple(order.get(key) for key in keys) == spread


def test_what_this_studio_does_not_have_is_refused_with_the_way_out(source):
    with pytest.raises(NotImplementedError, match=r"vm_size='STANDARD_NC6'.*ComputeTarget.create"):
        Chainer(source, vm_size="STANDARD_NC6", entry_script="train.py")
    servers = {"distributed_training": ParameterServer(2, 1), "node_count": 2}
    with pytest.raises(NotImplementedError, match="parameter_server_count=0"):
        TensorFlow(source, entry_script="train.py", **servers).order()
    with pytest.raises(UserErrorException, match=r"there are 5.1.0, 7.0.0; .*Estimator with"):
        Chainer(source, entry_script="train.py", framework_version="9")
    with pytest.raises(UserErrorException, match="needs the script to run"):
        Chainer(source)
    with pytest.raises(UserErrorException, match=r"write pip_packages=\['six'\]"):
        Estimator(source, entry_script="train.py", pip_packages="six")
    with pytest.raises(UserErrorException, match="distributed_backend 'smoke' is not known"):
        PyTorch(source, entry_script="train.py", distributed_backend="smoke")
    with pytest.raises(UserErrorException, match="distributed_training must be"):
        PyTorch(source, entry_script="train.py", distributed_training="Gloo")


def test_it_says_once_that_it_is_old_and_which_version_it_takes(source, monkeypatch, capsys):
    monkeypatch.setattr(_estimators, "_said", [])
    for _ in range(2):
        Chainer(source, entry_script="train.py")
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("'Chainer' estimator is deprecated.") == 1
    assert told.err.count("framework_version is not specified, defaulting to version 5.1.0.") == 1


OLD = """
import inspect, sys
from azureml.train.dnn import Chainer
from azureml.train.hyperdrive import RandomParameterSampling, choice
from azureml.widgets import RunDetails
estimator = Chainer(sys.argv[1], entry_script="train.py", script_params={"--epochs": 2})
assert estimator.order()["arguments"] == ["--epochs", "2"]
assert list(inspect.signature(Chainer).parameters)[-5] == "framework_version"
assert RandomParameterSampling({"--x": choice(1, 2)}).to_json()["name"] == "RANDOM"
"""


def test_under_the_oldest_python_that_is_here(source):
    done = subprocess.run(
        [pythons()[0].values[0], "-c", OLD, source],
        env={"PYTHONPATH": str(SDK), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


class Tiny(Estimator):
    """As Chainer, with packages that are quick to install."""

    _framework = Framework(
        "Tiny", "1",
        {"1": Packages("python", ("six==1.16.0",), ("cupy-cuda90==5.1.0",), "python",
                       ("mpi4py==3.0.0",))},
    )  # fmt: skip
    __signature__ = Chainer.__signature__


def test_a_run_of_an_estimator_on_a_machine_without_gpu(workspace, tmp_path):
    if workspace.client.get(workspace.api("sizes"))["machine"]["gpus"]:
        pytest.skip("this machine has a GPU: nothing is left out")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(
        "import os, six, sys\nprint(six.__version__, sys.argv[1:])\n"
        "print(open(os.path.join(os.environ['numbers'], 'a.txt')).read())\n"
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("fortytwo")
    store = workspace.get_default_datastore()
    store.upload(os.fspath(tmp_path / "data"), "estimators/numbers", show_progress=False)
    data = Dataset.File.from_files((store, "estimators/numbers"))
    estimator = Tiny(
        os.fspath(tmp_path / "src"), entry_script="train.py", use_gpu=True,
        script_params={"--epochs": 2, "--quick": ""},
        inputs=[data.as_named_input("numbers").as_mount()],
    )  # fmt: skip
    run = Experiment(workspace, "estimators").submit(estimator)
    details = run.wait_for_completion()
    assert details["status"] == "Completed"
    assert details["runDefinition"]["arguments"] == ["--epochs", "2", "--quick"]
    said = logs(run, tmp_path)
    assert "1.16.0 ['--epochs', '2', '--quick']" in said["70_driver_log.txt"]
    assert "fortytwo" in said["70_driver_log.txt"]
    for line in run.get_environment().definition["left_out"]:
        assert line in said["20_image_build_log.txt"]
    assert "cupy-cuda90==5.1.0: left out, this machine has no GPU" in said["20_image_build_log.txt"]


def logs(run, folder):
    paths = run.get_all_logs(os.fspath(folder / "logs"))
    return {os.path.basename(path): Path(path).read_text() for path in paths}

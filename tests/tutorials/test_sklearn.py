"""Scikit-learn on MNIST: open data, a cluster of one's own, an old release, a model that is used.

The laptop has the same old Python and scikit-learn as the run, as people who load models have.
"""

import ast
import re
from pathlib import Path

import pytest
from azureml.core import ComputeTarget, Model, Run
from azureml.exceptions import ComputeTargetException

from tests.fixtures.studio_process import UV_CACHE
from tests.tutorials import data
from tests.tutorials.laptop import old_python, own_python

MODEL = "outputs/sklearn_mnist_model.pkl"
PLACE = "/https%3A/%2Fazureopendatastorage.azurefd.net/mnist"


@pytest.mark.slow
def test_a_model_of_an_old_release_is_trained_registered_and_used(
    workspace, laptop, tmp_path, mnist
):
    python = own_python(
        tmp_path / "python", old_python(), "scikit-learn==0.22.1", "numpy<1.24", cache=UV_CACHE
    )
    here = laptop("sklearn_mnist", python=python)
    said = here.runs(
        "control.py",
        PYTHONPATH="",  # the SDK is installed there
        AML_COMPUTE_CLUSTER_NAME="tutorial-cluster",
        AML_COMPUTE_CLUSTER_MIN_NODES="0",
        AML_COMPUTE_CLUSTER_MAX_NODES="2",
    )
    assert re.search(r"^Azure ML SDK Version:  \d+\.\d+\.\d+$", said, re.MULTILINE)
    assert "creating new compute target...\nCreating\nSucceeded\n" in said
    status = ast.literal_eval(value(said, "{'currentNodeCount'", keep=True))
    assert (status["vmSize"], status["scaleSettings"]["maxNodeCount"]) == ("STANDARD_D2_V2", 2)
    check_files(here.project / "data", mnist)

    assert "Streaming azureml-logs/70_driver_log.txt\n" in said
    assert re.search(r"^Data folder: /\S+$", said, re.MULTILINE)
    assert "Train a logistic regression model with regularization rate of 0.5\n" in said
    metrics = ast.literal_eval(value(said, "METRICS "))
    assert set(metrics) == {"regularization rate", "accuracy"}
    assert metrics["regularization rate"] == 0.5
    if mnist == data.REAL_MNIST:
        assert metrics["accuracy"] == pytest.approx(0.919, abs=0.001)
    assert metrics["accuracy"] > 0.8
    files = ast.literal_eval(value(said, "FILES "))
    assert {MODEL, "azureml-logs/70_driver_log.txt"} <= set(files)

    model = Model(workspace, "sklearn_mnist")
    assert f"\nsklearn_mnist\tsklearn_mnist:{model.version}\t{model.version}\n" in said
    assert float(value(said, "PREDICTED ")) == pytest.approx(metrics["accuracy"], abs=0.0001)
    with pytest.raises(ComputeTargetException, match="ComputeTargetNotFound"):
        ComputeTarget(workspace, "tutorial-cluster")
    check_run(workspace, model.run_id, tmp_path)


def check_files(folder: Path, mnist: Path) -> None:
    """What was downloaded is what the catalogue's mirror has, under the paths of its addresses."""
    found = {path.name: path for path in folder.rglob("*.gz")}
    names = {name for names in data.MNIST_NAMES.values() for name in names}
    assert set(found) == names
    for name, path in found.items():
        assert f"{folder}{PLACE}/{name}" == str(path)
        assert path.read_bytes() == (mnist / name).read_bytes()


def check_run(workspace, run_id: str, folder: Path) -> None:
    """The log says where the data was; the environment got a Python that has these packages."""
    run = Run.get(workspace, run_id)
    run.download_file("azureml-logs/55_azureml-execution.txt", str(folder / "node.txt"))
    node = (folder / "node.txt").read_text(encoding="utf-8")
    assert re.search(r"Python 3\.[678]\.\d+ at ", node), node
    environment = run.get_environment()
    assert (environment.name, environment.version) == ("tutorial-env", "1")
    assert "scikit-learn==0.22.1" in environment.get_lock(workspace)
    (read,) = run.get_details()["inputDatasets"]
    assert read["dataset"] == {"id": "mnist_opendataset:1"}
    run.download_file("azureml-logs/70_driver_log.txt", str(folder / "driver.txt"))
    log = (folder / "driver.txt").read_text(encoding="utf-8")
    mounted = re.search(r"Mounted (input__[0-9a-f]{8}) to (\S+) as folder\.", log)
    assert mounted and f"Data folder: {mounted[2]}\n" in log


def value(said: str, start: str, *, keep: bool = False) -> str:
    """The rest of the one line that begins with `start`."""
    (line,) = [one for one in said.splitlines() if one.startswith(start)]
    return line if keep else line[len(start) :]

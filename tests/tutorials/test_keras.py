"""Keras on digits of a website: paths of addresses, a GPU that is not there, a folder as model.

Here Keras computes with the PyTorch that other tutorials have; `make tutorials` takes the
TensorFlow 2.0 that the tutorial's conda file names.
"""

import ast
import re

import pytest
from azureml.core import Model, Run

from compute.backends import gpus
from tests.tutorials import data
from tests.tutorials.conftest import WHOLE
from tests.tutorials.test_sklearn import value

SMALL = """
channels: [conda-forge]
dependencies:
  - pip:
      - azureml-defaults
      - torch==2.13.0
      - keras>=3,<4
      - matplotlib
variables:
  KERAS_BACKEND: torch
  OMP_NUM_THREADS: "1"
"""
NAMES = [name for names in data.MNIST_NAMES.values() for name in names]


@pytest.mark.slow
def test_a_folder_of_a_model_is_trained_from_web_paths(workspace, laptop, site, tmp_path, mnist):
    address, folder = site
    data.first_of_mnist(mnist, folder, data.ALL_OF_MNIST if WHOLE else 1500)
    here = laptop("keras_mnist")
    if not WHOLE:
        (here.project / "conda_dependencies.yml").write_text(SMALL, encoding="utf-8")
    said = here.runs("control.py", MNIST_SITE=address)
    place = address.replace("://", "%3A/%2F").replace(":", "%3A")
    assert sorted(ast.literal_eval(value(said, "PATHS "))) == sorted(
        f"/{place}/{name}" for name in NAMES
    )
    assert "Creating a new compute target...\nCreating\nSucceeded\n" in said
    assert "'vmSize': 'STANDARD_NC6'" in said
    run = Run.get(workspace, value(said, "RUN "))
    if not gpus.names():
        words = str(run.get_events())
        assert "STANDARD_NC6" in words and "no GPU" in words, words
    check_metrics(run.get_metrics())
    check_model(run, said, here.project / "model")
    run.download_file("azureml-logs/70_driver_log.txt", str(tmp_path / "log.txt"))
    log = (tmp_path / "log.txt").read_text(encoding="utf-8")
    mounted = re.search(r"Mounted (input__[0-9a-f]{8}) to (\S+) as folder\.", log)
    assert mounted and f"training dataset is stored here: {mounted[2]}\n" in log
    assert run.get_details()["runDefinition"]["environment"]["name"] == "keras-env"


def check_metrics(metrics) -> None:
    """Two lists of 20 epochs, two numbers, and a picture."""
    names = {"Loss", "Accuracy", "Final test loss", "Final test accuracy", "Accuracy vs Loss"}
    assert set(metrics) == names
    assert len(metrics["Loss"]) == len(metrics["Accuracy"]) == 20
    assert metrics["Final test accuracy"] == pytest.approx(metrics["Accuracy"][-1], abs=1e-4)
    assert metrics["Final test accuracy"] > 0.8
    assert metrics["Accuracy vs Loss"].startswith("aml://artifactId/ExperimentRun/dcid.")


def check_model(run, said, folder) -> None:
    """The folder was registered; both files were downloaded one by one, and are whole."""
    assert "\nkeras-mlp-mnist\tkeras-mlp-mnist:1\t1\n" in said
    names = ["model.json", "model.weights.h5"]
    assert sorted(path.name for path in folder.iterdir()) == names
    for name in names:
        assert f"Downloading from outputs/model/{name} to ./model/{name} ...\n" in said
    assert (folder / "model.json").read_text(encoding="utf-8").startswith("{")
    assert (folder / "model.weights.h5").read_bytes()[:4] == b"\x89HDF"
    assert Model(run.experiment.workspace, "keras-mlp-mnist").run_id == run.id

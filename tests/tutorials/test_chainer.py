"""Chainer by its estimator: a framework of 2018, asked for with GPUs, on a machine without one."""

import ast

import numpy as np
import pytest
from azureml.core import Model, Run

from compute.backends import gpus
from tests.tutorials import data
from tests.tutorials.conftest import WHOLE
from tests.tutorials.test_sklearn import value


@pytest.mark.slow
def test_an_estimator_trains_and_its_model_is_registered(workspace, laptop, site, tmp_path, mnist):
    address, folder = site
    data.first_of_mnist(mnist, folder, data.ALL_OF_MNIST if WHOLE else 2000)
    here = laptop("chainer_mnist")
    said = here.runs("control.py", MNIST_SITE=address)
    assert "framework_version is not specified, defaulting to version 5.1.0." in said
    assert "\nRun(Experiment: chainer-mnist,\nId: chainer-mnist_" in said
    model = Model(workspace, "chainer-dnn-mnist")
    run = Run.get(workspace, model.run_id)
    arguments = run.get_details()["runDefinition"]["arguments"]
    assert arguments == ["--epochs", "10", "--batchsize", "128", "--output_dir", "./outputs"]
    metrics = ast.literal_eval(value(said, "METRICS "))
    assert (metrics["Batch size"], metrics["Epochs"]) == (128, 10)
    assert len(metrics["Accuracy"]) == 10 and metrics["Accuracy"][-1] > 0.8
    assert "outputs/model.npz" in ast.literal_eval(value(said, "FILES "))
    assert "\nchainer-dnn-mnist\tchainer-dnn-mnist:1\t1\n" in said
    with np.load(here.project / "model.npz") as kept:
        assert kept["l3/W"].shape == (10, 100)
    if not gpus.names():
        run.download_file("azureml-logs/20_image_build_log.txt", str(tmp_path / "built.txt"))
        built = (tmp_path / "built.txt").read_text(encoding="utf-8")
        for name in ("cupy-cuda90==5.1.0", "mpi4py==3.0.0"):
            assert f"{name}: left out" in built, built
        assert "chainer==5.1.0" in built
        assert "no GPU: the CPU is used\n" in said

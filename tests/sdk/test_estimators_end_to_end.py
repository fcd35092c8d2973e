"""An estimator with its framework's real packages, from the call to a metric and a model."""

import json
import os

from azureml.core import Experiment
from azureml.train.sklearn import SKLearn

SCRIPT = """
import argparse, json, os
import joblib, sklearn
from sklearn import datasets
from sklearn.svm import SVC
from azureml.core.run import Run

parser = argparse.ArgumentParser()
parser.add_argument("--kernel")
parser.add_argument("--penalty", type=float)
given = parser.parse_args()
run = Run.get_context()
run.log("Kernel type", given.kernel)
iris = datasets.load_iris()
model = SVC(kernel=given.kernel, C=given.penalty, gamma="scale").fit(iris.data, iris.target)
run.log("Accuracy", model.score(iris.data, iris.target))
os.makedirs("outputs", exist_ok=True)
joblib.dump(model, "outputs/model.joblib")
with open("outputs/facts.json", "w") as file:
    json.dump([sklearn.__version__, len(model.n_support_)], file)
"""


def test_scikit_learn_of_2019_trains_and_what_it_made_is_kept(workspace, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(SCRIPT)
    estimator = SKLearn(
        source_directory=os.fspath(tmp_path / "src"),
        script_params={"--kernel": "linear", "--penalty": 1.0},
        compute_target="cpu-cluster",
        entry_script="train.py",
    )
    run = Experiment(workspace, "estimators-for-real").submit(estimator)
    assert run.wait_for_completion()["status"] == "Completed"
    metrics = run.get_metrics()
    assert metrics["Kernel type"] == "linear" and metrics["Accuracy"] > 0.97
    model = run.register_model("iris-of-2019", "outputs")
    there = model.download(os.fspath(tmp_path / "here"))
    assert sorted(os.listdir(there)) == ["facts.json", "model.joblib"]
    with open(os.path.join(there, "facts.json")) as file:
        assert json.load(file) == ["0.20.3", 3]

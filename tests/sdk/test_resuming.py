"""resume_from: a script goes on from files of an earlier run, as its argument and variable say."""

import os

import pytest
from azureml.core import Dataset, Environment, Experiment, Model, ScriptRunConfig
from azureml.data.datapath import DataPath
from azureml.exceptions import UserErrorException
from azureml.train.dnn import TensorFlow
from azureml.train.estimator import Estimator

GOES_ON = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int)
parser.add_argument("--resume-from")
args = parser.parse_args()
assert args.resume_from == os.environ["AZUREML_DATAREFERENCE_MODEL_LOCATION"]
found = sorted(os.path.relpath(os.path.join(place, name), args.resume_from)
               for place, _, names in os.walk(args.resume_from) for name in names)
print("found", args.steps, found, open(os.path.join(args.resume_from, found[0])).read())
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(GOES_ON)
    return os.fspath(tmp_path / "src")


@pytest.fixture
def checkpoint(tmp_path):
    """A folder with the file step-7.txt."""
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "step-7.txt").write_text(f"weights of {tmp_path.name}")
    return tmp_path / "checkpoint"


def ways(workspace, checkpoint):
    """Yield what a script may resume from."""
    store = workspace.get_default_datastore()
    path = "resume/" + checkpoint.parent.name
    store.upload(os.fspath(checkpoint), path, overwrite=True, show_progress=False)
    yield DataPath(store, path)
    yield store.path(path).as_download()
    dataset = Dataset.File.from_files((store, path))
    yield dataset
    yield dataset.as_named_input("other").as_mount()
    place = os.fspath(checkpoint / "step-7.txt")
    yield Model.register(workspace, place, "resume-" + checkpoint.parent.name)


def test_a_script_goes_on_from_all_that_may_be_given(workspace, source, checkpoint):
    experiment = Experiment(workspace, "resumes")
    runs = [
        experiment.submit(
            ScriptRunConfig(source, "train.py", ["--steps", 3], resume_from=resume_from)
        )
        for resume_from in ways(workspace, checkpoint)
    ]
    assert len(runs) == 5
    for run in runs:
        details = run.wait_for_completion()
        arguments = details["runDefinition"]["arguments"]
        assert arguments[2:] == ["--resume-from", "DatasetConsumptionConfig:MODEL_LOCATION"]
        said = run.get_details_with_logs()["logFiles"]["azureml-logs/70_driver_log.txt"]
        assert "found 3 ['step-7.txt'] weights of " + checkpoint.parent.name in said


def test_an_estimator_resumes_with_its_script_params(workspace, source, checkpoint):
    *_, model = ways(workspace, checkpoint)
    words = {"entry_script": "train.py", "script_params": {"--steps": 2}, "resume_from": model}
    run = Experiment(workspace, "resumes").submit(
        Estimator(source, environment_definition=plain(), **words)
    )
    run.wait_for_completion()
    order = TensorFlow(source, **words).order(workspace)
    assert order["arguments"] == [
        "--steps", "2", "--resume-from", "DatasetConsumptionConfig:MODEL_LOCATION",
    ]  # fmt: skip
    (read,) = order["inputs"]
    assert (read["name"], read["mode"]) == ("MODEL_LOCATION", "mount")


def plain():
    environment = Environment("plain")
    environment.python.user_managed_dependencies = True
    return environment


@pytest.mark.parametrize("given", ["outputs/checkpoint", 7, DataPath(None, "a")])
def test_what_cannot_be_resumed_from_is_refused_with_the_way_out(given, source):
    with pytest.raises(UserErrorException, match=r"datastore.upload\(folder"):
        ScriptRunConfig(source, "train.py", resume_from=given)

"""Pipelines under every Python that this machine has, from 3.6 on, with warnings as errors."""

import os
import subprocess

import pytest

from tests.fixtures.pythons import pythons
from tests.sdk.driving import SDK

SCRIPT = """
import copy, sys
from azureml.core import Datastore, RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, StepSequence
from azureml.pipeline.core.run import PipelineRun
from azureml.pipeline.steps import CommandStep, EstimatorStep, MpiStep, PythonScriptStep
from azureml.train.estimator import Estimator

class Place:
    name = "lab"

folder = sys.argv[1]
place = Place()
data = PipelineData("data", Datastore(place))
out = OutputFileDatasetConfig("out").as_upload()
rate = PipelineParameter("rate", 0.5)
write = PythonScriptStep("work.py", arguments=["--to", data, rate], outputs=[data],
                         source_directory=folder, runconfig=RunConfiguration())
command = CommandStep(["python", "work.py", out], "command", source_directory=folder)
several = MpiStep("mpi", folder, "work.py", [data], node_count=2, inputs=[data])
estimator = EstimatorStep("est", Estimator(folder, entry_script="work.py"), [out.as_input("back")])
pipeline = Pipeline(place, [StepSequence([several, estimator])])
assert pipeline.validate() == [], pipeline.validate()
graph = pipeline._graph()
assert [graph.names[step] for step in graph.steps] == ["work.py", "mpi", "command", "est"]
telling = pipeline._telling(graph)
told = {step.name: telling.told(step).order for step in graph.steps}
assert told["work.py"]["arguments"][2] == "$(PipelineParameter:rate)", told
assert told["est"]["inputs"][0]["output"] == "out" and told["mpi"]["node_count"] == 2
assert copy.copy(data).link is data.link and copy.deepcopy(out).link is out.link
try:
    data.as_input().dataset.to_path()
except Exception as error:
    assert "when its step has run" in str(error)
else:
    raise AssertionError("a file that is not there was listed")
"""


@pytest.mark.parametrize("python", pythons())
def test_pipelines_are_made_under_this_python(python, tmp_path):
    (tmp_path / "work.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [python, "-W", "error", script, tmp_path],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SDK), "LC_ALL": "C.UTF-8"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

"""Names of sweeps, and of steps that are not here: they import, and say what to do instead."""

import importlib

import pytest
from azureml.exceptions import UserErrorException
from azureml.pipeline import core, steps
from azureml.train import hyperdrive
from azureml.train.hyperdrive import (
    BanditPolicy,
    BayesianParameterSampling,
    GridParameterSampling,
    HyperDriveConfig,
    HyperDriveRun,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PrimaryMetricGoal,
    RandomParameterSampling,
    TruncationSelectionPolicy,
    choice,
    loguniform,
)


@pytest.mark.parametrize(
    ("name", "given", "expression"),
    [
        ("choice", (25, 50, 100), ["choice", [[25, 50, 100]]]),
        ("choice", ([25, 50],), ["choice", [[25, 50]]]),
        ("choice", (range(2),), ["choice", [[0, 1]]]),
        ("choice", ("adam",), ["choice", [["adam"]]]),
        ("choice", (3,), ["choice", [[3]]]),
        ("loguniform", (-6, -1), ["loguniform", [-6, -1]]),
        ("uniform", (0.1, 0.5), ["uniform", [0.1, 0.5]]),
        ("quniform", (1, 9, 2), ["quniform", [1, 9, 2]]),
        ("qloguniform", (1, 9, 2), ["qloguniform", [1, 9, 2]]),
        ("normal", (0, 1), ["normal", [0, 1]]),
        ("qnormal", (0, 1, 3), ["qnormal", [0, 1, 3]]),
        ("lognormal", (0, 1), ["lognormal", [0, 1]]),
        ("qlognormal", (0, 1, 3), ["qlognormal", [0, 1, 3]]),
        ("randint", (8,), ["randint", [8]]),
    ],
)
def test_an_expression_is_its_name_and_its_values(name, given, expression):
    assert getattr(hyperdrive, name)(*given) == expression


def test_samplings_and_policies_are_written_down():
    space = {"--batch-size": choice(25, 50), "--rate": loguniform(-6, -1)}
    sampling = RandomParameterSampling(space)
    assert sampling.to_json() == {"name": "RANDOM", "parameter_space": space}
    assert GridParameterSampling({"--x": choice(1, 2)}).to_json()["name"] == "GRID"
    with pytest.raises(UserErrorException, match="choice, uniform, quniform only; --rate has"):
        BayesianParameterSampling(space)
    with pytest.raises(UserErrorException, match="a parameter space is a dict"):
        RandomParameterSampling([1])
    bandit = BanditPolicy(evaluation_interval=2, slack_factor=0.1)
    assert bandit.to_json() == {
        "name": "Bandit",
        "properties": {"evaluation_interval": 2, "delay_evaluation": 0, "slack_factor": 0.1},
    }
    with pytest.raises(UserErrorException, match="slack_factor or slack_amount"):
        BanditPolicy()
    assert MedianStoppingPolicy(2, 5).properties["delay_evaluation"] == 5
    assert TruncationSelectionPolicy(20).properties["truncation_percentage"] == 20
    assert NoTerminationPolicy().to_json() == {"name": "Default"}
    assert PrimaryMetricGoal.from_str("maximize") is PrimaryMetricGoal.MAXIMIZE


@pytest.mark.parametrize("given", [(1, 0), (1, 1)])
def test_the_smaller_value_comes_first(given):
    with pytest.raises(UserErrorException, match="the smaller value comes first"):
        hyperdrive.uniform(*given)
    with pytest.raises(UserErrorException, match="needs values"):
        choice()


def test_a_sweep_says_what_to_do_instead():
    sampling = RandomParameterSampling({"--rate": loguniform(-6, -1)})
    with pytest.raises(NotImplementedError, match=r"HyperDriveConfig.*a loop: .*Compare page"):
        HyperDriveConfig(
            sampling, "accuracy", PrimaryMetricGoal.MAXIMIZE, 8, max_concurrent_runs=4, estimator=1
        )
    with pytest.raises(NotImplementedError, match="HyperDriveRun"):
        HyperDriveRun("experiment", "HD_1")


@pytest.mark.parametrize(
    ("kind", "instead"),
    [
        (steps.ParallelRunStep, "MpiStep whose processes take every n-th file"),
        (steps.ParallelRunConfig, "MpiStep whose processes take every n-th file"),
        (steps.HyperDriveStep, "steps made in a loop"),
        (steps.AutoMLStep, "steps made in a loop"),
        (steps.DataTransferStep, "datastore.upload"),
        (steps.DatabricksStep, "a PythonScriptStep that calls that service"),
        (steps.AdlaStep, "a PythonScriptStep that calls that service"),
        (steps.AzureBatchStep, "a PythonScriptStep that calls that service"),
        (steps.ModuleStep, "a function of your own"),
        (core.TrainingOutput, "PipelineData that the script"),
        (core.Schedule, "cron"),
        (core.PipelineEndpoint, "Pipeline.publish"),
        (core.PipelineDraft, "Experiment.submit"),
    ],
)
def test_a_step_that_is_not_here_says_what_to_do_instead(kind, instead):
    with pytest.raises(NotImplementedError, match=f"{kind.__name__}.* Instead: .*{instead}"):
        kind(name="x")
    with pytest.raises(NotImplementedError, match=f"{kind.__name__}.get"):
        kind.get("x")


@pytest.mark.parametrize(
    "path",
    [
        "azureml.train.hyperdrive.run.PrimaryMetricGoal",
        "azureml.train.hyperdrive.runconfig.HyperDriveConfig",
        "azureml.train.hyperdrive.parameter_expressions.choice",
        "azureml.train.hyperdrive.sampling.RandomParameterSampling",
        "azureml.train.hyperdrive.policy.BanditPolicy",
        "azureml.pipeline.core.builder.PipelineData",
        "azureml.pipeline.core.builder.StepSequence",
        "azureml.pipeline.core.graph.PipelineParameter",
        "azureml.pipeline.core.graph.PortDataReference",
        "azureml.pipeline.core.run.PipelineRun",
        "azureml.pipeline.core.run.StepRun",
        "azureml.pipeline.core.schedule.Schedule",
        "azureml.pipeline.core.TrainingOutput",
        "azureml.pipeline.steps.ParallelRunConfig",
        "azureml.pipeline.steps.AutoMLStep",
    ],
)
def test_the_names_are_where_scripts_look_for_them(path):
    module, _, name = path.rpartition(".")
    assert getattr(importlib.import_module(module), name).__name__ == name

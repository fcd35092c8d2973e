"""What people write against the SDK, for test_types.py: checked strictly, never run.

Each line marked WRONG holds a mistake that a type checker must find; no other line may have one.
"""

from typing import Any, assert_type

from azureml.core import (
    ComputeTarget,
    Dataset,
    Environment,
    Experiment,
    Model,
    Run,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from azureml.core import Wrokspace as Misspelled  # noqa: F401  # WRONG
from azureml.core.compute import AmlCompute
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import MpiConfiguration
from azureml.data import FileDataset, TabularDataset
from azureml.exceptions import ActivityFailedException
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, PipelineRun, StepRun
from azureml.pipeline.steps import PythonScriptStep
from azureml.train.dnn import PyTorch
from azureml.train.estimator import Estimator
from azureml.widgets import RunDetails


def submit(workspace: Workspace) -> Run:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    target = ComputeTarget.create(workspace, "cpu", wanted)
    target.wait_for_completion(show_output=True)
    assert_type(target.get_status().current_node_count, int)
    environment = Environment("mine")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["torch"])
    environment.docker.bsae_image = "x"  # WRONG
    store = workspace.get_default_datastore()
    store.upload("data", target_path="d", overwrite=True)
    files = Dataset.File.from_files((store, "d/**"))
    assert_type(files.register(workspace, "d", create_new_version=True), FileDataset)
    config = ScriptRunConfig(
        "src", "train.py", ["--data", files.as_named_input("d").as_mount(), "--lr", 0.1],
        compute_target=target, environment=environment.register(workspace),
        distributed_job_config=MpiConfiguration(node_count=2),
    )  # fmt: skip
    config.run_config.node_count = 2
    config.run_config.node_cuont = 2  # WRONG
    ScriptRunConfig("src", scrpt="train.py")  # WRONG
    ScriptRunConfig("src", "train.py", distributed_job_config=2)  # WRONG
    assert_type(Experiment(workspace, "mnist").submit(config, tags={"a": "b"}), Run)
    return Experiment(workspace, 3).submit(config)  # WRONG


def look(run: Run) -> None:
    try:
        assert_type(run.wait_for_completion(show_output=True), dict[str, Any])
    except ActivityFailedException as error:
        assert_type(error.message, str)
    assert_type(run.get_metrics(), dict[str, Any])
    assert_type(run.get_file_names(), list[str])
    assert_type(run.parent, Run | None)
    assert_type(next(run.get_children()).get_status(), str)
    assert_type(run.experiment, Experiment)
    assert_type(run.experiment.workspace, Workspace)
    assert_type(next(run.experiment.get_runs(tags={"a": "b"})), Run)
    assert_type(run.register_model("m", model_path="outputs/m.pt").version, int)
    assert_type(Model.register(run.experiment.workspace, "m.pt", "m"), Model)
    Model.register(run.experiment.workspace, model_nam="m", model_path="m.pt")  # WRONG
    run.wait_for_completion(show_outputs=True)  # WRONG
    run.regster_model("m", model_path="outputs/m.pt")  # WRONG
    RunDetails(run).show()


def read(workspace: Workspace) -> None:
    table = Dataset.Tabular.from_delimited_files("https://host/t.csv")
    assert_type(table.register(workspace, "t"), TabularDataset)
    assert_type(table.random_split(0.5, seed=1)[0], TabularDataset)
    Dataset.File.from_fles("x")  # WRONG
    workspace.compute_target  # noqa: B018  # WRONG


def estimate(workspace: Workspace) -> None:
    made = PyTorch("src", "cpu", entry_script="t.py", script_params={"--lr": 0.1}, use_gpu=True)
    assert_type(made.run_config, RunConfiguration)
    assert_type(Experiment(workspace, "e").submit(made), Run)
    Estimator("src", compute_target="cpu", entry_scrpt="t.py")  # WRONG
    PyTorch("src", entry_script="t.py", node_count="two")  # WRONG


def run_a_pipeline(workspace: Workspace) -> PipelineRun:
    data = PipelineData("data", datastore=workspace.get_default_datastore())
    PipelineData("data", datastor=None)  # WRONG
    rate = PipelineParameter(name="rate", default_value=0.1)
    step = PythonScriptStep("a.py", arguments=["--to", data, "--rate", rate], outputs=[data])
    PythonScriptStep("a.py", argument=["--to"])  # WRONG
    pipeline = Pipeline(workspace, steps=[[step]])
    run = Experiment(workspace, "e").submit(pipeline, pipeline_parameters={"rate": 0.2})
    assert_type(run, PipelineRun)
    assert_type(run.wait_for_completion(show_output=True), str)
    assert_type(run.find_step_run("a.py"), list[StepRun])
    run.find_step_run("a.py")[0].get_output_data("data").download("here", overwrite=True)
    run.find_step("a.py")  # WRONG
    published = pipeline.publish(name="p", version="1")
    assert_type(published.endpoint, str)
    assert_type(Experiment(workspace, "e").submit(published), PipelineRun)
    RunDetails(run).show()
    return run


def in_the_script() -> None:
    run = Run.get_context()
    assert_type(run, Run)
    run.log("loss", 0.1, step=3)
    run.log("loss")  # WRONG
    with Experiment(run.experiment.workspace, "x").start_logging() as begun:
        assert_type(begun.child_run("fold"), Run)

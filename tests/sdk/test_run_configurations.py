"""Run configurations as files, and the inputs that one names besides the arguments."""

import json
import os

import pytest
from azureml.core import Dataset, Environment, RunConfiguration, ScriptRunConfig
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import DataReferenceConfiguration
from azureml.exceptions import UserErrorException


@pytest.fixture
def source(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("print(1)\n")
    return os.fspath(tmp_path / "src")


def test_what_was_saved_is_loaded_again(tmp_path):
    config = RunConfiguration(script="train.py", arguments=["--lr", 0.5], framework="PyTorch")
    config.target, config.node_count, config.communicator = "gpu", 2, "Nccl"
    config.environment_variables = {"A": "1"}
    config.history.directories_to_watch.append("more")
    config.environment = Environment("mine")
    config.environment.python.conda_dependencies = CondaDependencies.create(
        pip_packages=["six==1.16.0"]
    )
    config.save(os.fspath(tmp_path), "gpu", separate_environment_yaml=True)
    assert "six==1.16.0" in (tmp_path / ".azureml" / "conda_dependencies.yml").read_text()
    again = RunConfiguration.load(os.fspath(tmp_path), "gpu")
    plain = ("script", "framework", "target", "node_count", "communicator", "environment_variables")
    assert [getattr(again, name) for name in plain] == [getattr(config, name) for name in plain]
    assert again.arguments == ["--lr", "0.5"]
    assert again.history.directories_to_watch == ["logs", "more"]
    assert again.environment.name == "mine"
    assert again.environment.definition == config.environment.definition
    words = json.loads((tmp_path / ".azureml" / "gpu.runconfig").read_text())
    assert words["nodeCount"] == 2 and words["docker"]["useDocker"] is False


@pytest.mark.parametrize("text", ["[]", '{"docker": 5}', "{", '{"environment": {"python": 3}}'])
def test_a_file_that_is_none_is_named(tmp_path, text):
    place = tmp_path / "x.runconfig"
    place.write_text(text)
    with pytest.raises(UserErrorException, match=r"x\.runconfig is"):
        RunConfiguration.load(os.fspath(place))


def test_one_that_is_not_there_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(UserErrorException, match=r"no run configuration at .*\.azureml"):
        RunConfiguration.load(os.fspath(tmp_path), "gone")


def test_references_and_data_are_inputs_of_the_run(workspace, source):
    store = workspace.get_default_datastore()
    store.upload(source, "run-configurations", overwrite=True, show_progress=False)
    reference = store.path("run-configurations", data_reference_name="first").as_download("/tmp/x")
    data = Dataset.File.from_files((store, "run-configurations"))
    config = RunConfiguration()
    config.data_references = {
        "first": reference.to_config(),
        "second": DataReferenceConfiguration(path_on_datastore="run-configurations"),
    }
    config.data = {"third": data.as_named_input("other").as_mount()}
    order = ScriptRunConfig(
        source, "train.py", arguments=["--a", str(reference), "plain"], run_config=config
    ).order(workspace)
    assert order["arguments"] == ["--a", "DatasetConsumptionConfig:first", "plain"]
    told = [(one["name"], one["mode"], one["path"]) for one in order["inputs"]]
    assert told == [
        ("first", "download", "/tmp/x"),
        ("second", "mount", ""),
        ("third", "mount", ""),
    ]
    config.data = {"wrong": data}
    with pytest.raises(UserErrorException, match="data_references and data"):
        ScriptRunConfig(source, "train.py", run_config=config).order(workspace)


@pytest.mark.parametrize(
    ("command", "script", "arguments"),
    [
        ("python train.py --lr 0.1 'two words'", "train.py", ["--lr", "0.1", "two words"]),
        (["python3.8", "-u", "train.py", "--lr", 0.1], "train.py", ["--lr", 0.1]),
        ("bash prepare.sh", "prepare.sh", []),
    ],
)  # fmt: skip
def test_a_command_is_its_script_and_arguments(source, command, script, arguments):
    config = ScriptRunConfig(source, command=command)
    assert (config.script, config.arguments) == (script, arguments)
    of_run = ScriptRunConfig(source, run_config=RunConfiguration(command=command))
    assert (of_run.script, of_run.arguments) == (script, arguments)


def test_a_command_that_is_more_says_what_to_do_instead(source):
    for command in ("make all", ["echo", "x"], "python -m train", "bash -c 'ls'", "python"):
        with pytest.raises(NotImplementedError, match=r"train\.sh"):
            ScriptRunConfig(source, command=command)
    with pytest.raises(UserErrorException, match="without script and arguments"):
        ScriptRunConfig(source, "train.py", command="python train.py")


def test_a_cluster_for_one_run_is_said_to_be_of_no_use(source):
    config = RunConfiguration()
    config.amlcompute.vm_size = "STANDARD_D2_V2"
    with pytest.warns(UserWarning, match="name a cluster as the target"):
        ScriptRunConfig(source, "train.py", run_config=config).order()


def test_the_target_local_is_the_studios_own_cluster_and_is_said(source):
    """Scripts of v1 name it; they run as they do without a target."""
    with pytest.warns(UserWarning, match=r"studio's own cluster.*start_logging"):
        order = ScriptRunConfig(source, "train.py", compute_target="local").order()
    assert order["cluster"] is None

"""Environments: what the studio is told of packages, image and variables; what is refused."""

import json
import os

import pytest
from azureml.core import Environment, RunConfiguration, ScriptRunConfig
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.environment import DEFAULT_GPU_IMAGE, ContainerRegistry
from azureml.core.runconfig import DockerConfiguration
from azureml.exceptions import UserErrorException

PLAIN = CondaDependencies().serialize_to_string()


def test_a_base_image_goes_along_unless_it_is_a_default_one():
    environment = Environment("x")
    environment.docker.enabled = True
    environment.docker.base_image = DEFAULT_GPU_IMAGE
    assert environment.definition == {"conda": PLAIN}
    environment.docker.base_image = "tools/train:2"
    assert environment.definition == {"conda": PLAIN, "base_image": "tools/train:2"}
    environment.docker.base_image_registry.address = "https://registry.example"
    environment.python.user_managed_dependencies = True
    assert environment.definition == {"base_image": "registry.example/tools/train:2"}
    environment.docker.base_image = "mcr.microsoft.com/azureml/base:0.2.1"
    environment.docker.base_image_registry = ContainerRegistry()
    assert environment.definition == {"pip": ""}


def test_a_dockerfile_is_given_as_text_or_as_a_path(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nRUN true\n")
    environment = Environment("x")
    environment.docker.base_dockerfile = os.fspath(tmp_path / "Dockerfile")
    assert environment.docker.base_dockerfile == "FROM debian:12\nRUN true\n"
    assert environment.definition == {"conda": PLAIN, "dockerfile": "FROM debian:12\nRUN true\n"}
    assert Environment.from_dockerfile("y", "FROM debian:12").definition == {
        "dockerfile": "FROM debian:12"
    }
    environment.docker.base_image = "tools"
    with pytest.raises(UserErrorException, match="keep one"):
        _ = environment.definition
    with pytest.raises(UserErrorException, match="Dockerfile nothing"):
        environment.docker.base_dockerfile = "nothing"


def test_an_image_is_used_as_it_is_or_gets_a_files_packages(tmp_path):
    (tmp_path / "r.txt").write_text("six\n")
    whole = Environment.from_docker_image("x", "tools:1", ContainerRegistry(address="r.example"))
    assert whole.definition == {"base_image": "r.example/tools:1"}
    more = Environment.from_docker_image("x", "tools:1", pip_requirements=str(tmp_path / "r.txt"))
    assert more.definition == {"pip": "six\n", "base_image": "tools:1"}


def test_pip_requirements_are_kept_as_text_until_they_are_changed(tmp_path):
    (tmp_path / "r.txt").write_text("# x\nnumpy \\\n  >= 1\n--pre\n")
    environment = Environment.from_pip_requirements("r", str(tmp_path / "r.txt"))
    environment.environment_variables["A"] = 1
    assert environment.order() == {
        "name": "r",
        "definition": {"pip": "# x\nnumpy \\\n  >= 1\n--pre\n", "variables": {"A": "1"}},
    }
    dependencies = environment.python.conda_dependencies
    assert list(dependencies.pip_packages) == ["numpy >= 1"]
    copy = environment.clone("other")
    dependencies.add_pip_package("six")
    assert "- six" in environment.definition["conda"]
    assert copy.definition["pip"].startswith("# x") and copy.name == "other"
    with pytest.raises(UserErrorException, match=r"none\.txt"):
        Environment.from_pip_requirements("r", str(tmp_path / "none.txt"))


def test_a_typing_error_in_a_setting_is_named():
    environment, configuration = Environment("x"), RunConfiguration()
    with pytest.raises(AttributeError, match="base_image"):
        environment.docker.baseimage = "x"
    with pytest.raises(AttributeError, match="conda_dependencies"):
        environment.python.conda_dependancies.add_pip_package("x")
    with pytest.raises(AttributeError, match="enviroment"):
        configuration.enviroment = environment
    environment.python.conda_dependencies = "packages.yml"
    with pytest.raises(UserErrorException, match=r"CondaDependencies\(path\)"):
        environment.order()
    configuration.environment = "AzureML-Minimal"
    with pytest.raises(UserErrorException, match=r"Environment\.get\(workspace, name\)"):
        configuration.environment_order()


def test_a_configuration_passes_environment_and_variables_on(tmp_path):
    (tmp_path / "train.py").write_text("")
    configuration = RunConfiguration()
    configuration.target = "cpu-cluster"
    script = ScriptRunConfig(str(tmp_path), "train.py", ["--n", 1, 0.5], configuration)
    assert script.order() == {
        "script": "train.py", "arguments": ["--n", "1", "0.5"], "cluster": "cpu-cluster",
        "environment": None, "max_run_duration_seconds": 30 * 24 * 3600,
        "node_count": 1, "process_count_per_node": 1, "distribution": "", "max_retries": 0,
    }  # fmt: skip
    configuration.environment_variables = {"DEBUG": "1"}
    assert script.order()["environment"]["definition"] == {"pip": "", "variables": {"DEBUG": "1"}}
    configuration.environment.python.conda_dependencies.add_pip_package("six")
    configuration.environment.environment_variables = {"DEBUG": "0", "SEED": 7}
    definition = script.order()["environment"]["definition"]
    assert definition["variables"] == {"DEBUG": "1", "SEED": "7"} and "- six" in definition["conda"]


def test_what_the_studio_does_not_use_is_kept_and_said(tmp_path):
    (tmp_path / "train.py").write_text("")
    environment = Environment("x")
    environment.docker.shm_size = "8g"
    environment.docker.arguments = ["--ipc=host"]
    environment.docker.base_image_registry.password = "secret"
    environment.python.interpreter_path = "/opt/python"
    with pytest.warns(UserWarning, match=r"shm_size='8g'.*--ipc=host.*password.*"):
        environment.order()
    assert environment.clone("y").docker.shm_size == "8g" and "secret" not in repr(environment)
    docker = DockerConfiguration(use_docker=True, shm_size="4g")
    script = ScriptRunConfig(str(tmp_path), "train.py", docker_runtime_config=docker)
    with pytest.warns(UserWarning, match=r"docker_runtime_config\.shm_size='4g'"):
        script.order()
    assert script.run_config.docker is docker


def test_an_environment_shows_itself_as_the_v1_sdk_does():
    environment = Environment("x", environment_variables={"A": "1"})
    assert str(environment) == "Environment(Name: x,\nVersion: None)"
    words = json.loads(repr(environment))
    assert sorted(words) == [
        "databricks", "docker", "environmentVariables", "inferencingStackVersion", "name",
        "python", "r", "spark", "version",
    ]  # fmt: skip
    assert words["python"]["condaDependencies"]["channels"] == ["anaconda", "conda-forge"]
    assert words["docker"]["platform"] == {"os": "Linux", "architecture": "amd64"}

"""Environments through a whole studio, by the SDK: versions, curated ones, exact pins."""

import os
import subprocess
import sys

import pytest
from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.exceptions import UserErrorException

from tests.sdk.driving import pip_environment


def test_versions_are_kept_listed_labelled_and_archived(workspace, tmp_path):
    environment = pip_environment(tmp_path, "sdk-versions", "six\n")
    first = environment.register(workspace, description="mine", tags={"team": "a"})
    assert environment.register(workspace).version == first.version == "1"
    environment.python.conda_dependencies.add_pip_package("idna")
    second = environment.register(workspace)
    assert second.version == "2" and "- idna" in second.definition["conda"]
    assert Environment.get(workspace, "sdk-versions", "1").definition == {"pip": "six\n"}
    assert Environment.get(workspace, "sdk-versions", label="latest").order() == {
        "name": "sdk-versions", "version": 2,
    }  # fmt: skip
    first.update(workspace, description="better", tags={"team": None, "stage": "test"})
    again = Environment.get(workspace, "sdk-versions", "1")
    assert (again.description, again.tags) == ("better", {"stage": "test"})
    Environment.label(workspace, "sdk-versions", "1", ["prod", "safe"])
    Environment.label(workspace, "sdk-versions", "2", "prod")
    assert Environment.get(workspace, "sdk-versions", label="prod").version == "2"
    assert Environment.get(workspace, "sdk-versions", label="safe").version == "1"
    with pytest.raises(UserErrorException, match="labels: prod, safe, latest"):
        Environment.get(workspace, "sdk-versions", label="best")
    assert [one.version for one in Environment.versions(workspace, "sdk-versions")] == ["2", "1"]
    newer = second.ask_for_newer_packages(workspace)
    assert newer.version == "3" and newer.definition == {**second.definition, "edition": 2}
    second.archive(workspace)
    assert "sdk-versions" not in workspace.environments
    second.restore(workspace)
    assert workspace.environments["sdk-versions"].version == "3"


def test_a_curated_environment_is_cloned_changed_and_run(workspace, tmp_path):
    curated = Environment.get(workspace, "AzureML-Minimal")
    assert curated.is_curated and "AzureML-Minimal" in Environment.list(workspace)
    with pytest.raises(UserErrorException, match="AzureML-"):
        curated.clone("AzureML-Minimal-2").register(workspace)
    mine = curated.clone("sdk-minimal")
    mine.python.conda_dependencies.add_pip_package("six==1.16.0")
    mine.environment_variables = {"GREETING": "hello"}
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(
        "import os, six, azureml.core\nassert six.__version__ == '1.16.0'\n"
        "assert os.environ['GREETING'] == 'hello'\n"
    )
    config = ScriptRunConfig(os.fspath(tmp_path / "src"), "train.py", environment=mine)
    run = Experiment(workspace, "sdk-curated").submit(config)
    details = run.wait_for_completion()
    assert details["status"] == "Completed"
    assert run.get_environment().definition == mine.definition
    words = details["runDefinition"]["environment"]
    assert words["name"] == "sdk-minimal"
    assert words["environmentVariables"] == {"GREETING": "hello"}


def test_a_virtual_environment_is_rebuilt_with_the_same_pins(workspace, tmp_path):
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    uv = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", folder]
    subprocess.run([*uv, "six==1.15.0", "idna==3.6"], check=True)
    environment = Environment.from_existing_virtual_environment("sdk-venv", os.fspath(folder))
    registered = environment.register(workspace)
    assert Environment.get(workspace, "sdk-venv").definition == environment.definition
    assert registered.definition["pip"].splitlines()[1:] == ["idna==3.6", "six==1.15.0"]
    registered.build(workspace).wait_for_completion(show_output=False)
    lock = registered.get_lock(workspace).splitlines()
    pins = [line.split()[0] for line in lock if "==" in line and not line.startswith("#")]
    assert pins == ["idna==3.6", "six==1.15.0"]

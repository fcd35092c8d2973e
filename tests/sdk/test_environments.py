"""Environments and conda dependencies: what is kept of a file, what is written."""

import pytest
import yaml
from azureml.core import Environment, RunConfiguration, ScriptRunConfig
from azureml.core.conda_dependencies import CondaDependencies
from azureml.exceptions import UserErrorException

TEXT = """\
# my environment
name: mnist
channels: [conda-forge, "pytorch"]
dependencies:
- python=3.8   # not newer
- numpy>=1.20
- 'scikit-learn==1.0'
- conda-forge::pandas
- pip:
    - torch==1.10.2
    - "azureml-core"
- tqdm
"""


def test_a_conda_file_is_kept_as_it_was_written(tmp_path):
    (tmp_path / "e.yml").write_text(TEXT)
    environment = Environment.from_conda_specification("mnist", str(tmp_path / "e.yml"))
    assert environment.definition == {"conda": TEXT}
    dependencies = environment.python.conda_dependencies
    assert list(dependencies.conda_channels) == ["conda-forge", "pytorch"]
    assert dependencies.python_version == "3.8"
    assert list(dependencies.pip_packages) == ["torch==1.10.2", "azureml-core"]
    packages = list(dependencies.conda_packages)
    assert packages == ["numpy>=1.20", "scikit-learn==1.0", "conda-forge::pandas", "tqdm"]


def test_a_change_writes_the_whole_anew(tmp_path):
    dependencies = CondaDependencies.from_text(TEXT)
    dependencies.add_conda_package("numpy=2.0")
    dependencies.add_pip_package("wandb[media]; python_version > '3'")
    dependencies.remove_pip_package("torch")
    read = yaml.safe_load(dependencies.serialize_to_string())
    assert read["dependencies"] == [
        "python=3.8", "numpy=2.0", "scikit-learn==1.0", "conda-forge::pandas", "tqdm",
        {"pip": ["azureml-core", "wandb[media]; python_version > '3'"]},
    ]  # fmt: skip
    assert read["channels"] == ["conda-forge", "pytorch"]


def test_create_pins_the_sdks_own_packages_only():
    made = CondaDependencies.create(
        pip_packages=["azureml-defaults", "azureml-dataset-runtime[pandas]", "flask"],
        conda_packages=["scikit-learn==0.22.1"],
        python_version="3.6.2",
    )
    read = yaml.safe_load(made.serialize_to_string())
    assert read["name"] == "project_environment"
    assert read["dependencies"][0] == "python=3.6.2"
    assert read["dependencies"][-1]["pip"] == [
        "azureml-defaults~=1.61.0", "azureml-dataset-runtime[pandas]~=1.61.0", "flask",
    ]  # fmt: skip
    assert yaml.safe_load(CondaDependencies().serialize_to_string())["dependencies"] == ["python"]


def test_pip_requirements_are_kept_as_text(tmp_path):
    (tmp_path / "r.txt").write_text("# x\nnumpy\n")
    environment = Environment.from_pip_requirements("r", str(tmp_path / "r.txt"))
    environment.environment_variables["A"] = 1
    assert environment.order() == {
        "name": "r", "definition": {"pip": "# x\nnumpy\n", "variables": {"A": "1"}},
    }  # fmt: skip
    with pytest.raises(UserErrorException, match=r"none\.txt"):
        Environment.from_pip_requirements("r", str(tmp_path / "none.txt"))


def test_a_run_configuration_refuses_names_it_does_not_have(tmp_path):
    configuration = RunConfiguration()
    configuration.target = "cpu-cluster"
    with pytest.raises(AttributeError, match="enviroment"):
        configuration.enviroment = Environment("x")
    (tmp_path / "train.py").write_text("")
    source = str(tmp_path)
    order = ScriptRunConfig(source, "train.py", ["--n", 1, 0.5], configuration).order()
    assert order == {
        "script": "train.py", "arguments": ["--n", "1", "0.5"], "cluster": "cpu-cluster",
        "environment": None,
    }  # fmt: skip
    configuration.environment_variables = {"DEBUG": "1"}
    order = ScriptRunConfig(source, "train.py", run_config=configuration).order()
    assert order["environment"]["definition"] == {"pip": "", "variables": {"DEBUG": "1"}}

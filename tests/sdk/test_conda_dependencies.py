"""CondaDependencies: what is kept of a text, what is written, what the changes do."""

import pytest
import yaml
from azureml.core.conda_dependencies import CondaDependencies
from azureml.exceptions import UserErrorException
from trainyard._conda_text import HEADER, PYTHON_NOTE

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
variables:
  SEED: '7'
"""


def test_a_change_writes_the_whole_anew():
    dependencies = CondaDependencies.from_text(TEXT)
    assert dependencies.serialize_to_string() == TEXT
    dependencies.add_conda_package("numpy=2.0")
    dependencies.add_pip_package("wandb[media]; python_version > '3'")
    dependencies.remove_pip_package("torch")
    dependencies.remove_channel("pytorch")
    read = yaml.safe_load(dependencies.serialize_to_string())
    pip = ["azureml-core", "wandb[media]; python_version > '3'"]
    assert read == {
        "name": "mnist", "channels": ["conda-forge"], "variables": {"SEED": "7"},
        "dependencies": ["python=3.8", {"pip": pip}, "numpy=2.0", "scikit-learn==1.0",
                         "conda-forge::pandas", "tqdm"],
    }  # fmt: skip
    again = CondaDependencies.from_text(dependencies.serialize_to_string())
    assert again.as_dict() == dependencies.as_dict()


def test_create_writes_the_text_of_the_v1_sdk():
    made = CondaDependencies.create(
        pip_packages=["azureml-dataset-runtime[pandas,fuse]", "azureml-defaults"],
        conda_packages=["scikit-learn==0.22.1"],
        python_version="3.6.2",
    )
    assert made.serialize_to_string() == HEADER + "name: project_environment\ndependencies:\n" + (
        PYTHON_NOTE + "- python=3.6.2\n\n- pip:\n"
        "  - azureml-dataset-runtime[pandas,fuse]~=1.61.0\n  - azureml-defaults~=1.61.0\n"
        "- scikit-learn==0.22.1\nchannels:\n- anaconda\n- conda-forge\n\n"
    )
    loose = CondaDependencies.create(pip_packages=["azureml-core"], pin_sdk_version=False)
    assert list(loose.pip_packages) == ["azureml-core"] and loose.python_version is None
    with pytest.raises(UserErrorException, match=r"pip_packages=\['torch'\]"):
        CondaDependencies.create(pip_packages="torch")


def test_pip_options_stand_first_and_are_replaced_by_name():
    made = CondaDependencies.create(pip_packages=["torch"], pip_indexurl="https://one/simple")
    made.set_pip_index_url("--index-url https://two/simple")
    made.set_pip_option("--pre")
    made.set_pip_option("--pre")
    made.set_pip_option("--extra-index-url https://three")
    made.set_pip_option("--extra-index-url https://four")
    assert list(made.pip_options) == [
        "--extra-index-url https://four", "--extra-index-url https://three", "--pre",
        "--index-url https://two/simple",
    ]  # fmt: skip
    made.remove_pip_option("--extra-index-url")
    made.set_pip_requirements(["six", *made.pip_options])
    assert (list(made.pip_packages), len(list(made.pip_options))) == (["six"], 2)


def test_names_of_one_package_are_merged_and_versions_kept():
    merged = CondaDependencies.merge_requirements(
        ["numpy>1", "Numpy<2", "torch[cuda]==2", "six; python_version<'3'", "numpy>1"]
    )
    assert merged == ["numpy>1,<2", "torch[cuda]==2", "six; python_version<'3'"]


def test_tensorflow_goes_by_the_core_type(tmp_path):
    made = CondaDependencies()
    made.add_tensorflow_conda_package("gpu", "2.0")
    made.add_tensorflow_pip_package(version="2.1")
    assert list(made.conda_packages) == ["tensorflow-gpu=2.0"]
    assert list(made.pip_packages) == ["tensorflow==2.1"]
    with pytest.raises(UserErrorException, match="cpu or gpu"):
        made.add_tensorflow_pip_package("tpu")
    assert made.save_to_file(str(tmp_path)) == "conda_dependencies.yml"
    assert CondaDependencies(str(tmp_path / "conda_dependencies.yml")) == made


@pytest.mark.parametrize("text", ["3.10", "yes", "a: b", "it's", "[x]", "# no", "1e3", "null", ""])
def test_what_yaml_takes_for_something_else_is_quoted(text):
    made = CondaDependencies()
    made.set_pip_requirements([text])
    assert yaml.safe_load(made.serialize_to_string())["dependencies"][1] == {"pip": [text]}


def test_lists_in_brackets_keep_their_commas():
    text = "dependencies: [python=3.9, 'numpy>=1,<2', pip]\nchannels: []\n"
    assert CondaDependencies.from_text(text).as_dict()["dependencies"] == [
        "python=3.9", "numpy>=1,<2", "pip",
    ]  # fmt: skip


def test_yaml_that_is_not_understood_is_passed_on_and_named_when_it_is_changed():
    text = "dependencies:\n  !!seq [\n  numpy, six]\n"
    dependencies = CondaDependencies.from_text(text, "my.yml")
    assert dependencies.serialize_to_string() == text
    with pytest.raises(UserErrorException, match=r"my\.yml, line 2"):
        dependencies.add_pip_package("torch")

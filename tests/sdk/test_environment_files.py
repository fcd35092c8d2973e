"""Environments from files and to files: the text is kept, included files come along."""

import os

import pytest
from azureml.core import Environment
from azureml.exceptions import UserErrorException

TEXT = "name: mnist\n# why\ndependencies:\n- python=3.8\n- pip:\n  - torch==1.10.2\n"


def test_a_conda_file_is_kept_as_it_was_written(tmp_path):
    (tmp_path / "e.yml").write_text(TEXT)
    environment = Environment.from_conda_specification("mnist", str(tmp_path / "e.yml"))
    assert environment.definition == {"conda": TEXT}
    assert environment.python.conda_dependencies.python_version == "3.8"
    environment.python.conda_dependencies_file = str(tmp_path / "e.yml")
    assert environment.definition == {"conda": TEXT}
    with pytest.raises(UserErrorException, match=r"none\.yml"):
        Environment.from_conda_specification("mnist", str(tmp_path / "none.yml"))


def test_a_conda_file_without_a_python_is_warned_of(tmp_path):
    (tmp_path / "e.yml").write_text("dependencies:\n- numpy\n")
    with pytest.warns(UserWarning, match=r"e\.yml names no Python.*python=3\.11"):
        Environment.from_conda_specification("x", str(tmp_path / "e.yml"))
    (tmp_path / "e.yml").write_text("dependencies:\n- python\n")
    Environment.from_conda_specification("any Python is meant", str(tmp_path / "e.yml"))


def test_included_requirements_come_along(tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "r.txt").write_text("six  # fine\n-r more/base.txt\n")
    (tmp_path / "more" / "base.txt").write_text("# base\nnumpy\n--requirement=../last.txt")
    (tmp_path / "last.txt").write_text("torch @ https://x.example/t.whl\n")
    environment = Environment.from_pip_requirements("x", str(tmp_path / "r.txt"))
    whole = "six  # fine\n# base\nnumpy\ntorch @ https://x.example/t.whl\n"
    assert environment.definition == {"pip": whole}
    (tmp_path / "e.yml").write_text(
        "dependencies:\n- python=3.9\n- pip:\n  - -r r.txt\n  - wheel\n"
    )
    environment = Environment.from_conda_specification("x", str(tmp_path / "e.yml"))
    assert environment.definition["conda"].splitlines()[3:] == [
        "  - six", "  - numpy", "  - 'torch @ https://x.example/t.whl'", "  - wheel",
    ]  # fmt: skip
    (tmp_path / "last.txt").write_text("-r r.txt\n")
    with pytest.raises(UserErrorException, match=r"r\.txt includes itself"):
        Environment.from_pip_requirements("x", str(tmp_path / "r.txt"))


def test_a_saved_environment_comes_back_the_same(tmp_path):
    (tmp_path / "e.yml").write_text(TEXT)
    first = Environment.from_conda_specification("mnist", str(tmp_path / "e.yml"))
    first.environment_variables = {"A": "ä"}
    first.docker.base_image, first.docker.shm_size = "tools:1", "8g"
    first.spark.precache_packages, first.inferencing_stack_version = False, "latest"
    folder = tmp_path / "saved"
    first.save_to_directory(os.fspath(folder))
    names = ["azureml_environment.json", "conda_dependencies.yml"]
    assert sorted(os.listdir(folder)) == names
    again = Environment.load_from_directory(os.fspath(folder))
    assert (repr(again), again.definition) == (repr(first), first.definition)
    with pytest.raises(UserErrorException, match="overwrite=True"):
        first.save_to_directory(os.fspath(folder))
    edited = (folder / names[1]).read_text().replace("1.10.2", "1.10.1")
    (folder / names[1]).write_text(edited)
    assert Environment.load_from_directory(os.fspath(folder)).definition["conda"] == edited


def test_requirements_and_dockerfiles_are_saved_as_they_were_written(tmp_path):
    (tmp_path / "r.txt").write_text("# mine\nsix\n")
    first = Environment.from_dockerfile(
        "x", "FROM a\n", pip_requirements=os.fspath(tmp_path / "r.txt")
    )
    first.save_to_directory(os.fspath(tmp_path / "saved"))
    again = Environment.load_from_directory(os.fspath(tmp_path / "saved"))
    assert (
        again.definition == first.definition == {"pip": "# mine\nsix\n", "dockerfile": "FROM a\n"}
    )
    (tmp_path / "saved" / "azureml_environment.json").write_text("[]")
    with pytest.raises(UserErrorException, match="not a saved environment"):
        Environment.load_from_directory(os.fspath(tmp_path / "saved"))

"""Environments that exist on the submitter's computer become definitions, or say what cannot."""

import json
import os
import subprocess
import sys

import pytest
from azureml.core import Environment
from azureml.exceptions import UserErrorException

CONDA = """#!{python}
import sys
if sys.argv[1:] != ["env", "export", "--no-builds", "--name", "mine"]:
    sys.exit("EnvironmentLocationNotFound: Not a conda environment: " + sys.argv[-1])
print('''name: mine
channels:
  - conda-forge
dependencies:
  - python=3.9.18
  - numpy=1.26.4
  - pip:
    - six==1.16.0
    - mine @ file:///home/me/mine
prefix: /home/me/envs/mine''')
"""


@pytest.fixture
def conda(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "conda"
    program.write_text(CONDA.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(program.parent) + os.pathsep + os.environ["PATH"])


@pytest.fixture
def venv(tmp_path):
    """Make a virtual environment, and return its folder and an installer for it."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)

    def install(*arguments):
        command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", folder]
        subprocess.run([*command, *arguments], check=True)

    return folder, install


def test_a_conda_environment_is_exported_without_its_folder(conda):
    with pytest.warns(UserWarning, match=r"mine is left out: it comes from file:///home/me/mine"):
        environment = Environment.from_existing_conda_environment("x", "mine")
    dependencies = environment.python.conda_dependencies
    assert dependencies.python_version == "3.9.18"
    assert list(dependencies.conda_packages) == ["numpy=1.26.4"]
    assert list(dependencies.pip_packages) == ["six==1.16.0"]
    assert "prefix" not in environment.definition["conda"]


def test_an_unknown_conda_environment_is_told_in_condas_words(conda):
    with pytest.raises(UserErrorException, match=r"'other' ended with exit code 1.*Not a conda"):
        Environment.from_existing_conda_environment("x", "other")


def test_without_conda_the_way_out_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    monkeypatch.delenv("CONDA_EXE", raising=False)
    with pytest.raises(UserErrorException, match="from_conda_specification"):
        Environment.from_existing_conda_environment("x", "mine")


def test_a_virtual_environment_becomes_its_exact_pins(venv, tmp_path):
    folder, install = venv
    project = tmp_path / "mine"
    (project / "mine").mkdir(parents=True)
    (project / "mine" / "__init__.py").write_text("")
    (project / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1.0"\n')
    install("six==1.16.0", "Jinja2==3.1.4", "markupsafe==2.1.5")
    install("-e", os.fspath(project))
    with pytest.warns(UserWarning, match=r"mine is left out: .*editable.*source folder"):
        environment = Environment.from_existing_virtual_environment("x", os.fspath(folder))
    assert environment.definition["python"] == "{}.{}".format(*sys.version_info)
    assert environment.definition["pip"].splitlines()[1:] == [
        "Jinja2==3.1.4", "MarkupSafe==2.1.5", "six==1.16.0",
    ]  # fmt: skip
    by_interpreter = os.fspath(folder / "bin" / "python")
    with pytest.warns(UserWarning, match="mine"):
        again = Environment.from_existing_virtual_environment("x", by_interpreter)
    assert again.definition == environment.definition


def test_packages_of_git_keep_their_commit_and_other_builds_are_explained(venv):
    folder, _ = venv
    version = "{}.{}".format(*sys.version_info)
    site = folder / "lib" / f"python{version}" / "site-packages"
    git = {"vcs": "git", "commit_id": "af"}
    for name, number, origin in (
        ("one", "1", {"url": "https://x.example/one", "vcs_info": git}),
        ("two", "2", {"url": "ssh://git@x.example/two", "vcs_info": git}),
        ("torch", "2.1+cu118", None),
    ):  # fmt: skip
        (site / f"{name}.dist-info").mkdir()
        (site / f"{name}.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: {number}\n\n")
        if origin:
            (site / f"{name}.dist-info" / "direct_url.json").write_text(json.dumps(origin))
    (site / "old.egg-link").write_text("/home/me/old\n")
    with pytest.warns(UserWarning) as told:
        environment = Environment.from_existing_virtual_environment("x", os.fspath(folder))
    assert environment.definition["pip"].splitlines()[1:] == [
        "one @ git+https://x.example/one@af", "torch==2.1+cu118",
    ]  # fmt: skip
    words = [str(one.message) for one in told]
    assert [word.split()[0] for word in words] == ["old", "torch==2.1+cu118", "two"]
    assert "--extra-index-url" in words[1] and "ssh://git@x.example/two" in words[2]


def test_a_folder_without_python_is_no_virtual_environment(tmp_path):
    with pytest.raises(UserErrorException, match=r"there is no bin/python"):
        Environment.from_existing_virtual_environment("x", os.fspath(tmp_path))

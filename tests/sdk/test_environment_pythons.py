"""Environments under every Python that this machine has, from 3.6 on, with warnings as errors."""

import os
import subprocess

import pytest

from tests.fixtures.pythons import pythons
from tests.sdk.driving import SDK

SCRIPT = """
import os, sys, warnings
from azureml.core import Environment, RunConfiguration, ScriptRunConfig
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import DockerConfiguration

folder = sys.argv[1]
made = Environment("made", environment_variables={"A": "ä"})
made.docker.enabled = True
made.docker.base_image = "tools:1"
made.python.conda_dependencies = CondaDependencies.create(
    pip_packages=["azureml-defaults", "torch"], conda_packages=["numpy"], python_version="3.9")
made.python.conda_dependencies.set_pip_option("--pre")
made.save_to_directory(os.path.join(folder, "saved"), overwrite=True)
again = Environment.load_from_directory(os.path.join(folder, "saved"))
assert again.definition == made.definition and repr(again) == repr(made)
assert again.clone("other").definition["base_image"] == "tools:1"

with open(os.path.join(folder, "r.txt"), "w") as file:
    file.write("six\\n")
pip = Environment.from_pip_requirements("pip", os.path.join(folder, "r.txt"))
pip.python.conda_dependencies.add_pip_package("numpy")
assert "- numpy" in pip.definition["conda"]

here = Environment.from_existing_virtual_environment("here", sys.argv[2])
assert here.definition["python"] == "%d.%d" % sys.version_info[:2]
assert here.definition["pip"].splitlines()[1:] == ["mine==1.5"], here.definition

configuration = RunConfiguration(conda_dependencies=CondaDependencies())
configuration.environment_variables["B"] = "2"
order = ScriptRunConfig(folder, "r.txt", run_config=configuration,
                        docker_runtime_config=DockerConfiguration(use_docker=True)).order()
assert order["environment"]["definition"]["variables"] == {"B": "2"}
try:
    made.docker.no_such = 1
except AttributeError as error:
    assert "no_such" in str(error)
else:
    raise AssertionError("a typing error went unnoticed")
"""


@pytest.mark.parametrize("python", pythons())
def test_environments_work_under_this_python(python, tmp_path):
    venv = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", venv], check=True)
    site = next((venv / "lib").glob("python3.*")) / "site-packages" / "mine-1.5.dist-info"
    site.mkdir()
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.5\n\n")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [python, "-W", "error", script, tmp_path, venv],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SDK), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr

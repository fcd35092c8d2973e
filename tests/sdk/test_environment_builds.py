"""Images asked for by the SDK: followed on a terminal, failed, canceled, from every Python."""

import os
import subprocess
from pathlib import Path

import pytest
from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.exceptions import ActivityFailedException

from tests.fixtures.pythons import pythons
from tests.sdk.driving import SDK, pip_environment


def test_a_build_is_followed_on_the_terminal(workspace, tmp_path, capsys):
    environment = pip_environment(tmp_path, "sdk-build", "six==1.16.0\nidna\n")
    build = environment.build(workspace)
    assert build.wait_for_completion(show_output=True) is build
    said = capsys.readouterr().out
    assert said.startswith("Image Build Status: ")
    assert said.endswith("Image Build Status: Succeeded\n")
    log = build.get_log()
    assert "six" in log and said.count(log) == 1
    assert (build.status, build.state) == ("Succeeded", "Ready")
    assert build.image["size_bytes"] > 0
    assert "six==1.16.0" in environment.get_lock(workspace)
    assert environment.build_local(workspace).image["digest"] == build.image["digest"]
    own = Environment.from_dockerfile("sdk-own", "FROM scratch\n").register(workspace)
    details = own.get_image_details(workspace)
    assert (details.image_exist, details.dockerfile) == (False, "FROM scratch\n")


def test_a_failed_build_names_the_requirement_and_the_page(workspace, tmp_path, capsys):
    environment = pip_environment(tmp_path, "sdk-broken", "idna\nsix==999.0\n")
    build = environment.build(workspace)
    with pytest.raises(ActivityFailedException) as told:
        build.wait_for_completion(show_output=True)
    assert "\nAt fault: six==999.0 (line 2 of its pip text)\n" in told.value.message
    assert build.get_portal_url() in told.value.message
    assert capsys.readouterr().out.endswith("Image Build Status: Failed\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("")
    config = ScriptRunConfig(os.fspath(tmp_path / "src"), "train.py", environment=environment)
    run = Experiment(workspace, "sdk-broken").submit(config)
    page = f"{workspace.client.url}/w/{workspace.name}/environments/sdk-broken/?version=1"
    with pytest.raises(ActivityFailedException) as told:
        run.wait_for_completion(show_output=True)
    assert "at fault: six==999.0" in told.value.message and page in told.value.message
    said = capsys.readouterr().out
    heading = "Streaming azureml-logs/20_image_build_log.txt\n"
    assert said.count(heading) == 1 and "six==999.0" in said.partition(heading)[2]


def test_a_canceled_build_says_so(workspace, tmp_path, capsys):
    environment = pip_environment(tmp_path, "sdk-cancel", "scipy==1.15.3\npandas==2.2.3\n")
    build = environment.build(workspace)
    build.cancel()
    with pytest.raises(ActivityFailedException, match=r"was not built \(Canceled\)"):
        build.wait_for_completion(show_output=False)
    assert (build.status, capsys.readouterr().out) == ("Canceled", "")


OLD = """
import sys
from azureml.core import Environment, Workspace
workspace = Workspace.from_config(sys.argv[1])
environment = Environment("sdk-pythons")
environment.python.conda_dependencies.add_pip_package("six")
environment = environment.register(workspace)
assert Environment.get(workspace, "sdk-pythons").version == environment.version == "1"
environment.build(workspace).wait_for_completion(show_output=True)
"""


@pytest.mark.parametrize("python", pythons())
def test_a_build_is_followed_from_this_python(live_studio, python):
    done = subprocess.run(
        [python, "-W", "error", "-c", OLD, Path(live_studio.config_path).parent],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SDK)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Image Build Status: Succeeded\n")

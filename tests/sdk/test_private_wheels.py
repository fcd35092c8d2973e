"""A wheel of one's own: kept by the studio, installed where a run finds it."""

import os
import zipfile

import pytest
from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.core.conda_dependencies import CondaDependencies
from azureml.exceptions import UserErrorException

from tests.compute.packages import make_wheel
from tests.sdk.driving import pip_environment

SCRIPT = """
import json, ownwheel
json.dump({"version": ownwheel.version}, open("outputs/found.json", "w"))
"""


def test_a_run_imports_what_was_kept(workspace, tmp_path):
    make_wheel(tmp_path / "dist", "ownwheel", "3.5")
    file = tmp_path / "dist" / "ownwheel-3.5-py3-none-any.whl"
    address = Environment.add_private_pip_wheel(workspace, os.fspath(file))
    assert address.startswith(f"{workspace.client.url}/wheels/") and address.endswith(file.name)
    environment = Environment("own-wheel")
    dependencies = CondaDependencies()
    dependencies.add_pip_package(address)
    environment.python.conda_dependencies = dependencies
    environment = environment.register(workspace)
    source = tmp_path / "src"
    source.mkdir()
    (source / "train.py").write_text(SCRIPT)
    config = ScriptRunConfig(os.fspath(source), "train.py", environment=environment)
    run = Experiment(workspace, "own-wheel").submit(config)
    run.wait_for_completion()
    run.download_file("outputs/found.json", os.fspath(tmp_path / "found.json"))
    assert (tmp_path / "found.json").read_text() == '{"version": "3.5"}'
    assert f"ownwheel @ {address}" in environment.get_lock(workspace)
    listed = pip_environment(tmp_path, "own-wheel-list", f"ownwheel @ {address}\n")
    listed.build(workspace).wait_for_completion(show_output=False)


def test_the_same_name_again_is_refused_unless_it_may_be(workspace, tmp_path):
    make_wheel(tmp_path, "ownother", "1.0")
    file = os.fspath(tmp_path / "ownother-1.0-py3-none-any.whl")
    first = Environment.add_private_pip_wheel(workspace, file)
    with pytest.raises(UserErrorException, match="exist_ok=True"):
        Environment.add_private_pip_wheel(workspace, file)
    assert Environment.add_private_pip_wheel(workspace, file, exist_ok=True) == first
    with zipfile.ZipFile(file, "a") as wheel:
        wheel.writestr("more.py", "")
    assert Environment.add_private_pip_wheel(workspace, file, exist_ok=True) != first


def test_what_is_no_wheel_does_not_leave_this_computer(workspace, tmp_path):
    (tmp_path / "mine-1.0.tar.gz").write_bytes(b"")
    (tmp_path / "mine-1.0-py3-none-any.whl").write_bytes(b"text")
    with zipfile.ZipFile(tmp_path / "mine-2.0-py3-none-any.whl", "w") as archive:
        archive.writestr("mine.py", "")
    for name, words in (
        ("mine-1.0.tar.gz", "no name of a wheel"),
        ("mine-1.0-py3-none-any.whl", "is no wheel: "),
        ("mine-2.0-py3-none-any.whl", "no .dist-info/WHEEL"),
        ("nothing-1.0-py3-none-any.whl", "not a file on this computer"),
    ):
        with pytest.raises(UserErrorException, match=words):
            Environment.add_private_pip_wheel(workspace, os.fspath(tmp_path / name))

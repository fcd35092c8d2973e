"""The driver and the SDK under every Python that this machine has, from 3.6 on."""

import os
import subprocess
import sys

import pytest

from tests.fixtures.pythons import MORE, found, pythons
from tests.sdk.driving import SDK, Driving

SCRIPT = """
import sys
from azureml.core import Run
run = Run.get_context()
for number in range(300):
    run.log("loss", 1.0 / (number + 1), step=number * 2)
run.log("word", "ä")
print("ä", sys.version_info[:2])
open("outputs/ä.txt", "w", encoding="utf-8").write("ä")
assert run.experiment.name == "exp"
"""


@pytest.mark.parametrize("python", pythons())
def test_a_run_works_under_this_python(python, tmp_path):
    driving = Driving(tmp_path, python)
    try:
        driving.studio.code(train=SCRIPT)
        assert driving.run(LC_ALL="", LANG="") == 0, driving.said
        studio = driving.studio
        assert studio.finished["exit_code"] == 0, studio.text()
        assert studio.points["loss"] == [(n * 2, 1.0 / (n + 1)) for n in range(300)]
        assert studio.points["word"] == [(0, "ä")]
        assert studio.text().startswith("ä (3, ")
        assert list(studio.files) == ["outputs/ä.txt"]
    finally:
        driving.end()


def test_an_old_python_is_here():
    """Users' images are old; what only new Pythons tried is not known to work for them."""
    if not {"3.6", "3.8"} & set(found()):
        pytest.skip(f"no Python 3.6 or 3.8 here; {MORE}")


def test_a_machine_without_old_pythons_says_so_and_fails_in_ci(tmp_path):
    only = "test_an_old_python_is_here or test_a_run_works"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", only],
        cwd=SDK.parent, capture_output=True, text=True, timeout=120,
        env={**os.environ, "CI": "true", "STUDIO_PYTHONS": str(tmp_path), "PATH": str(tmp_path)},
    )  # fmt: skip
    own = "{}.{}".format(*sys.version_info[:2])
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"the SDK ran under Python {own}; not found here: 3.6, 3.7" in done.stdout
    assert "skipped, which CI does not allow" in done.stdout
    assert "no Python 3.6 or 3.8 here" in done.stdout
    assert "1 failed, 1 passed" in done.stdout

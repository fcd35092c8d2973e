"""The driver and the SDK under every Python that this machine has, from 3.6 on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sdk.driving import Driving

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


def pythons():
    """Return one interpreter of each version from 3.6 on that is installed here."""
    found = {sys.version_info[:2]: sys.executable}
    named = [shutil.which(f"python3.{minor}") for minor in range(6, 20)]
    for place in os.environ.get("STUDIO_PYTHONS", "~/.pyenv/versions").split(","):
        named += [str(path) for path in Path(place).expanduser().glob("*/bin/python")]
    for python in filter(None, named):
        said = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True, text=True,
        )  # fmt: skip
        if said.returncode == 0:
            version = tuple(int(word) for word in said.stdout.split())
            if version >= (3, 6):
                found.setdefault(version, python)
    return [pytest.param(found[version], id="{}.{}".format(*version)) for version in sorted(found)]


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

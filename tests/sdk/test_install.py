"""The client comes from the studio as a wheel, and says so when the two cannot work together."""

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from studio import wheel
from tests.fixtures.pythons import pythons
from tests.sdk.commands import SDK, Commands

OURS = wheel.made_of(SDK).name


def pip(python, *words):
    """Run pip without any index but what is named; return its exit code and what it said."""
    quiet = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    done = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", *words],
        env={**quiet, "PIP_CONFIG_FILE": os.devnull}, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def imported(python, folder):
    """Import what was installed into `folder`; return the client's version as it says it."""
    done = subprocess.run(
        [python, "-m", "trainyard", "--version"],
        cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_wheel_is_the_same_each_time_and_holds_the_packages_alone(tmp_path):
    one, other = wheel.made_of(SDK), wheel.made_of(SDK)
    assert one == other
    place = tmp_path / one.name
    place.write_bytes(one.content)
    names = zipfile.ZipFile(place).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"trainyard", "azureml"}
    assert {"trainyard/py.typed", "azureml/py.typed"} <= set(names)
    assert "azureml/core/__init__.py" in names and not [n for n in names if "__pycache__" in n]


@pytest.mark.parametrize("python", pythons())
def test_pip_of_this_python_installs_from_the_studio(python, live_studio, tmp_path):
    target = tmp_path / "target"
    words = ("install", "--no-cache-dir", "--target", str(target))
    code, said = pip(python, *words, f"{live_studio.url}/sdk/{OURS}")
    assert code == 0, said
    assert imported(python, target) == f"trainyard {wheel.version()}"


def test_pip_finds_it_by_the_index_and_checks_the_hash(live_studio, tmp_path):
    target = tmp_path / "target"
    words = ("install", "--no-cache-dir", "--target", str(target), "trainyard")
    code, said = pip(sys.executable, *words, "--index-url", f"{live_studio.url}/sdk/simple/")
    assert code == 0, said
    assert imported(sys.executable, target) == f"trainyard {wheel.version()}"
    page = urllib.request.urlopen(f"{live_studio.url}/sdk/simple/trainyard/", timeout=60).read()
    assert f"#sha256={wheel.made_of(SDK).sha256}".encode() in page
    for absent in ("trainyard-9.9-py3-none-any.whl", "simple/numpy/"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{live_studio.url}/sdk/{absent}", timeout=60)


def with_setuptools():
    """Return the oldest Python, whose pip builds with what is there; newer ones fetch their own."""
    ask = [[one.values[0], "-c", "import setuptools"] for one in pythons()]
    have = [subprocess.run(words, capture_output=True).returncode == 0 for words in ask]
    found = [one for one, has in zip(pythons(), have, strict=True) if has]
    return found[:1]


@pytest.mark.parametrize("python", with_setuptools())
def test_the_folder_installs_without_a_network(python, tmp_path):
    source = tmp_path / "sdk"
    shutil.copytree(SDK, source, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path / "target"
    words = ["install", "--no-index", "--no-deps", "--target", str(target), str(source)]
    code, said = pip(python, *words)
    assert code == 0, said
    assert imported(python, target) == f"trainyard {wheel.version()}"
    left = {path.name for path in source.iterdir()} - {path.name for path in SDK.iterdir()}
    assert not left, "a build leaves nothing beside the packages"


def of_version(folder: Path, version: str, oldest_studio: str = "0.1.0") -> Path:
    """Install a wheel of another version, as an earlier or later studio would have served it."""
    source = folder / "sdk"
    shutil.copytree(SDK, source, ignore=shutil.ignore_patterns("__pycache__", "examples"))
    place = source / "trainyard" / "_version.py"
    text = place.read_text()
    text = text.replace(f'__version__ = "{wheel.version()}"', f'__version__ = "{version}"')
    text = text.replace('OLDEST_STUDIO = "0.1.0"', f'OLDEST_STUDIO = "{oldest_studio}"')
    place.write_text(text)
    made = wheel.made_of(source)
    assert version in made.name
    (folder / made.name).write_bytes(made.content)
    target = folder / "installed"
    code, said = pip(
        sys.executable, "install", "--no-index", "--target", str(target), str(folder / made.name)
    )
    assert code == 0, said
    return target


@pytest.mark.parametrize(
    ("version", "oldest_studio", "said"),
    [
        ("0.0.9", "0.0.1", ["(trainyard 0.0.9) is too old", "pip install --upgrade"]),
        ("2.0.0", "2.0.0", ["(trainyard 2.0.0) is too new", "Update the studio"]),
        ("0.1.7", "0.1.0", []),
        ("0.2.0", "0.1.0", []),
    ],
)
def test_a_client_of_another_version_works_or_says_which_is_newer(
    version, oldest_studio, said, live_studio, tmp_path
):
    commands = Commands(tmp_path, live_studio.config_path)
    commands.sdk = of_version(tmp_path, version, oldest_studio)
    assert commands("--version") == f"trainyard {version}\n"
    commands("clusters", code=6 if said else 0)
    for words in said and [*said, f"{live_studio.url}/sdk/{OURS}"]:
        assert words in commands.said
    if not said:
        assert commands.said == ""

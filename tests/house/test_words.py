"""What the documents say is what the code does: settings, errors, requirements."""

import ast
import os
import re
import subprocess
import sys

import pytest

from studio import env, errors
from tests.house.reading import ROOT, name_of, python_files

DOCS = ROOT / "docs"


def every_error():
    found, open_classes = [], [errors.StudioError]
    while open_classes:
        found.append(open_classes.pop())
        open_classes += found[-1].__subclasses__()
    return found


def test_every_setting_is_documented_and_every_documented_one_exists():
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"STUDIO_[A-Z0-9_]+", text))
    assert documented == env.known


def test_only_the_settings_read_the_environment():
    wrong = [
        name_of(path)
        for path in python_files("studio", "registry", "runs")
        if re.search(r"os\.environ\b|os\.getenv", path.read_text(encoding="utf-8"))
    ]
    assert set(wrong) <= {"studio/env.py", "studio/settings.py", "studio/asgi.py"}


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.code)
def test_an_error_is_documented_and_known_to_the_sdk(error):
    line = rf"^\| [^|]*\b{error.code}\b[^|]*\| {error.status} \|"
    assert re.search(line, (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    sdk = (ROOT / "sdk" / "trainyard" / "_errors.py").read_text(encoding="utf-8")
    assert error.code == "error" or f'"{error.code}"' in sdk


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_says_why(name):
    wrong, has_reason = [], False
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            has_reason = True
        elif not line or line.startswith("-r "):
            has_reason = False
        elif "==" not in line or not has_reason:
            wrong.append(line)
    assert not wrong


def test_the_models_have_their_migrations():
    done = subprocess.run(
        [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "path", [p for p in python_files("sdk") if "examples" not in p.parts], ids=name_of
)
def test_the_sdk_is_written_for_python_3_6(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_the_makefile_names_its_targets():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "up", "down", "test", "check", "bench"):
        assert re.search(rf"^{target}:.*## ", text, re.MULTILINE), target

"""The SDK's reading of .amlignore and .gitignore agrees with git."""

import os
import shutil
import subprocess

import pytest
from trainyard import _ignore

from tests.sdk.ignore_vectors import VECTORS

NAMES = [vector[0] for vector in VECTORS]


@pytest.mark.parametrize(("name", "text", "ignored", "kept"), VECTORS, ids=NAMES)
def test_patterns_ignore_what_they_say(name, text, ignored, kept):
    rules = _ignore.Ignore(text)
    assert [path for path in ignored + kept if rules.matches(path)] == ignored


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_agrees_with_every_vector(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name, text, ignored, kept in VECTORS:
        (tmp_path / ".gitignore").write_bytes(text.encode())
        said = subprocess.run(
            ["git", "-c", "core.excludesFile=", "check-ignore", "-z", "--no-index", "--stdin"],
            cwd=tmp_path,
            input="\0".join(ignored + kept).encode(),
            capture_output=True,
        )
        assert said.stdout.decode().split("\0")[:-1] == ignored, name


def test_only_amlignore_counts_when_both_exist(tmp_path):
    (tmp_path / ".gitignore").write_text("a\n")
    assert _ignore.of_folder(os.fspath(tmp_path))[0] == ".gitignore"
    (tmp_path / ".amlignore").write_text("b\n")
    name, rules = _ignore.of_folder(os.fspath(tmp_path))
    assert (name, rules.matches("a"), rules.matches("b")) == (".amlignore", False, True)

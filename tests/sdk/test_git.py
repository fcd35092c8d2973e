"""Which commit a source folder is of: asked of the program git, and read without it."""

import os
import shutil
import subprocess

import pytest
from trainyard import _git

REMOTE = "https://anna:s3cret@git.example/lab/code.git?token=abc#x"
CLEAN = "https://git.example/lab/code.git"
PATH, GIT = os.environ["PATH"], shutil.which("git")
WITHOUT = "/nowhere"  # a PATH where there is no program


def git(folder, *words):
    """Run git; return what it prints."""
    mine = {"HOME": os.fspath(folder), "GIT_CONFIG_NOSYSTEM": "1", "PATH": PATH}
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main"]
    told = subprocess.run(
        [GIT, *who, *words], cwd=folder, env=mine, check=True, stdout=subprocess.PIPE
    )
    return told.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path):
    """A repository of one commit with a remote; its source folder is `src`."""
    folder = tmp_path / "repository"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "train.py").write_text("print(1)\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "remote", "add", "other", "https://git.example/other.git")
    git(folder, "remote", "add", "origin", REMOTE)
    return folder


def found(folder):
    return _git.properties(os.fspath(folder))


@pytest.fixture(params=["asked", "read"])
def way(request, monkeypatch):
    """By the program, or without it: what is told must be the same, but for dirty."""
    if request.param == "read":
        monkeypatch.setenv("PATH", WITHOUT)
    return request.param


def test_a_clean_folder_is_of_its_commit(repository, way):
    commit = git(repository, "rev-parse", "HEAD")
    said = found(repository / "src")
    is_asked = said.pop("azureml.git.dirty", None) == "False"
    assert is_asked == (way == "asked")
    assert said == {
        "azureml.git.repository_uri": CLEAN, "mlflow.source.git.repoURL": CLEAN,
        "azureml.git.branch": "main", "mlflow.source.git.branch": "main",
        "azureml.git.commit": commit, "mlflow.source.git.commit": commit,
    }  # fmt: skip


def test_what_was_not_committed_is_said_of_this_folder_alone(repository):
    (repository / "README").write_text("new")
    assert found(repository / "src")["azureml.git.dirty"] == "False"
    (repository / "src" / "new.py").write_text("")
    assert found(repository / "src")["azureml.git.dirty"] == "True"
    (repository / "src" / "new.py").unlink()
    (repository / "src" / "train.py").write_text("print(2)\n")
    assert found(repository / "src")["azureml.git.dirty"] == "True"


def test_packed_refs_worktrees_and_no_branch_are_read(repository, tmp_path, way):
    git(repository, "pack-refs", "--all")
    git(repository, "worktree", "add", "-q", "-b", "try", os.fspath(tmp_path / "beside"))
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "-q", "--detach")
    beside, detached = found(tmp_path / "beside" / "src"), found(repository)
    assert (beside["azureml.git.branch"], beside["azureml.git.commit"]) == ("try", commit)
    assert beside["azureml.git.repository_uri"] == CLEAN
    assert "azureml.git.branch" not in detached and detached["azureml.git.commit"] == commit


def test_a_repository_without_commits_has_a_branch(tmp_path, way):
    git(tmp_path, "init", "-q")
    said = found(tmp_path)
    assert said["azureml.git.branch"] == "main" and "azureml.git.commit" not in said


def test_the_remote_that_the_branch_follows_is_named(repository):
    git(repository, "update-ref", "refs/remotes/other/main", "HEAD")
    git(repository, "branch", "-q", "--set-upstream-to=other/main")
    assert found(repository)["azureml.git.repository_uri"] == "https://git.example/other.git"


def test_no_repository_and_a_broken_one_say_nothing(tmp_path, way):
    assert found(tmp_path) == {} and found(tmp_path / "absent") == {}
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_bytes(b"ref: refs/heads/\xff\n")
    assert "azureml.git.commit" not in found(tmp_path)
    (tmp_path / ".git" / "HEAD").unlink()
    (tmp_path / ".git" / "HEAD").mkdir()
    assert found(tmp_path) == {}


def test_a_program_that_hangs_or_fails_is_not_waited_for(repository, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n/bin/sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(program.parent))
    monkeypatch.setattr(_git, "PATIENCE_S", 0.2)
    assert found(repository)["azureml.git.branch"] == "main"  # read instead
    program.write_text("#!/bin/sh\nexit 128\n")
    assert found(repository)["azureml.git.branch"] == "main"


def test_a_hook_of_another_repository_is_not_believed(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", os.fspath(tmp_path))
    assert found(repository)["azureml.git.branch"] == "main"


@pytest.mark.parametrize(
    ("remote", "kept"),
    [
        (REMOTE, CLEAN),
        ("https://token@git.example/a.git", "https://git.example/a.git"),
        ("https://git.example:8443/a@b.git", "https://git.example:8443/a@b.git"),
        ("https://[::1]:80/a.git", "https://[::1]:80/a.git"),
        ("https://anna:pa/ss@git.example/a.git", ""),
        ("ssh://git:pw@git.example:22/a.git", "ssh://git@git.example:22/a.git"),
        ("git@git.example:lab/a.git", "git@git.example:lab/a.git"),
        ("anna:pw@git.example:lab/a.git", ""),
        ("/home/anna/code", "/home/anna/code"),
        ("", ""),
    ],
)
def test_addresses_are_told_without_what_is_secret(remote, kept):
    assert _git.clean(remote) == kept

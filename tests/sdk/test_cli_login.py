"""The command line: who it acts as, what it says to wrong calls."""

import json
import stat

import pytest

from tests.fixtures.pythons import pythons
from tests.sdk.commands import Commands


@pytest.fixture
def commands(tmp_path):
    return Commands(tmp_path)


def test_signing_in_keeps_a_token_that_only_its_owner_reads(commands, live_studio):
    commands("runs", code=2)
    assert "trainyard login" in commands.said and "config.json" in commands.said
    commands("login", live_studio.url, code=4, typed="ty_wrong\n")
    assert "Settings" in commands.said and not list(commands.home.rglob("config.json"))
    commands("login", live_studio.url, code=2, typed="\n")

    said = commands("login", live_studio.url, typed=live_studio.token + "\n")
    assert "admin" in said and live_studio.token not in said + commands.said
    kept = commands.home / ".config" / "trainyard" / "config.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert commands.json("login")["username"] == "admin"
    assert "cpu-cluster" in commands("clusters")

    commands("login", "--out")
    assert not kept.exists()
    commands("clusters", code=2)


def test_a_folder_of_its_own_goes_before_the_login(commands, live_studio):
    typed = live_studio.token + "\n"
    commands("login", live_studio.url.replace("http://", ""), "--folder", ".", typed=typed)
    file = commands.here / ".azureml" / "config.json"
    assert json.loads(file.read_text())["trainyard"]["url"] == live_studio.url
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert commands.json("login")["config"] == str(file)
    broken = commands.here / "below" / ".azureml" / "config.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    commands("runs", "--config", "below", code=2)
    assert str(broken) in commands.said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing"], 2, "commands: login, submit"),
        (["show"], 2, "RUN"),
        (["show", "no_1_deadbeef"], 5, "trainyard runs"),
        (["models", "show", "none"], 5, "none"),
        (["clusters", "delete", "none"], 5, "none"),
        (["submit", "none.py"], 2, "script path doesn't exist"),
        (["submit", "-e", "a b", "train.py"], 2, "alphanumeric"),
        (["submit", "--cluster", "none", "train.py"], 5, "cpu-cluster"),
        (["submit", "--env", "none", "train.py"], 5, "none"),
        (["submit", "--conda", "none.yml", "train.py"], 2, "none.yml"),
        (["submit", "--input", "a", "train.py"], 2, "NAME=VALUE"),
        (["submit", "--input", "a=b:1:fast", "train.py"], 2, "mount, download, direct"),
        (["submit", "train.py", "input:x"], 2, "--input x=DATASET"),
        (["datasets", "upload", "d", "nowhere"], 2, "nowhere"),
        (["cancel", "no_1_deadbeef"], 6, "no_1_deadbeef"),
    ],
)  # fmt: skip
def test_a_wrong_call_has_its_exit_code_and_the_way_out(commands, live_studio, words, code, said):
    commands.config = live_studio.config_path if words[0] != "nothing" else None
    commands.script("print(1)")
    assert commands(*words, code=code) == ""
    assert said in commands.said and "Traceback" not in commands.said


def test_a_studio_that_is_not_there_is_said_with_what_was_tried(commands):
    file = commands.here / ".azureml" / "config.json"
    file.parent.mkdir()
    ours = {"url": "http://127.0.0.1:9", "token": "ty_x"}
    names = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
    file.write_text(json.dumps({**names, "trainyard": ours}))
    commands("runs", "--json", code=3)
    error = json.loads(commands.said)["error"]
    assert "http://127.0.0.1:9" in error["message"] and "tried" in error["message"]
    assert error["code"] == "Unreachable"


def test_models_datasets_and_clusters_come_and_go(commands, live_studio):
    commands.config = live_studio.config_path
    folder = commands.here / "stuff"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")
    assert commands("datasets", "upload", "cli-data", "stuff").strip() == "cli-data:1"
    assert commands("datasets", "upload", "cli-data", "stuff").strip() == "cli-data:1"
    assert "cli-data" in [one["name"] for one in commands.json("datasets", "list")]
    commands("datasets", "download", "cli-data:1", "-o", "back")
    assert (commands.here / "back" / "deep" / "a.txt").read_text() == "a"

    words = ("models", "register", "cli-model", "stuff", "--tag", "by=cli")
    assert commands.json(*words)["id"] == "cli-model:1"
    assert commands.json("models", "show", "cli-model")["tags"] == {"by": "cli"}
    commands("models", "download", "cli-model:1", "-o", "model")
    assert (commands.here / "model" / "stuff" / "b.txt").read_text() == "b"

    made = commands.json("clusters", "create", "cli-cluster", "--max-nodes", "2")
    assert made["max_nodes"] == 2
    commands("clusters", "create", "cli-cluster", code=6)
    commands("clusters", "delete", "cli-cluster")
    assert "cli-cluster" not in commands("clusters")

    listed = commands.json("environments", "list")
    assert any(one["curated"] for one in listed)
    assert "numpy" in commands("environments", "show", "AzureML-Tutorial")


@pytest.mark.parametrize("python", pythons())
def test_the_command_runs_under_this_python(python, tmp_path, live_studio):
    commands = Commands(tmp_path, live_studio.config_path, python)
    commands.script("import sys; print(sys.argv[1:])")
    assert "cpu-cluster" in [one["name"] for one in commands.json("clusters", "list")]
    for name in ("submit", "download", "environments", "models", "runs"):
        assert f"trainyard {name}" in commands(name, "--help")
    commands("submit", "--n", "x", "train.py", code=2)
    run_id = commands("submit", "-e", "cli-pythons", "train.py", "--n", "4", "--", "-e").strip()
    assert commands.json("show", run_id)["arguments"] == ["--n", "4", "--", "-e"]

"""What a shell completes: commands, options, and names that the studio knows."""

import os
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.sdk.commands import Commands


@pytest.fixture
def commands(tmp_path):
    return Commands(tmp_path)


def test_the_shell_completes_commands_options_and_names(commands, live_studio):
    commands("login", live_studio.url, typed=live_studio.token + "\n")
    assert commands("__complete", "lo").split() == ["login", "logs"]
    assert commands("__complete", "models", "").split() == ["list", "show", "register", "download"]
    assert "--overwrite" in commands("__complete", "models", "download", "--ov")
    assert commands("__complete", "submit", "--cluster", "cpu").split() == ["cpu-cluster"]
    assert commands("__complete", "clusters", "delete", "cpu").split() == ["cpu-cluster"]
    assert commands("__complete", "completion", "").split() == ["bash", "fish", "zsh"]
    commands("__complete", "datasets", "upload", "d", "some", code=1)
    commands("login", "--out")
    commands("__complete", "show", "", code=1)


def test_the_shell_completes_a_line_that_is_not_ended(commands, live_studio):
    commands("login", live_studio.url, typed=live_studio.token + "\n")
    assert commands("__complete", "--line", "trainyard lo").split() == ["login", "logs"]
    assert commands("__complete", "--line", "trainyard clusters ").split() == [
        "list", "create", "delete",
    ]  # fmt: skip
    for begun in ("cpu", "'cpu", '"cpu'):
        said = commands("__complete", "--line", f"trainyard clusters delete {begun}")
        assert said.split() == ["cpu-cluster"]
    said = commands("__complete", "submit", "--env=AzureML-Tut")
    assert said.split() == ["--env=AzureML-Tutorial"]
    commands("login", "--out")
    commands("__complete", "clusters", "delete", "cpu", code=1)
    place = os.fspath(live_studio.config_folder)
    said = commands("__complete", "clusters", "--config", place, "delete", "cpu")
    assert said.split() == ["cpu-cluster"]


def test_bash_offers_what_the_command_does(commands, live_studio, tmp_path):
    commands("login", live_studio.url, typed=live_studio.token + "\n")
    commands.script("weights", "model.bin")
    commands("models", "register", "shell-model", "model.bin")
    here = tmp_path / "bin"
    here.mkdir()
    command = here / "trainyard"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m trainyard "$@"\n')
    command.chmod(0o755)
    environ = {**commands.environ, "PATH": f"{here}:{commands.environ['PATH']}"}

    def offered(line, *words):
        """What bash offers at the end of `line`; words: as it takes the line apart."""
        ask = " ".join(
            ["COMP_WORDS=(" + " ".join(shlex.quote(word) for word in words) + ");",
             f"COMP_CWORD={len(words) - 1}; COMP_LINE={shlex.quote(line)};",
             f"COMP_POINT={len(line)}; COMP_WORDBREAKS=' :='; _trainyard;",
             'printf "%s\\n" "${COMPREPLY[@]}"']
        )  # fmt: skip
        done = subprocess.run(
            [shutil.which("bash"), "-c", commands("completion", "bash") + ask],
            env=environ, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.stdout.splitlines(), done.stderr

    ordered = ("trainyard", "clusters", "delete", "cpu")
    assert offered(" ".join(ordered), *ordered) == (["cpu-cluster"], "")
    # Of what it takes apart at : and =, bash puts back the last piece alone.
    line = "trainyard models show shell-model:"
    assert offered(line, *line[:-1].split(), ":") == (["1"], "")
    line = "trainyard submit --env=AzureML-Tut"
    assert offered(line, "trainyard", "submit", "--env", "=", "AzureML-Tut") == (
        ["AzureML-Tutorial"], "",
    )  # fmt: skip


def test_bash_gets_a_name_with_a_space_as_one_word(commands, live_studio, tmp_path):
    """`printf %q` writes it as it is typed; within quotes it stands as it is."""
    script = commands("completion", "bash")
    ask = (
        "trainyard() {{ echo 'outputs/my file.txt'; }}; COMP_WORDS=(trainyard download r {0});"
        " COMP_CWORD=3; COMP_LINE=x; COMP_POINT=1; COMP_WORDBREAKS=' :='; _trainyard;"
        ' printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    said = [
        subprocess.run(
            [shutil.which("bash"), "-c", script + ask.format(word)],
            capture_output=True, text=True, timeout=60,
        ).stdout
        for word in ("out", '\\"out')
    ]  # fmt: skip
    assert said == ["outputs/my\\ file.txt\n", "outputs/my file.txt\n"]


def test_zsh_and_fish_are_told_of_the_command(commands):
    assert "compdef _trainyard" in commands("completion", "zsh")
    # -f: files are not offered beside names, but where there are none.
    assert "complete -c trainyard -f" in commands("completion", "fish")

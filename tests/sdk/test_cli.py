"""The command line beside a live studio: runs submitted, followed, found, downloaded, ended."""

import contextlib
import csv
import hashlib
import io
import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest

from tests.sdk.commands import Commands

SCRIPT = """
import os, sys, time
from azureml.core import Run
words = sys.argv[1:]
run = Run.get_context()
for number in range(4):
    run.log("loss", 1.0 / (number + 1), step=number)
    print("step", number, flush=True)
os.makedirs("outputs/deep", exist_ok=True)
with open("outputs/model.bin", "wb") as file:
    file.write(bytes(range(256)) * 8000)
with open("outputs/deep/a.txt", "w") as file:
    file.write("a")
if "--wait" in words:
    while not os.path.exists(words[words.index("--wait") + 1]):
        time.sleep(0.1)
    print("went on", flush=True)
if "--fail" in words:
    raise ValueError("no luck")
"""


@pytest.fixture
def commands(live_studio, tmp_path):
    made = Commands(tmp_path, live_studio.config_path)
    made.script(SCRIPT)
    return made


@pytest.fixture
def submitted(commands):
    """A run that has ended, of an experiment that has no other."""
    experiment = f"cli-{time.time_ns()}"
    run_id = commands("submit", "-e", experiment, "-t", "team=x", "train.py", "--n", "3").strip()
    commands("logs", "-f", run_id)
    return experiment, run_id


def test_a_run_is_submitted_found_and_shown(commands, submitted):
    experiment, run_id = submitted
    listed = commands.json("runs", "-e", experiment)
    assert [one["run_id"] for one in listed] == [run_id]
    assert {"name", "number", "state", "cluster", "created_at", "url"} <= set(listed[0])
    assert commands("runs", "-e", experiment).split()[0] == run_id
    facts = commands.json("show", run_id)
    assert facts["state"] == "Completed" and facts["tags"] == {"team": "x"}
    assert facts["arguments"] == ["--n", "3"]
    assert "train.py --n 3" in commands("show", run_id)

    found = commands.json("runs", "-e", experiment, "metrics.loss < 0.3", "--sort", "metrics.loss")
    assert found[0]["run_id"] == run_id and found[0]["values"]["metrics.loss"] == 0.25
    assert commands.json("runs", "-e", experiment, "metrics.loss > 0.3") == []
    assert commands.json("runs", "-e", experiment, "--state", "failed,canceled") == []
    commands("runs", "-e", experiment, "metrics.loss <", code=2)
    assert "put a" in commands.said


def test_metrics_as_a_table_and_as_csv(commands, submitted):
    _, run_id = submitted
    assert commands("metrics", run_id).split() == ["loss", "0.25", "0.25", "1", "4", "3"]
    assert commands.json("metrics", run_id, "loss")[0]["count"] == 4
    rows = list(csv.DictReader(io.StringIO(commands("metrics", run_id, "--csv"))))
    assert [(row["step"], float(row["value"])) for row in rows][:2] == [("0", 1.0), ("1", 0.5)]


def test_files_come_once_and_none_is_replaced_unasked(commands, submitted):
    _, run_id = submitted
    came = commands.json("download", run_id, "-o", "out")
    model = commands.here / "out" / "outputs" / "model.bin"
    assert model.read_bytes() == bytes(range(256)) * 8000
    assert "azureml-logs/70_driver_log.txt" in came["came"] and came["were_there"] == []
    again = commands.json("download", run_id, "outputs/", "-o", "out")
    assert again["came"] == [] and again["were_there"] == [
        "outputs/deep/a.txt",
        "outputs/model.bin",
    ]

    model.write_bytes(b"mine")
    commands("download", run_id, "outputs/model.bin", "-o", "out", code=2)
    assert "--overwrite" in commands.said and model.read_bytes() == b"mine"
    commands("download", run_id, "outputs/model.bin", "-o", "out", "--overwrite")
    assert model.stat().st_size == 2_048_000
    commands("download", run_id, "outputs/none", code=5)
    assert "outputs/model.bin" in commands.said


def test_a_cut_download_goes_on_where_it_was(commands, submitted):
    _, run_id = submitted
    whole = bytes(range(256)) * 8000
    folder = commands.here / "out" / "outputs"
    folder.mkdir(parents=True)
    part = folder / f"model.bin.{hashlib.sha256(whole).hexdigest()[:12]}.part"
    part.write_bytes(whole[:1_500_000])
    commands("download", run_id, "outputs/model.bin", "-o", "out")
    assert (folder / "model.bin").read_bytes() == whole and not part.exists()

    # What is there of it is wrong: it is noticed, thrown away, and comes whole the next time.
    (folder / "model.bin").unlink()
    part.write_bytes(b"x" * 1_500_000)
    commands("download", run_id, "outputs/model.bin", "-o", "out", code=3)
    assert not (folder / "model.bin").exists()
    commands("download", run_id, "outputs/model.bin", "-o", "out")
    assert (folder / "model.bin").read_bytes() == whole


def test_the_exit_code_says_how_a_followed_run_ended(commands):
    said = commands("submit", "-e", "cli-fails", "-f", "train.py", "--fail", code=1)
    assert "step 3" in said and "Traceback" in said
    assert "Failed: ValueError: no luck" in commands.said


def test_ctrl_c_ends_the_watching_and_not_the_run(commands):
    gate = commands.here / "gate"
    words = ("submit", "-e", "cli-watched", "train.py", "--wait", str(gate))
    run_id = commands(*words).strip()
    watching = commands.start("logs", "-f", run_id)
    for line in watching.stdout:
        if "step 3" in line:
            break
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=60)
    assert watching.returncode == 130
    assert f"trainyard logs -f {run_id}" in said and f"trainyard cancel {run_id}" in said
    assert commands.json("show", run_id)["state"] == "Running"
    assert commands("logs", run_id, "azureml-logs/70_driver_log.txt").count("step") == 4

    assert commands.json("cancel", run_id, "--wait") == {"done": [run_id], "refused": []}
    assert commands.json("show", run_id)["state"] == "Canceled"
    commands("logs", "-f", run_id, code=1)
    assert "Canceled" in commands.said


def test_ctrl_c_while_a_submitted_run_is_followed_says_how_to_end_it(commands):
    gate = commands.here / "gate"
    words = ("submit", "-e", "cli-submitted", "-f", "train.py", "--wait", str(gate))
    watching = commands.start(*words)
    for line in watching.stdout:
        if "step 3" in line:
            break
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=60)
    run_id = re.search(r"^run (\S+):", said, re.MULTILINE)[1]
    assert watching.returncode == 130 and f"trainyard cancel {run_id}" in said
    assert commands.json("show", run_id)["state"] == "Running"
    gate.touch()


def test_sending_the_code_draws_a_bar_on_a_terminal_alone(commands):
    def sent(*words):
        """Submit with new code; return what a terminal shows of stderr."""
        (commands.here / "weights.bin").write_bytes(os.urandom(20_000_000))
        (commands.here / "small.txt").write_bytes(os.urandom(100))
        ours, theirs = pty.openpty()
        made = subprocess.run(
            commands.words("submit", *words, "-e", "cli-sends", "train.py"), cwd=commands.here,
            env={**commands.environ, "COLUMNS": "120"}, stdout=subprocess.PIPE, stderr=theirs,
            timeout=120, check=True,
        )  # fmt: skip
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # what a closed terminal says at its end
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
        return made.stdout.decode(), shown.decode()

    answer, shown = sent()
    assert answer.startswith("cli-sends_") and "Sending the code [" in shown
    # What the studio lacks: both new files, and the script unless another test has sent it.
    assert re.search(r"100 %  20\.0 MB of 20\.0 MB .*[23] of [23] files", shown), shown
    answer, shown = sent("--json")
    assert json.loads(answer)["experiment"] == "cli-sends" and "Sending" not in shown
    commands("submit", "-e", "cli-sends", "train.py")
    assert "Sending" not in commands.said


def test_following_survives_a_studio_that_starts_again(commands, live_studio):
    gate = commands.here / "gate"
    run_id = commands("submit", "-e", "cli-again", "train.py", "--wait", str(gate)).strip()
    watching = commands.start("logs", "-f", run_id)
    for line in watching.stdout:
        if "step 3" in line:
            break
    live_studio.stop()
    live_studio.start()
    gate.touch()
    rest, said = watching.communicate(timeout=180)
    assert watching.returncode == 0, said
    assert "went on" in rest and "step 3" not in rest

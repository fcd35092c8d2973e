"""kill -9 of what takes part in a run: the state says what happened, soon; nothing stays behind."""

import signal
import time

import pytest

from tests.faults.conftest import driver_of, processes_of, script_of, text_of, until

WAITS = """
import time
from azureml.core import Run
run = Run.get_context()
for number in range({turns}):
    run.log("number", number)
    print("line", number, flush=True)
    time.sleep(0.05)
open("outputs/end.txt", "w").write("done")
"""


def running(start, turns: int):
    run = start(WAITS.format(turns=turns))
    until(lambda: run.get_metrics().get("number"), 60, "the script logs")
    return run


def state_of(run) -> str:
    return run.get_status()


def test_a_killed_script_fails_with_its_signal_and_keeps_every_line(start, tmp_path):
    run = running(start, 10_000)
    script_of(run.id).send_signal(signal.SIGKILL)
    until(lambda: state_of(run) == "Failed", 10, "the run has failed")
    error = run.get_details()["error"]["error"]
    assert "signal 9" in error["message"]
    lines = text_of(run, tmp_path).splitlines()
    assert lines == [f"line {number}" for number in range(len(lines))]
    numbers = run.get_metrics()["number"]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= len(lines), "a point is logged before its line is printed"


def test_a_killed_driver_takes_its_script_along_and_the_run_fails_within_ten_seconds(start):
    run = running(start, 10_000)
    script = script_of(run.id)
    driver_of(run.id).send_signal(signal.SIGKILL)
    until(lambda: state_of(run) == "Failed", 10, "the run has failed")
    assert "killed by signal 9" in run.get_details()["error"]["error"]["message"]
    until(lambda: not script.is_running(), 5, "the script is gone")
    until(lambda: not processes_of(run.id), 10, "no process is left")


@pytest.mark.parametrize("program", ["web", "worker", "supervise", "valkey"])
def test_a_run_survives_the_death_of_a_part_of_the_studio(start, live_studio, tmp_path, program):
    run = running(start, 120)
    live_studio.kill(program)
    assert run.wait_for_completion()["status"] == "Completed"
    assert text_of(run, tmp_path).splitlines() == [f"line {number}" for number in range(120)]
    assert run.get_metrics()["number"] == list(range(120))
    assert "outputs/end.txt" in run.get_file_names()


def test_a_run_submitted_while_the_worker_dies_is_still_run(start, live_studio):
    live_studio.kill("worker")
    run = start(WAITS.format(turns=3))
    assert run.wait_for_completion()["status"] == "Completed"


def test_cancel_ends_the_whole_process_group_even_one_that_ignores_term(start):
    run = start(
        """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time, signal;"
                  "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
open("outputs/kept.txt", "w").write("kept")
print("ready", flush=True)
time.sleep(600)
"""
    )
    until(lambda: state_of(run) == "Running", 60, "the script runs")
    until(lambda: len(processes_of(run.id)) >= 4, 10, "shell, driver, script and its child")
    run.cancel()
    began = time.monotonic()
    until(lambda: state_of(run) == "Canceled", 20, "the run is canceled")
    until(lambda: not processes_of(run.id), 5, "no process is left")
    assert time.monotonic() - began < 20
    assert "outputs/kept.txt" in run.get_file_names()


def test_a_second_cancel_changes_nothing(start):
    run = running(start, 10_000)
    run.cancel()
    run.cancel()
    until(lambda: state_of(run) == "Canceled", 15, "the run is canceled")
    run.cancel()
    assert state_of(run) == "Canceled"

"""A script is ended whole: by a cancel, by a signal, and with everything that it started."""

import os
import signal

import pytest

from tests.sdk.driving import is_alive, until

FAMILY = """
import os, signal, subprocess, sys, time
stubborn = {stubborn}
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"],
                         start_new_session=True)
print(os.getpid(), child.pid, other.pid, flush=True)
time.sleep({seconds})
"""


def family(driving, stubborn=False, seconds=300, wait=True):
    driving.studio.code(train=FAMILY.format(stubborn=stubborn, seconds=seconds))
    driving.start()
    until(lambda: driving.studio.text().endswith("\n"))
    return [int(word) for word in driving.studio.text().split()]


def test_a_cancel_ends_the_script_and_all_its_processes(driving):
    pids = family(driving)
    driving.studio.cancel = True
    assert driving.wait() == 0
    assert not [pid for pid in pids if is_alive(pid)]
    finished = driving.studio.finished
    assert finished["canceled"] and finished["signal"] == signal.SIGTERM
    assert finished["told"] == "studio"


def test_a_script_that_ignores_term_is_killed_after_the_grace(driving):
    pids = family(driving, stubborn=True)
    driving.studio.cancel = True
    assert driving.wait() == 0
    assert not [pid for pid in pids if is_alive(pid)]
    assert driving.studio.finished["signal"] == signal.SIGKILL


def test_a_driver_that_is_told_to_stop_ends_the_script_and_reports(driving):
    pids = family(driving)
    os.kill(driving.process.pid, signal.SIGTERM)
    assert driving.wait() == 0
    assert not [pid for pid in pids if is_alive(pid)]
    assert driving.studio.finished["canceled"]
    assert driving.studio.finished["told"] == "signal"
    assert "a signal to the driver" in driving.studio.text("azureml-logs/75_job_post.txt")


def test_a_studio_that_cancels_and_sends_a_signal_is_who_told(driving):
    family(driving, stubborn=True)
    os.kill(driving.process.pid, signal.SIGTERM)
    driving.studio.cancel = True
    assert driving.wait() == 0
    assert driving.studio.finished["told"] == "studio"


def test_a_cancel_is_heard_while_the_studio_is_away(driving):
    pids = family(driving)
    driving.studio.away = True
    os.kill(driving.process.pid, signal.SIGTERM)
    until(lambda: not [pid for pid in pids if is_alive(pid)])
    driving.studio.away = False
    assert driving.wait() == 0
    assert driving.studio.finished["canceled"]


def test_what_a_script_leaves_behind_is_ended(driving):
    pids = family(driving, seconds=0.2)
    assert driving.wait() == 0
    assert not [pid for pid in pids if is_alive(pid)]
    assert driving.studio.finished["exit_code"] == 0
    assert "2 processes that it left" in driving.studio.text("azureml-logs/75_job_post.txt")


def test_a_script_dies_with_a_driver_that_is_killed(driving):
    script = family(driving)[0]
    driving.process.kill()
    until(lambda: not is_alive(script))
    for pid in [int(word) for word in driving.studio.text().split()[1:]]:
        os.kill(pid, signal.SIGKILL)


def test_a_cancel_that_came_before_the_start_starts_nothing(driving):
    driving.studio.code(train="print('never')")
    driving.studio.job["cancel"] = True
    assert driving.run() == 0
    assert driving.studio.finished["canceled"] and driving.studio.text() == ""


@pytest.mark.parametrize("code", [0, 1, 3])
@pytest.mark.parametrize("folder", ["spool", "."])
def test_a_script_that_takes_the_driver_s_folder_away_ends_as_it_ended(driving, folder, code):
    train = """
import os, shutil, sys
print("there", flush=True)
shutil.rmtree(os.path.join(os.environ["TRAINYARD_WORK"], "{}"), ignore_errors=True)
sys.exit({})
"""
    driving.studio.code(train=train.format(folder, code))
    driving.run()
    assert driving.studio.finished["exit_code"] == code, driving.said
    assert "ended with exit code" in driving.studio.text("azureml-logs/75_job_post.txt")

"""What the driver tells of its node: true figures, apart from the script's own, and none lost."""

import ctypes
import itertools
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pynvml
import pytest
from trainyard._driver import gpus

from tests.fixtures.pythons import pythons
from tests.sdk.driving import GATE, SDK, Driving, until

NODE = "trainyard/node-1/"
AWAY_S = 8
HOLDS = f"""{GATE}
from azureml.core import Run
held = bytearray(200 * 2**20)
Run.get_context().log("loss", 1.0)
Run.get_context().log("trainyard/node-1/cpu_percent", 1.0)
gate()
"""
BURNS = """
import subprocess, sys, time
if len(sys.argv) < 2:
    subprocess.run([sys.executable, __file__, "child"], check=True)
while time.process_time() < 0.3:
    pass
"""


def values(studio, name):
    return [value for _, value in studio.points.get(NODE + name, [])]


@pytest.mark.parametrize("python", [pythons()[0], pythons()[-1]])
def test_a_run_tells_what_its_node_does_beside_its_own_metrics(python, tmp_path):
    driving = Driving(tmp_path, python)
    try:
        studio = driving.studio
        studio.code(train=HOLDS)
        driving.start()
        until(lambda: max(values(studio, "memory_bytes"), default=0) > 200 * 2**20)
        driving.go()
        assert driving.wait() == 0, driving.said
        assert studio.points["loss"] == [(0, 1.0)]
        held = max(values(studio, "memory_bytes"))
        assert 200 * 2**20 < held < 320 * 2**20
        assert held < values(studio, "memory_limit_bytes")[0]
        assert all(0 <= percent <= 100 for percent in values(studio, "cpu_percent"))
        assert len(values(studio, "cores")) == 1
        ends = studio.text("azureml-logs/75_job_post.txt")
        assert "1 metric points kept" in ends
        assert "trainyard/node-1/cpu_percent was not kept" in ends
        assert "monitor" not in driving.said
    finally:
        driving.end()


def test_no_second_is_missing_though_the_studio_was_away(driving):
    studio = driving.studio
    studio.code(train=HOLDS)
    driving.start()
    until(lambda: NODE + "cpu_percent" in studio.points)
    studio.away = True
    time.sleep(0.5)  # for a call that is half answered
    before = studio.heartbeats
    time.sleep(AWAY_S)
    assert studio.heartbeats == before
    studio.away = False
    driving.go()
    assert driving.wait() == 0
    seconds = [step for step, _ in studio.points[NODE + "cpu_percent"]]
    # A machine that stalls for a moment takes no sample in it; all of the time away is more.
    assert max(later - sooner for sooner, later in itertools.pairwise(seconds)) < AWAY_S
    assert abs(seconds[-1] - time.time()) < 30


# Each in a process of its own: what other tests have started is no child of it.
CHILDREN = """
import resource, subprocess, sys
from trainyard._driver.processes import Processes
ours = Processes()
ours.look()
before, spent = ours.cpu_s(), sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
most = 0
with subprocess.Popen([sys.executable, sys.argv[1]]) as process:
    while process.poll() is None:
        ours.look()
        most = max(most, ours.cpu_s() - before)
ours.look()
spent = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - spent
print(spent, ours.cpu_s() - before, most)
"""
HOLDS_FOR_FIVE = """
import os, time
held = bytearray(300 * 2**20)
for _ in range(4):
    if not os.fork():
        break
print("ready", flush=True)
time.sleep(60)
"""
FORKS = """
import os, subprocess, sys
from trainyard._driver.processes import Processes
process = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
for _ in range(5):
    process.stdout.readline()
ours = Processes()
ours.look()
print(ours.memory() / 2**20, flush=True)
os.killpg(0, 9)
"""


def said_by(code, *arguments):
    """The numbers that a fresh Python prints, which has the SDK."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environ = {**os.environ, "PYTHONPATH": str(SDK)}
    done = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, text=True, check=False, start_new_session=True
    )
    return [float(word) for word in done.stdout.split()]


def test_the_time_of_ended_children_counts(tmp_path):
    (tmp_path / "burns.py").write_text(BURNS)
    spent, counted, most = said_by(CHILDREN, tmp_path / "burns.py")
    assert spent > 0.55
    assert counted == pytest.approx(spent, abs=0.06)
    assert most > 0.25


def test_memory_that_children_share_counts_once():
    (held,) = said_by(FORKS, HOLDS_FOR_FIVE)
    assert 300 < held < 420


def count(number):
    number._obj.value = 2
    return 0


def handle_of(index, handle):
    handle._obj.value = index.value + 1
    return 0 if index.value < 2 else 2


def busy(handle, found):
    found._obj.gpu = 40 + handle.value
    return 0


def memory(handle, found):
    found._obj.total, found._obj.used = 100, 10 * handle.value
    return 0


# Two GPUs as NVML tells them: no machine that tests run on has any.
NVML = SimpleNamespace(
    nvmlInit_v2=lambda: 0,
    nvmlDeviceGetCount_v2=count,
    nvmlDeviceGetHandleByIndex_v2=handle_of,
    nvmlDeviceGetUtilizationRates=busy,
    nvmlDeviceGetMemoryInfo=memory,
)


def test_gpus_that_the_task_sees_are_told(monkeypatch):
    monkeypatch.setattr(gpus.ctypes, "CDLL", lambda name: NVML)
    assert gpus.Gpus("1").levels() == {
        "gpu0_percent": 42, "gpu0_memory_bytes": 20, "gpu0_memory_limit_bytes": 100,
    }  # fmt: skip
    assert len(gpus.Gpus().levels()) == 6
    assert gpus.Gpus("").levels() == gpus.Gpus("7").levels() == {}


def test_what_nvml_fills_in_has_its_layout():
    for own, theirs in (
        (gpus._Busy, pynvml.c_nvmlUtilization_t),
        (gpus._Memory, pynvml.c_nvmlMemory_t),
    ):
        assert ctypes.sizeof(own) == ctypes.sizeof(theirs)
        assert [name for name, _ in own._fields_] == [name for name, *_ in theirs._fields_]

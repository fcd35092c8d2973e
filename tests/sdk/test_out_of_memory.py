"""A script that the kernel ends for want of memory: the run says so, with peak and limit."""

import os
import shutil
import subprocess

import pytest
from trainyard._driver.monitor import Monitor
from trainyard._driver.usage import Container

from tests.sdk.driving import SDK
from tests.sdk.fake_studio import TOKEN, FakeStudio

IMAGE = "trainyard-test-base"
TAKES_ALL = "import time\nheld = []\nwhile True:\n    held.append(bytearray(32 * 2**20))\n"
CHILD_TAKES_ALL = (
    "import multiprocessing\n"
    "child = multiprocessing.Process(target=bytearray, args=(10**9,))\n"
    "child.start()\nchild.join()\n"
    "raise RuntimeError('a worker was killed')\n"
)
MARKED = ["-e", "TRAINYARD_TASK=t1", IMAGE]
# The container is not the task's alone when its first process does not carry the mark.
UNMARKED = [IMAGE, "env", "TRAINYARD_TASK=t1"]


def has_engine():
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def drive(tmp_path):
    """Run a driver for `code` in a container of 256 MiB; return its studio."""
    if not has_engine():
        pytest.skip("no Docker engine: see CONTRIBUTING.md")
    studio = FakeStudio(tmp_path / "s.sock")

    def in_container(code, rest, **job):
        studio.code(train=code)
        studio.job.update(job)
        variables = {
            "PYTHONPATH": "/sdk", "PYTHONDONTWRITEBYTECODE": "1", "AZUREML_RUN_TOKEN": TOKEN,
            "TRAINYARD_URL": "http://localhost:1", "TRAINYARD_SOCKET": f"{tmp_path}/s.sock",
            "TRAINYARD_WORK": f"{tmp_path}/work", "AZUREML_RUN_ID": "exp_1_abcdef01",
        }  # fmt: skip
        words = ["docker", "run", "--rm", "--init", "--cap-drop=ALL", "--network=none"]
        words += ["--memory=256m", "--memory-swap=256m", f"--user={os.getuid()}:{os.getgid()}"]
        words += [f"--volume={SDK}:/sdk:ro", f"--volume={tmp_path}:{tmp_path}"]
        words += [f"--env={name}={value}" for name, value in variables.items()]
        words += [*rest, "python3", "-m", "trainyard.driver"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == 0, done.stderr
        return studio

    yield in_container
    studio.close()


@pytest.mark.parametrize("rest", [MARKED, UNMARKED], ids=["own-container", "shared"])
def test_a_script_that_takes_all_memory_fails_with_peak_and_limit(drive, rest):
    finished = drive(TAKES_ALL, rest).finished
    assert (finished["exit_code"], finished["signal"]) == (None, 9)
    assert finished["error"]["type"] == "OutOfMemory"
    words = "the script was ended because it ran out of memory: peak 2"
    assert finished["error"]["message"].startswith(words)
    assert finished["error"]["message"].endswith(" MiB of a limit of 256 MiB")


def test_a_worker_process_that_takes_all_memory_is_named_as_the_cause(drive):
    finished = drive(CHILD_TAKES_ALL, MARKED).finished
    assert finished["error"]["type"] == "OutOfMemory"
    assert "a process that the script had started was ended" in finished["error"]["message"]
    assert finished["error"]["traceback"].endswith("RuntimeError: a worker was killed")


def test_one_of_several_that_takes_all_memory_is_named_by_its_rank(drive):
    code = "import os, time\nif os.environ['RANK'] == '0':\n    time.sleep(300)\n" + TAKES_ALL
    studio = drive(code, MARKED, processes_per_node=2)
    finished = studio.finished
    assert (finished["signal"], finished["rank"]) == (9, 1)
    assert finished["error"]["type"] == "OutOfMemory"
    words = "rank 1: the script was ended because it ran out of memory: peak 2"
    assert finished["error"]["message"].startswith(words)
    ends = studio.text("azureml-logs/75_job_post.txt")
    assert "rank 0 was ended by signal 15" in ends


def test_a_container_is_measured_by_its_control_group(drive):
    studio = drive("held = bytearray(100 * 2**20)\nimport time\ntime.sleep(4)", MARKED)
    told = {name.rpartition("/")[2]: points for name, points in studio.points.items()}
    assert told["memory_limit_bytes"][0][1] == 256 * 2**20
    assert 100 * 2**20 < max(value for _, value in told["memory_bytes"]) < 200 * 2**20
    assert not [name for name in told if name.startswith(("machine", "network"))]
    assert studio.finished["error"] is None


def write(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


GROUP = "sys/fs/cgroup/"
VERSION_2 = {
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n",
    "proc/1/environ": "PATH=/bin\0TRAINYARD_TASK=t1\0",
    "proc/meminfo": "MemTotal:       16000000 kB\nMemAvailable:    9000000 kB\n",
    GROUP + "cpu.max": "50000 100000\n",
    GROUP + "cpu.stat": "usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\n",
    GROUP + "memory.current": "500000000\n",
    GROUP + "memory.stat": "anon 290000000\nactive_file 150000000\ninactive_file 50000000\n",
    GROUP + "memory.max": "1073741824\n",
    GROUP + "memory.peak": "900000000\n",
    GROUP + "memory.events": "low 0\nmax 3\noom 0\noom_kill 0\n",
}


def test_control_groups_of_version_2_are_read(tmp_path):
    write(tmp_path, VERSION_2)
    node = Container(str(tmp_path))
    assert node.cores == 0.5
    assert node.counters() == {"cpu_percent": 600.0}
    assert node.levels() == {
        "memory_bytes": 3e8, "memory_limit_bytes": 2.0**30, "cores": 0.5,
    }  # fmt: skip
    write(tmp_path, {GROUP + "memory.max": "max\n"})
    assert node.limit() == 16_000_000 * 1024
    monitor = Monitor(str(tmp_path), 1, {"TRAINYARD_TASK": "t1"}, str(tmp_path))
    assert monitor.out_of_memory(None, 9) is None  # killed by a person
    write(tmp_path, {GROUP + "memory.events": "oom_kill 1\n", GROUP + "memory.max": "1073741824\n"})
    assert monitor.out_of_memory(0, None) is None
    said = monitor.out_of_memory(None, 9)
    assert said.endswith("ran out of memory: peak 858 MiB of a limit of 1.0 GiB")

"""The Docker backend: the contract, and what only containers can show."""

import gc
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import docker
import pytest

from compute.backends import docker as docker_backend
from compute.backends.base import Refused, Unreachable
from compute.backends.docker import LABEL, NOBODY, Docker
from compute.backends.engine import asking
from compute.tasks import Sighting, Task
from tests.compute.contract import Contract
from tests.compute.docker.conftest import BASE

PYTHON = "/usr/bin/python3"


class TestDocker(Contract):
    python = PYTHON
    fields: ClassVar = {"image": BASE}

    @pytest.fixture
    def backend(self, base) -> Docker:
        return Docker()

    def alive(self, path: Path) -> bool:
        """A container's processes end with it: what a file says is a number of its own."""
        with closing(docker.from_env()) as engine:
            running = engine.containers.list(filters={"label": f"{LABEL}={path.parent.name}"})
        return bool(running)

    # docker-py leaves the socket that could not connect to the garbage collector.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_an_engine_that_does_not_answer_is_unreachable(self, backend, settings, tmp_path):
        settings.DOCKER_URL = f"unix://{tmp_path}/no.sock"
        with pytest.raises(Unreachable, match=r"no\.sock"):
            backend.look({"container": "x"})
        gc.collect()

    def test_an_image_that_is_not_there_is_refused(self, backend, task_id, tmp_path):
        task = Task(id=task_id, command=["x"], folder=str(tmp_path / "t"), image="no-such:image")
        with pytest.raises(Refused, match="no-such:image"):
            backend.start(task)

    def test_a_task_is_nobody_and_writes_to_its_folder_alone(self, backend, started):
        code = (
            "import os, json\n"
            "def may(path):\n"
            "    try:\n"
            "        open(path, 'w').write('x')\n"
            "        return True\n"
            "    except OSError:\n"
            "        return False\n"
            "seen = {p: may(p + '/x') for p in ('/', '/etc', '/usr', '/tmp', '.')}\n"
            "caps = [l.split()[1] for l in open('/proc/self/status') if l.startswith('CapEff')]\n"
            "json.dump([os.getuid(), seen, caps], open('seen', 'w'))"
        )
        handle, folder = started(code)
        assert self.ends(backend, handle) == Sighting("exited", exit_code=0)
        assert (folder / "seen").read_text() == (
            f'[{NOBODY}, {{"/": false, "/etc": false, "/usr": false, "/tmp": true, ".": true}},'
            ' ["0000000000000000"]]'
        )

    def test_a_task_that_takes_more_memory_than_it_has_says_so(self, backend, started):
        handle, _ = started("x = bytearray(10**9)", memory_bytes=64 * 2**20)
        sighting = self.ends(backend, handle)
        assert (sighting.signal, sighting.out_of_memory) == (9, True)

    def test_a_task_without_a_network_reaches_nothing(self, backend, started):
        code = "import os; open('seen', 'w').write(' '.join(os.listdir('/sys/class/net')))"
        handle, folder = started(code, has_network=False)
        self.ends(backend, handle)
        assert (folder / "seen").read_text() == "lo"

    def test_what_a_task_may_read_is_there_and_cannot_be_written(self, backend, started, tmp_path):
        shelf = tmp_path / "shelf"
        shelf.mkdir()
        (shelf / "book").write_text("words")
        code = f"print(open('{shelf}/book').read(), file=open('seen', 'w'))\nopen('{shelf}/x', 'w')"
        handle, folder = started(code, reads=(str(shelf),))
        sighting = self.ends(backend, handle)
        assert sighting.exit_code == 1
        assert "Read-only file system" in sighting.said
        assert (folder / "seen").read_text() == "words\n"

    def test_workers_share_two_gigabytes(self, backend, started):
        code = (
            "import os; s = os.statvfs('/dev/shm')\n"
            "open('seen', 'w').write(str(s.f_blocks * s.f_frsize))"
        )
        _, folder = started(code)
        assert self.appears(folder / "seen")
        assert int((folder / "seen").read_text()) == 2 * 2**30

    def test_a_container_removed_behind_our_back_is_gone(self, backend, started):
        handle, _ = started("import time; time.sleep(600)")
        with closing(docker.from_env()) as engine:
            engine.containers.get(handle["container"]).remove(force=True)
        assert backend.look(handle) == Sighting("gone")
        backend.stop(handle, 1)

    @pytest.mark.parametrize(
        ("gpus", "requests", "void"),
        [
            ((0, 2), [["", 0, ["0", "2"], [["gpu"]]]], False),
            ((), [], True),
        ],
    )
    def test_a_task_is_given_its_gpus_by_their_numbers(self, base, tmp_path, gpus, requests, void):
        """What is sent to the engine; an image that says it sees every GPU sees none else."""
        env = {"NVIDIA_VISIBLE_DEVICES": "all"}
        task = Task(id="g", command=["x"], folder=str(tmp_path), image=BASE, gpus=gpus, env=env)
        with asking() as api:
            config = docker_backend._config(api, task, "")
        names = ("Driver", "Count", "DeviceIDs", "Capabilities")
        asked = config["HostConfig"].get("DeviceRequests") or ()
        assert [[one[name] for name in names] for one in asked] == requests
        assert ("NVIDIA_VISIBLE_DEVICES=void" in config["Env"]) == void

    def test_gpus_that_the_engine_has_not_are_refused(self, backend, started):
        with closing(docker.from_env()) as engine:
            if "nvidia" in engine.info()["Runtimes"]:
                pytest.skip("this engine has GPUs")
        with pytest.raises(Refused, match="capabilities: \\[\\[gpu\\]\\]"):
            started("pass", gpus=(0,))

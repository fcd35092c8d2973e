"""What every backend must keep: its test file inherits `Contract` and makes `backend`."""

import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest

from compute.backends.base import Backend, Handle, Refused
from compute.tasks import Sighting, Task
from tests.fixtures.waiting import LONG_S

WAITS = (
    "import os, sys, time; open('up', 'w').write('x')\n"
    "while not os.path.exists('go'): time.sleep(0.05)\n"
    "pass"
)
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf')"


MEETS = """
import socket, sys, time
host, port, rank = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if rank == 0:
    with socket.create_server(("", port)) as server:
        print("up", file=open("up", "w"), flush=True)
        for _ in range(2):
            server.accept()[0].sendall(b"hello")
ends = time.monotonic() + 90
while rank and time.monotonic() < ends:
    try:
        with socket.create_connection((host, port), 30) as there:
            open("heard", "wb").write(there.recv(5))
            break
    except OSError:
        time.sleep(0.1)
"""


class Contract:
    """Start, look, stop, forget, as compute/backends/base.py promises."""

    @pytest.fixture
    def backend(self) -> Backend:
        raise NotImplementedError

    # What a task of this backend is started with besides its command.
    python = sys.executable
    fields: ClassVar[dict[str, Any]] = {}

    def text(self, path: Path) -> str:
        """What is in a file of the task, nothing where there is none."""
        return path.read_text() if path.is_file() else ""

    def is_there(self, folder: Path) -> bool:
        """Whether the task's folder is."""
        return folder.exists()

    def go(self, folder: Path) -> None:
        """Let a task that waits for `go` in its folder go on."""
        (folder / "go").touch()

    def appears(self, path: Path) -> bool:
        """Wait for a file of the task, whole."""
        ends = time.monotonic() + LONG_S
        while time.monotonic() < ends:
            if self.text(path):
                return True
            time.sleep(0.02)
        return False

    def alive(self, path: Path) -> bool:
        """Whether the process whose number stands in the file still runs."""
        try:
            return psutil.Process(int(self.text(path))).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    @pytest.fixture
    def task_id(self) -> str:
        return uuid.uuid4().hex

    @pytest.fixture
    def started(self, backend, task_id, tmp_path):
        """Start Python code as a task; whatever still runs is ended after the test."""
        handles: list[Handle] = []

        def start(code: str, *words: str, id: str = task_id, **fields: Any) -> tuple[Handle, Path]:
            folder = tmp_path / "tasks" / id
            command = [self.python, "-c", code, *words]
            task = Task(id=id, command=command, folder=str(folder), **{**self.fields, **fields})
            handle = backend.start(task)
            handles.append(handle)
            return handle, folder

        yield start
        for handle in handles:
            backend.stop(handle, 0)
            backend.forget(handle)

    def ends(self, backend: Backend, handle: Handle) -> Sighting:
        until = time.monotonic() + LONG_S
        while (sighting := backend.look(handle)).state == "running" and time.monotonic() < until:
            time.sleep(0.02)
        return sighting

    def test_a_task_runs_and_its_exit_code_is_seen(self, backend, started):
        handle, folder = started(f"{WAITS}; sys.exit(3)")
        assert backend.look(handle) == Sighting("running")
        self.go(folder)
        assert self.ends(backend, handle) == Sighting("exited", exit_code=3)

    def test_a_task_that_dies_of_a_signal_says_which(self, backend, started):
        handle, _ = started("import os; os.kill(os.getpid(), 11)")
        assert self.ends(backend, handle) == Sighting("exited", signal=11)

    def test_the_same_task_twice_runs_once(self, backend, started):
        code = "open('count', 'a').write('x'); import time; time.sleep(600)"
        handle, folder = started(code)
        assert self.appears(folder / "count")
        again, _ = started(code)
        assert again == handle
        assert self.text(folder / "count") == "x"

    def test_the_same_task_by_many_at_once_runs_once(self, backend, started):
        code = "open('count', 'a').write('x'); import time; time.sleep(600)"
        gate = threading.Barrier(6)

        def race(_: int) -> Handle:
            gate.wait()
            return started(code)[0]

        with ThreadPoolExecutor(6) as pool:
            handles = list(pool.map(race, range(6)))
        assert all(handle == handles[0] for handle in handles)
        assert self.appears(Path(handles[0]["folder"]) / "count")
        assert self.text(Path(handles[0]["folder"]) / "count") == "x"

    def test_a_task_is_found_by_who_has_lost_its_handle(self, backend, started, task_id, tmp_path):
        assert backend.find(task_id, str(tmp_path / "tasks" / task_id)) is None
        handle, folder = started("pass")
        assert backend.find(task_id, str(folder)) == handle
        self.ends(backend, handle)
        backend.forget(handle)
        assert backend.find(task_id, str(folder)) is None

    def test_a_task_that_ended_is_not_started_again(self, backend, started):
        handle, folder = started("open('count', 'a').write('x')")
        assert self.ends(backend, handle).exit_code == 0
        assert started("open('count', 'a').write('x')")[0] == handle
        assert self.text(folder / "count") == "x"

    def test_stopping_lets_a_task_end_by_itself(self, backend, started):
        code = (
            "import signal, sys, time\n"
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
            "print('up', file=open('up', 'w'), flush=True)\ntime.sleep(600)"
        )
        handle, folder = started(code)
        assert self.appears(folder / "up")
        began = time.monotonic()
        backend.stop(handle, 120)
        assert time.monotonic() - began < 60
        assert backend.look(handle) == Sighting("exited", exit_code=7)

    def test_stopping_ends_by_force_what_does_not_obey_and_what_it_started(self, backend, started):
        code = (
            f"{STUBBORN}\nimport subprocess, sys\n"
            'away = \'import os, time; open("child", "w").write(str(os.getpid()))\'\n'
            "away += '; time.sleep(600)'\n"
            "subprocess.Popen([sys.executable, '-c', away], start_new_session=True)\n"
            "time.sleep(600)"
        )
        handle, folder = started(code)
        assert self.appears(folder / "child")
        began = time.monotonic()
        backend.stop(handle, 0.3)
        assert 0.3 <= time.monotonic() - began < 9  # ten seconds are usual where none are said
        assert not self.alive(folder / "child")
        assert backend.look(handle).state != "running"

    def test_stopping_what_is_gone_is_no_error(self, backend, started):
        handle, _ = started("pass")
        self.ends(backend, handle)
        backend.stop(handle, 5)
        backend.stop(handle, 5)
        assert self.ends(backend, handle).exit_code == 0

    def test_a_task_sees_what_it_was_given_and_no_secret_of_the_server(
        self, backend, started, task_id, monkeypatch
    ):
        monkeypatch.setenv("STUDIO_SECRET_KEY", "very-secret")
        monkeypatch.setenv("DATABASE_PASSWORD", "very-secret")
        code = "import json, os; json.dump(dict(os.environ), open('seen', 'w'))"
        handle, folder = started(code, env={"LR": "0.1 $HOME 'quoted'"})
        self.ends(backend, handle)
        seen = self.text(folder / "seen")
        assert "very-secret" not in seen
        assert '"LR": "0.1 $HOME \'quoted\'"' in seen
        assert f'"TRAINYARD_TASK": "{task_id}"' in seen

    def test_a_program_that_is_not_there_is_named(self, backend, task_id, tmp_path):
        """At once where the backend can see it, else as what the task said at its end."""
        folder = str(tmp_path / "tasks")
        task = Task(id=task_id, command=["/no/such/program"], folder=folder, **self.fields)
        try:
            handle = backend.start(task)
        except Refused as error:
            said = str(error)
        else:
            sighting = self.ends(backend, handle)
            said = sighting.said
            assert sighting.exit_code == 127
            backend.forget(handle)
        assert "/no/such/program" in said

    def test_forgetting_frees_the_folder_but_only_of_what_has_ended(self, backend, started):
        handle, folder = started("import time; time.sleep(600)")
        backend.forget(handle)
        assert self.is_there(folder)
        backend.stop(handle, 0)
        backend.forget(handle)
        backend.forget(handle)
        assert not self.is_there(folder)
        assert backend.look(handle).state == "gone"

    def meet(self, backend: Backend, started: Any, group: str, **fields: Any) -> list[Path]:
        """Start three tasks of a group at once; each but the first says hello to it."""
        host, port = backend.meeting_point(group)

        def start(rank: int) -> Path:
            words = (MEETS, host, str(port), str(rank))
            found = started(*words, id=f"{group}{rank}", group=group, rank=rank, **fields)
            return Path(found[1])

        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(start, range(3)))

    def test_tasks_of_a_group_meet(self, backend, started, task_id):
        folders = self.meet(backend, started, task_id)
        for folder in folders[1:]:
            assert self.appears(folder / "heard")
            assert self.text(folder / "heard") == "hello"

    def test_two_groups_meet_each_in_its_place(self, backend, started, task_id):
        folders = [self.meet(backend, started, f"{task_id}{one}")[1:] for one in "ab"]
        for folder in [*folders[0], *folders[1]]:
            assert self.appears(folder / "heard")

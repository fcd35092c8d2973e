"""The local backend: the contract, and what only processes of this machine can show."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import psutil
import pytest

from compute.backends import gpus
from compute.backends.local import Local
from compute.tasks import Sighting
from tests.compute.contract import WAITS, Contract


class TestLocal(Contract):
    @pytest.fixture
    def backend(self) -> Local:
        return Local()

    def test_a_task_outlives_the_worker_that_started_it(self, backend, tmp_path):
        """The worker is killed; another one sees the task run, and how it ended."""
        folder = tmp_path / "b2"
        worker = textwrap.dedent(f"""
            import json, os, signal, sys
            import django
            django.setup()
            from compute.backends.local import Local
            from compute.tasks import Task
            code = {WAITS + "; raise SystemExit(5)"!r}
            task = Task(id="b2", command=[sys.executable, "-c", code], folder={str(folder)!r})
            print(json.dumps(Local().start(task)), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """)
        done = subprocess.run([sys.executable, "-c", worker], stdout=subprocess.PIPE, check=False)
        assert done.returncode == -signal.SIGKILL
        handle = json.loads(done.stdout)
        assert backend.look(handle) == Sighting("running")
        self.go(folder)
        assert self.ends(backend, handle) == Sighting("exited", exit_code=5)

    def test_a_start_that_was_cut_off_is_done_again(self, backend, started, task_id, tmp_path):
        """The worker died after it wrote the handle and before it let the program begin."""
        folder = tmp_path / "tasks" / task_id
        folder.mkdir(parents=True)
        handle = {"pid": 2**22 - 3, "started": 1.0, "task_id": task_id, "folder": str(folder)}
        (folder / "task.json").write_text(json.dumps(handle))
        again, _ = started("open('count', 'a').write('x')")
        assert again != handle
        assert self.ends(backend, again).exit_code == 0

    def test_a_later_process_with_the_same_number_is_not_the_task(self, backend, started):
        handle, _ = started("pass")
        self.ends(backend, handle)
        other = {**handle, "pid": os.getpid()}
        assert backend.look(other).state == "exited"
        backend.stop(other, 0)  # and this process lives on

    def test_a_program_whose_shell_was_killed_still_runs_and_can_be_stopped(self, backend, started):
        handle, folder = started("import time; open('up', 'w').write('x'); time.sleep(600)")
        assert self.appears(folder / "up")
        psutil.Process(handle["pid"]).kill()
        assert backend.look(handle).state == "running"
        backend.stop(handle, 0.2)
        assert self.ends(backend, handle).state == "gone"

    def test_the_exit_is_known_even_when_the_whole_session_is_told_to_end(self, backend, started):
        handle, folder = started("import time; open('up', 'w').write('x'); time.sleep(600)")
        assert self.appears(folder / "up")
        os.killpg(handle["pid"], signal.SIGTERM)
        assert self.ends(backend, handle) == Sighting("exited", signal=signal.SIGTERM)

    def test_a_script_can_be_interrupted_as_at_a_keyboard(self, backend, started):
        code = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(600)"
        handle, folder = started(code)
        assert self.ends(backend, handle) == Sighting("exited", signal=signal.SIGINT)
        assert "KeyboardInterrupt" in (folder / "driver.err").read_text()

    @pytest.mark.parametrize(
        ("there", "given", "sees"),
        [
            (("A", "B", "C"), (0, 2), ["PCI_BUS_ID", "0,2"]),
            (("A", "B", "C"), (), ["PCI_BUS_ID", ""]),
            ((), (), [None, "7"]),
        ],
    )
    def test_a_task_sees_the_gpus_it_was_given(
        self, backend, started, monkeypatch, there, given, sees
    ):
        """On a machine without any, what somebody set stays as it is."""
        monkeypatch.setattr(gpus, "names", lambda: there)
        code = (
            "import json, os\n"
            "names = ('CUDA_DEVICE_ORDER', 'CUDA_VISIBLE_DEVICES')\n"
            "json.dump([os.environ.get(name) for name in names], open('seen', 'w'))"
        )
        handle, folder = started(code, gpus=given, env={"CUDA_VISIBLE_DEVICES": "7"})
        self.ends(backend, handle)
        assert json.loads((folder / "seen").read_text()) == sees

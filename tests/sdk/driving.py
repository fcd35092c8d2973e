"""A driver started as a node starts it: a process of its own, beside a small studio."""

import os
import subprocess
import sys
from pathlib import Path

from azureml.core import Environment

from tests.fixtures.waiting import LONG_S
from tests.fixtures.waiting import until as until
from tests.sdk.fake_studio import TOKEN, FakeStudio

SDK = Path(__file__).resolve().parents[2] / "sdk"
# For scripts: gate() waits until Driving.go() lets it pass, each time.
GATE = """
import os, time
def gate():
    while not os.path.exists("go"):
        time.sleep(0.05)
    os.remove("go")
"""


class Driving:
    """Starts a driver for a task of `studio` below `folder`; end() leaves no process."""

    def __init__(self, folder: Path, python: str = sys.executable, *, studio=None, task="task-1"):
        self.studio = studio or FakeStudio()
        self.task = task
        self.work = folder / "work"
        self.work.mkdir(parents=True)
        self.python = python
        self.process = None

    def start(self, **variables):
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(SDK),
            "TRAINYARD_URL": self.studio.url,
            "TRAINYARD_WORK": str(self.work),
            "TRAINYARD_TASK": self.task,
            "AZUREML_RUN_TOKEN": TOKEN,
            "AZUREML_RUN_ID": "exp_1_abcdef01",
            "TRAINYARD_DELIVER_SECONDS": "60",
            **variables,
        }
        self.process = subprocess.Popen(
            [self.python, "-m", "trainyard.driver"],
            env=environ,
            cwd=self.work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self

    def go(self):
        """Let the script pass its gate()."""
        (self.work / "code" / "go").touch()

    def wait(self, timeout_s=2 * LONG_S):
        """Wait for the driver's end; return its exit code."""
        self.said = self.process.communicate(timeout=timeout_s)[0].decode()
        return self.process.returncode

    def run(self, timeout_s=2 * LONG_S, **variables):
        self.start(**variables)
        return self.wait(timeout_s)

    def end(self):
        if self.process is not None and not self.process.stdout.closed:
            self.process.kill()
            self.process.communicate()
        self.studio.close()


def is_alive(pid):
    """Return whether a process with this id runs (a dead one that nobody buried does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def pip_environment(folder, name, text):
    """Return the environment of a requirements.txt that is written into `folder`."""
    (folder / "requirements.txt").write_text(text)
    return Environment.from_pip_requirements(name, os.fspath(folder / "requirements.txt"))

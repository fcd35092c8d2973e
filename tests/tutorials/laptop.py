"""A person's computer: a project folder, a Python with the SDK, and scripts started by hand."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.fixtures import pythons

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MOST_SECONDS = 1500


class Laptop:
    """A copy of one tutorial's folder, below a folder whose .azureml/ names the studio.

    python: what runs the scripts, this test's own without.   project: the copy.
    """

    def __init__(self, place: Path, tutorial: str, config: Path, python: str = sys.executable):
        self.project = place / "work" / tutorial
        self.python = python
        shutil.copytree(HERE / tutorial, self.project, ignore=shutil.ignore_patterns("__pycache__"))
        (place / ".azureml").mkdir()
        shutil.copy(config, place / ".azureml" / "config.json")

    def runs(self, script: str, **variables: str) -> str:
        """Run `python script` in the project's folder; return what it printed.

        Raises AssertionError with all it said when it fails.
        """
        kept = {key: value for key, value in os.environ.items() if not key.startswith("STUDIO_")}
        done = subprocess.run(
            [self.python, script],
            cwd=self.project,
            env={**kept, "PYTHONPATH": os.fspath(ROOT / "sdk"), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=MOST_SECONDS,
        )
        print(done.stdout)  # read with `make tutorials`, and where a test fails
        assert done.returncode == 0, f"{script} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *request: object) -> None:
        """Say nothing of a caller that went away: some ask for a file's head first."""


@contextmanager
def website(folder: Path) -> Iterator[str]:
    """Serve `folder` on this machine, in the place of somebody's site; yields its address."""
    server = _Server(("127.0.0.1", 0), partial(_Quiet, directory=os.fspath(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def old_python() -> str:
    """Return a Python 3.8 of this machine, else its 3.7 or 3.6. Raises AssertionError."""
    for version in ("3.8", "3.7", "3.6"):
        if version in pythons.found():
            return pythons.found()[version]
    raise AssertionError(f"no Python 3.6 to 3.8 here; {pythons.MORE}")


def own_python(place: Path, python: str, *packages: str, cache: Path) -> str:
    """Make a virtual environment with the SDK and `packages`; return its Python."""
    uv = [sys.executable, "-m", "uv"]
    environ = {**os.environ, "UV_CACHE_DIR": os.fspath(cache), "UV_PYTHON_DOWNLOADS": "never"}
    for words in (
        ["venv", "--quiet", "--python", python, place],
        ["pip", "install", "--quiet", "--python", place, ROOT / "sdk", *packages],
    ):
        subprocess.run([*uv, *map(os.fspath, words)], env=environ, check=True)
    return os.fspath(place / "bin" / "python")

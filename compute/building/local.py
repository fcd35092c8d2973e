"""Runs the builder on this machine: in a session of its own, its log streamed, its result read."""

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uv
from django.conf import settings

from compute import environ
from compute.build_env import WORK
from compute.building.faults import BuildFault

PIECE_SECONDS = 0.1  # at most ten pieces of log a second
READ_BYTES = 64 * 1024


class Builder:
    """Runs the steps of one build, one after the other, within `seconds` altogether.

    on_output gets the log's bytes as they come, at most ten times a second; on_tick is called as
    often whether there is output or not. An error raised by either ends the step's processes.
    """

    def __init__(
        self, *, on_output: Callable[[bytes], None], on_tick: Callable[[], None], seconds: float
    ):
        self._on_output = on_output
        self._on_tick = on_tick
        self._seconds = seconds
        self._began = time.monotonic()

    def run(self, step: str, **details: Any) -> dict[str, Any]:
        """Run one step of `compute.build_env` and return its result.

        Raises BuildFault when the recipe is at fault, the time is over, or the builder was killed.
        """
        settings.IMAGES.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=WORK, dir=settings.IMAGES))
        try:
            job, result = work / "job.json", work / "result.json"
            job.write_text(json.dumps(self._job(step, work) | details), encoding="utf-8")
            code = self._follow(job)
            if not result.exists():
                raise BuildFault(f"the image builder ended with {_ending(code)}; try again")
            answer: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        finally:
            shutil.rmtree(work, ignore_errors=True)
        if "error" in answer:
            raise BuildFault(answer["error"], answer["guilty"])
        return answer

    def _job(self, step: str, work: Path) -> dict[str, Any]:
        return {
            "step": step,
            "parent": os.getpid(),
            "elapsed_s": time.monotonic() - self._began,
            "work": str(work),
            "result": str(work / "result.json"),
            "images": str(settings.IMAGES),
            "uv": uv.find_uv_bin(),
            "uv_cache": str(settings.UV_CACHE),
            "pythons": [str(folder) for folder in settings.PYTHONS],
            "index_url": settings.INDEX_URL,
            "extra_index_urls": settings.EXTRA_INDEX_URLS,
            "find_links": settings.FIND_LINKS,
        }

    def _follow(self, job: Path) -> int:
        process = subprocess.Popen(
            [sys.executable, "-m", "compute.build_env", str(job)],
            cwd=settings.BASE_DIR,
            env=environ.for_builds({"PYTHONUNBUFFERED": "1"}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            with process.stdout as pipe, selectors.DefaultSelector() as ready:
                os.set_blocking(pipe.fileno(), False)
                ready.register(pipe, selectors.EVENT_READ)
                self._pass_on(pipe.fileno(), ready)
            # Without reaping it: its id stays its own until the group has been ended.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        finally:
            _kill_session(process)
        return process.returncode

    def _pass_on(self, pipe: int, ready: selectors.BaseSelector) -> None:
        is_open = True
        while is_open:
            if time.monotonic() > self._began + self._seconds:
                raise BuildFault(
                    f"the build took longer than {self._seconds:.0f} s and was ended; the limit"
                    " is STUDIO_IMAGE_BUILD_SECONDS"
                )
            self._on_tick()
            if not ready.select(timeout=PIECE_SECONDS):
                continue
            time.sleep(PIECE_SECONDS)
            piece, is_open = _drain(pipe)
            if piece:
                self._on_output(piece)


def _drain(pipe: int) -> tuple[bytes, bool]:
    """Read what lies in the pipe; False when its other end is closed."""
    pieces: list[bytes] = []
    while sum(map(len, pieces)) < 16 * READ_BYTES:
        try:
            data = os.read(pipe, READ_BYTES)
        except BlockingIOError:
            return b"".join(pieces), True
        if not data:
            return b"".join(pieces), False
        pieces.append(data)
    return b"".join(pieces), True


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    """End whatever the builder started: its group has its process id, and goes as one."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"

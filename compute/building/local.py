"""Images that are folders on this machine, made by the builder in a session of its own."""

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uv
from django.conf import settings

from compute import environ
from compute.building import installing, kept_wheels
from compute.building.base import BuilderKilled, Made, Steps
from compute.building.faults import BuildFault
from compute.building.sieve import Sieve
from compute.models import Image

PIECE_SECONDS = 0.1  # at most ten pieces of log a second
READ_BYTES = 64 * 1024


class LocalBuilder:
    """Makes one image as a folder of STUDIO_HOME/images; see `base.Builder`."""

    version = "local-2"

    def __init__(self, steps: Steps):
        self._steps = steps
        self._program = Program(steps)

    def solve(self, recipe: dict[str, Any], prefer: str) -> str:
        """Return the lock of `recipe`. Raises BuildFault, also for what only Docker can build."""
        if recipe.get("as_is") or recipe.get("dockerfile"):
            what = "a Dockerfile" if recipe.get("dockerfile") else "the image as it is"
            raise BuildFault(
                f"this environment is {what}, which needs a cluster that runs Docker; choose one,"
                " or give it packages"
            )
        return str(self._program.run("solve", recipe=recipe, prefer=prefer)["lock"])

    def install(self, recipe: dict[str, Any], lock: str, digest: str) -> Made:
        """Make the folder images/`digest`, or find it whole. Raises BuildFault."""
        place = settings.IMAGES / digest
        made = self._program.run(
            "install", recipe=recipe, lock=lock, digest=digest, place=str(place)
        )
        return Made(
            place=made["place"],
            python=str(place / "bin" / "python"),
            size_bytes=made["size_bytes"],
            seconds=made["seconds"],
            packages=made["packages"],
            built_at=made["built_at"],
            reused=made["reused"],
        )


def is_there(image: Image) -> bool:
    """Whether an image's folder is whole and its interpreter still on this machine."""
    return installing.is_whole(Path(image.place))


def remove(image: Image) -> None:
    """Take an image's folder away. Safe to repeat."""
    installing.remove(Path(image.place))


def stored() -> dict[str, str]:
    """Return digest → folder of every whole image that lies on this machine."""
    return {place.name: str(place) for place in installing.stored(settings.IMAGES)}


def sweep() -> None:
    """Take away what builders that were killed left, never what one is making now."""
    if settings.IMAGES.is_dir():
        installing.sweep(settings.IMAGES)


class Program:
    """Runs steps of `compute.build_env` one after the other, within the build's time altogether."""

    def __init__(self, steps: Steps):
        self._steps = steps
        self._sieve = Sieve(steps.on_progress)
        self._began = time.monotonic()

    def run(self, step: str, **details: Any) -> dict[str, Any]:
        """Run one step and return its result; `details` are put into its job.

        Raises BuildFault when the recipe is at fault or the time is over, BuilderKilled.
        """
        settings.IMAGES.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=installing.WORK, dir=settings.IMAGES))
        try:
            job, result = work / "job.json", work / "result.json"
            content = {**job_settings(), **self._job(step, work), **details}
            told = json.dumps([details.get("recipe"), details.get("lock")])
            content["own_wheels"] = kept_wheels.laid_out(told, work / "own-wheels")
            job.write_text(json.dumps(content), encoding="utf-8")
            code = self._follow(job)
            if not result.exists():
                raise BuilderKilled(f"the image builder ended with {_ending(code)}; try again")
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
            "target": None,
            "prefer": "",
            "may_build": self._steps.may_build,
        }

    def _follow(self, job: Path) -> int:
        process = subprocess.Popen(
            [sys.executable, "-m", "compute.build_env", str(job)],
            cwd=settings.BASE_DIR,
            env=environ.for_builds({"PYTHONUNBUFFERED": "1", **certificates()}),
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
        is_open, passed_at = True, 0.0
        while is_open:
            if time.monotonic() > self._began + self._steps.seconds:
                raise BuildFault(
                    f"the build took longer than {self._steps.seconds:.0f} s and was ended; the"
                    " limit is STUDIO_IMAGE_BUILD_SECONDS"
                )
            self._steps.on_tick()
            if not ready.select(timeout=PIECE_SECONDS):
                continue
            time.sleep(max(0.0, passed_at + PIECE_SECONDS - time.monotonic()))
            piece, is_open = _drain(pipe)
            passed_at = time.monotonic()
            if said := self._sieve.log_in(piece):
                self._steps.on_output(said)


def job_settings() -> dict[str, Any]:
    """Return the part of a job that settings decide: where packages come from and are kept."""
    return {
        "uv": uv.find_uv_bin(),
        "uv_cache": str(settings.UV_CACHE),
        "conda_cache": str(settings.CONDA_CACHE),
        "pythons": [str(folder) for folder in settings.PYTHONS],
        "index_url": settings.INDEX_URL,
        "extra_index_urls": settings.EXTRA_INDEX_URLS,
        "find_links": settings.FIND_LINKS,
        "conda_channels": settings.CONDA_CHANNELS,
        "conda_alias": settings.CONDA_CHANNEL_ALIAS,
    }


def certificates() -> dict[str, str]:
    """Return the variables that have downloads checked against STUDIO_CERTIFICATES."""
    return {"SSL_CERT_FILE": settings.CERTIFICATES} if settings.CERTIFICATES else {}


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

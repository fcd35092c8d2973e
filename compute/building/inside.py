"""Runs inside a Docker build: starts the builder there, and leaves nothing of it in the image.

Called by the generated Dockerfile, `inside.py wheels` and then `inside.py all`. The first has the
cache that all builds share, so it installs wheels only: what runs code of a package (building
from source, the links of conda) is left to the second, which has a cache of its own. So nobody's
package can put something into the cache that another's environment is made from.

Standard library, Python 3.8. A failure is one line that begins with RESULT, for no file can be
read from a step that failed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

BUILD = Path(__file__).resolve().parent.parent.parent
SHARED_CACHE = "/opt/trainyard/cache"
RESULT = "\x1d"
WHEELS_ONLY = "--only-binary :all:\n"
NEEDS_SOURCE = "building from source is disabled"
MANIFEST = "trainyard-image.json"
LOCK = "requirements.lock"
CHECK_SECONDS = 120


def main(phase: str) -> int:
    """Do one phase; 0 when the next may begin."""
    job: dict[str, Any] = json.loads((BUILD / "job.json").read_text(encoding="utf-8"))
    place = Path(job["place"])
    own = place.parent / "tmp"
    own.mkdir(parents=True, exist_ok=True)
    try:
        error: dict[str, str] | None = None
        if not (place / MANIFEST).is_file():
            error = _install(job, phase, own)
        if error is None and phase == "all":
            error = _starts(place)
    finally:
        shutil.rmtree(str(own), ignore_errors=True)
        shutil.rmtree(str(place.parent / ".locks"), ignore_errors=True)
    if error is None or (phase == "wheels" and error.get("again")):
        return 0
    _say(RESULT + json.dumps(error))
    return 1


def _install(job: dict[str, Any], phase: str, own: Path) -> dict[str, str] | None:
    """Run the builder; return what went wrong, None when nothing did."""
    lock = job["lock"]
    details = {
        "work": str(own),
        "result": str(own / "result.json"),
        "uv_cache": SHARED_CACHE if phase == "wheels" else str(own / "uv-cache"),
        "conda_cache": str(own / "conda-cache"),
        # The shared cache lies on another file system than the image.
        "link_mode": "copy" if phase == "wheels" else "hardlink",
        "lock": _with_option(lock) if phase == "wheels" else lock,
    }
    file = own / "job.json"
    file.write_text(json.dumps({**job, **details}), encoding="utf-8")
    said = _run(job["program"], file, own, hold_failure=phase == "wheels")
    result = own / "result.json"
    if not result.exists():
        return {"error": "the image builder was killed; is there enough memory?", "guilty": ""}
    answer = json.loads(result.read_text(encoding="utf-8"))
    if "error" not in answer:
        (Path(job["place"]) / LOCK).write_text(job["lock_to_keep"], encoding="utf-8")
        return None
    if phase == "wheels" and NEEDS_SOURCE in said:
        shutil.rmtree(job["place"], ignore_errors=True)
        _say("Some packages have no wheel here: they are built from source")
        return {**answer, "again": "yes"}
    if phase == "wheels":
        _say(f"Failed: {answer['error']}")
    return {"error": answer["error"], "guilty": answer["guilty"]}


def _run(program: list[str], job: Path, own: Path, *, hold_failure: bool) -> str:
    """Run the builder, its lines going on; return all it said."""
    environment = {**os.environ, "HOME": str(own), "TMPDIR": str(own), "PYTHONUNBUFFERED": "1"}
    if (BUILD / "certificates.pem").exists():
        environment["SSL_CERT_FILE"] = str(BUILD / "certificates.pem")
    process = subprocess.Popen(
        [*program, "-B", "-m", "compute.build_env", str(job)],
        cwd=str(BUILD),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    lines = []
    assert process.stdout is not None
    for data in process.stdout:
        line = data.decode("utf-8", "replace")
        lines.append(line)
        is_held = hold_failure and ("] Failed: " in line or _is_of_a_failure(line))
        if not is_held:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    process.wait()
    return "".join(lines)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _is_of_a_failure(line: str) -> bool:
    return "no usable wheels" in line or NEEDS_SOURCE in line or "No solution found" in line


def _with_option(lock: str) -> str:
    """Return the lock with an option in front of its requirements, behind its comments."""
    lines = lock.splitlines(True)
    at = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join([*lines[:at], WHEELS_ONLY, *lines[at:]])


def _starts(place: Path) -> dict[str, str] | None:
    """Return why the environment's Python does not start, None when it does."""
    try:
        done = subprocess.run(
            [str(place / "bin" / "python"), "-c", ""],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=CHECK_SECONDS,
            cwd="/",
            check=False,
        )
        why = done.stdout.decode("utf-8", "replace").strip() if done.returncode else ""
        if done.returncode and not why:
            why = f"exit code {done.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if not why:
        return None
    last = why.splitlines()[-1]
    return {"error": f"it is installed, but its Python does not start: {last}", "guilty": ""}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Build a Python environment from a recipe: `python -m compute.build_env JOB.json`.

The one builder, wherever an image is made; it knows neither Django nor the database. The job says
which step to do; the log goes to standard output, the result as JSON to the file the job names:

    solve     recipe → {"lock", "python", "packages"}
    install   lock, digest → {"place", "size_bytes", "seconds", "packages", "built_at", "reused"}
    either    {"error", "guilty"} when the recipe is at fault

conda packages are taken from PyPI here; a solver of conda channels is another `requirements_of`.
An image is a folder with a manifest, made beside its place and renamed onto it: a builder killed at
any moment leaves no half image, and what it left is swept by the next one.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from compute.building import conda_specs, faults, interpreters
from compute.building.faults import BuildFault

MANIFEST = "trainyard-image.json"
LOCK = "requirements.lock"
MAKING = ".making-"
WORK = ".work-"
WORK_IS_OLD_S = 24 * 3600
PR_SET_PDEATHSIG = 1

_began = time.monotonic()


def main(arguments: list[str]) -> int:
    """Do the job in the file named by the only argument; 0 when a result was written."""
    job = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    global _began  # the clock of the whole build, of which this step is a part
    _began -= job["elapsed_s"]
    signal.signal(signal.SIGTERM, partial(_end_all, job["work"]))
    _end_with_parent(signal.SIGTERM)
    if os.getppid() != job["parent"]:
        return 1
    step = {"solve": solve, "install": install}[job["step"]]
    try:
        result = step(job)
    except BuildFault as fault:
        say(f"Failed: {fault.message}")
        result = {"error": fault.message, "guilty": fault.guilty}
    except OSError as error:
        say(f"Failed: {error}")
        result = {"error": f"the image could not be written: {error}", "guilty": ""}
    Path(job["result"]).write_text(json.dumps(result), encoding="utf-8")
    return 0


def say(line: str) -> None:
    """Write one line of the log, with the seconds since the build began."""
    print(f"[{time.monotonic() - _began:6.1f} s] {line}", flush=True)


# --- solve ---------------------------------------------------------------------------------------


def solve(job: dict[str, Any]) -> dict[str, Any]:
    """Find the exact packages with their hashes. Raises BuildFault naming the requirement."""
    recipe = job["recipe"]
    python = _interpreter(job, recipe["python"])
    lines, options, written = requirements_of(recipe)
    if not lines:
        say("Nothing to solve: no packages are asked for")
        return {"lock": _lock(python, options, ""), "python": python.version, "packages": 0}
    say(f"Solving {_count(len(lines), 'requirement')} for Python {python.version} …")
    folder = Path(job["work"])
    asked, solved = folder / "requirements.in", folder / LOCK
    asked.write_text("\n".join([*options, *lines, ""]), encoding="utf-8")
    started = time.monotonic()
    pre = ["--prerelease", "allow"] if "--pre" in recipe["pip"] else []
    _prefer_own_wheels(job["find_links"], solved)
    code, output = _uv(
        job,
        [
            "pip",
            "compile",
            str(asked),
            "-o",
            str(solved),
            "--generate-hashes",
            "--no-header",
            "--no-annotate",
            "--python",
            python.path,
            *pre,
        ],
    )
    if code:
        raise faults.from_uv(output, written)
    body = solved.read_text(encoding="utf-8")
    packages = _packages(body)
    say(f"Solved: {_count(packages, 'package')} in {time.monotonic() - started:.1f} s")
    return {"lock": _lock(python, options, body), "python": python.version, "packages": packages}


def _prefer_own_wheels(find_links: list[str], solved: Path) -> None:
    """Let wheels that the operator laid into a folder win over newer ones of the index.

    uv keeps to what the file it writes holds already, wherever that fits the requirements. So a
    studio without a GPU gets the CPU build of torch that lies there, not gigabytes of CUDA.
    """
    newest: dict[str, Version] = {}
    for folder in filter(os.path.isdir, find_links):
        for path in Path(folder).glob("*.whl"):
            with contextlib.suppress(InvalidWheelFilename):
                name, version, _, _ = parse_wheel_filename(path.name)
                newest[name] = max(version, newest.get(name, version))
    lines = [f"{name}=={version}\n" for name, version in sorted(newest.items())]
    if lines:
        solved.write_text("".join(lines), encoding="utf-8")


def requirements_of(
    recipe: dict[str, Any], *, tell: Callable[[str], None] = say
) -> tuple[list[str], list[str], dict[str, str]]:
    """Turn a recipe into pip requirements; each substitution is a line of the log.

    Returns (requirement lines, option lines, package name → the line as the person wrote it).
    Raises BuildFault for a conda version that PyPI cannot be asked for.
    """
    lines: list[str] = []
    written: dict[str, str] = {}
    if recipe["conda"]:
        channels = f" (not from {', '.join(recipe['channels'])})" if recipe["channels"] else ""
        tell(f"conda packages are taken from PyPI{channels}")
    for text in recipe["conda"]:
        spec = conda_specs.parse(text)
        name = conda_specs.pypi_name(spec)
        if name is None:
            tell(f"  {text}: left out, wheels from PyPI bring what they need of it")
            continue
        try:
            line = name + conda_specs.pep440(spec.version)
        except ValueError as error:
            raise BuildFault(f"{text}: {error}", text) from None
        if line != text:
            tell(f"  {text} → {line}")
        lines.append(line)
        written[canonicalize_name(name)] = text
    options = [line for line in recipe["pip"] if line.startswith("-") and line != "--pre"]
    for line in recipe["pip"]:
        if not line.startswith("-"):
            lines.append(line)
            written[_name_of(line)] = line
    for line in recipe["provided"]:
        tell(f"  {line}: provided by the studio to every run, not installed")
    return lines, options, written


def _name_of(line: str) -> str:
    try:
        return canonicalize_name(Requirement(re.split(r"\s+--", line)[0]).name)
    except InvalidRequirement:  # a bare address
        egg = re.search(r"[#&]egg=([\w.-]+)", line)
        return canonicalize_name(egg[1] if egg else re.split(r"[/@]", line)[-1])


def _interpreter(job: dict[str, Any], asked: str | None) -> interpreters.Interpreter:
    try:
        python, remark = interpreters.choose(asked, interpreters.find(job["pythons"]))
    except interpreters.NoInterpreter as error:
        raise BuildFault(str(error), f"python={asked}") from None
    if remark:
        say(remark)
    return python


def _lock(python: interpreters.Interpreter, options: list[str], body: str) -> str:
    libc = "".join(platform.libc_ver()[:1])
    system = f"{platform.system()} {platform.machine()} {libc}".strip().lower()
    head = [f"# python {python.version}", f"# platform {system}", *options]
    return "\n".join(head) + "\n" + body


def _locked(lock: str) -> dict[str, str]:
    pins = re.findall(r"^([A-Za-z0-9._-]+)(==\S+)", lock, re.MULTILINE)
    return {str(canonicalize_name(name)): name + version for name, version in pins}


def _packages(lock: str) -> int:
    return sum(1 for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line))


# --- install -------------------------------------------------------------------------------------


def install(job: dict[str, Any]) -> dict[str, Any]:
    """Make the folder `images`/`digest`, or find it whole. Raises BuildFault."""
    images, digest, lock = Path(job["images"]), job["digest"], job["lock"]
    images.mkdir(parents=True, exist_ok=True)
    place = images / digest
    sweep(images)
    with _alone(images, digest):
        if is_whole(place):
            manifest: dict[str, Any] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
            return {**manifest, "place": str(place), "reused": True}
        making = images / f"{MAKING}{digest}"
        for leftover in (making, place):
            shutil.rmtree(leftover, ignore_errors=True)
        try:
            manifest = _make(job, making, lock)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
        os.rename(making, place)
    return {**manifest, "place": str(place), "reused": False}


def _make(job: dict[str, Any], making: Path, lock: str) -> dict[str, Any]:
    started = time.monotonic()
    python = _interpreter(job, lock.split("\n", 1)[0].removeprefix("# python "))
    code, output = _uv(
        job,
        [
            "venv",
            str(making),
            "--relocatable",
            "--python",
            python.path,
            "--no-project",
            "--quiet",
        ],
    )
    if code:
        raise faults.from_uv(output, {})
    (making / LOCK).write_text(lock, encoding="utf-8")
    packages = _packages(lock)
    if packages:
        say(f"Downloading and installing {_count(packages, 'package')} …")
        # A source repository has no hash; its commit in the lock says as much.
        hashes = [] if re.search(r"^\S+ @ git\+", lock, re.MULTILINE) else ["--require-hashes"]
        code, output = _uv(
            job,
            [
                "pip",
                "sync",
                str(making / LOCK),
                "--python",
                str(making / "bin" / "python"),
                "--link-mode",
                "hardlink",
                *hashes,
            ],
        )
        if code:
            _, _, written = requirements_of(job["recipe"], tell=lambda _: None)
            raise faults.from_uv(output, _locked(lock) | written)
    manifest = {
        "digest": job["digest"],
        "python": python.version,
        "packages": packages,
        "size_bytes": _size(making),
        "seconds": round(time.monotonic() - started, 3),
        "built_at": datetime.now(UTC).isoformat(),
    }
    (making / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return manifest


def is_whole(place: Path) -> bool:
    """Whether the folder is a finished image whose interpreter still exists on this machine."""
    return (place / MANIFEST).is_file() and (place / "bin" / "python").exists()


def sweep(images: Path) -> None:
    """Remove what builders that were killed left behind; never what another is making now."""
    for old in images.glob(f"{WORK}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > WORK_IS_OLD_S:
                shutil.rmtree(old, ignore_errors=True)
    for leftover in images.glob(f"{MAKING}*"):
        digest = leftover.name.removeprefix(MAKING)
        with contextlib.suppress(BlockingIOError), _alone(images, digest, wait=False):
            shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def _alone(images: Path, digest: str, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of one image; the kernel frees it when this process ends, however it ends."""
    locks = images / ".locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / digest).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise
            say("Waiting for another build of the same image …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        total += sum(os.lstat(os.path.join(parent, name)).st_size for name in names)
    return total


# --- uv, and ending together ---------------------------------------------------------------------


def _uv(job: dict[str, Any], arguments: list[str]) -> tuple[int, str]:
    """Run uv, its lines going to the log as they come; return its exit code and what it said."""
    where = (
        []
        if arguments[0] == "venv"
        else [word for folder in job["find_links"] for word in ("--find-links", folder)]
    )
    environment = {
        **os.environ,
        "UV_CACHE_DIR": job["uv_cache"],
        "UV_NO_CONFIG": "1",  # settings of some project around the images folder are not ours
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
    }
    # In the environment, not on the command line: addresses may carry a password.
    if job["index_url"]:
        environment["UV_DEFAULT_INDEX"] = job["index_url"]
    if job["extra_index_urls"]:
        environment["UV_INDEX"] = " ".join(job["extra_index_urls"])
    process = subprocess.Popen(
        [job["uv"], *arguments, *where],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        # This program has one thread, so code between fork and exec is safe here.
        preexec_fn=lambda: _end_with_parent(signal.SIGKILL),
    )
    lines = []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        if line.strip() and not line.startswith("Using Python "):
            say("  " + line.rstrip())
    return process.wait(), "".join(lines)


def _end_with_parent(number: int) -> None:
    """Ask the kernel for a signal when the parent ends, so that nothing builds on for nobody."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def _end_all(work: str, _number: int, _frame: object) -> None:
    shutil.rmtree(work, ignore_errors=True)
    # uv may have started compilers: the whole group goes, this process with it.
    os.killpg(0, signal.SIGKILL)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

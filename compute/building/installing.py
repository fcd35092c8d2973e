"""The step `install`: from a lock to a folder with a Python environment, whole or not there.

The manifest, written last, makes an image whole. conda's packages know the place they lie in, so
an image is made where it stays; a folder without a manifest that nobody holds the lock of is what
a killed builder left, and is swept. Runs on Python 3.8, inside Docker images too.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from compute.building import faults, interpreters, locks, own_wheels, requirements, uv
from compute.building.conda_specs import normalised
from compute.building.faults import BuildFault
from compute.building.log import count, say

MANIFEST = "trainyard-image.json"
LOCK = "requirements.lock"
LOCKS = ".locks"
WORK = ".work-"
WORK_IS_OLD_S = 24 * 3600
# What builders leave: images by their digest; `.making-` is what they were called once.
LEFTOVER = re.compile(r"(?:\.making-)?([0-9a-f]{64})\Z")


def install(job: dict[str, Any]) -> dict[str, Any]:
    """Make the image `job["digest"]` at `job["place"]`, or find it whole. Raises BuildFault.

    Returns {"place", "size_bytes", "seconds", "packages", "built_at", "reused", …}.
    """
    place, lock = Path(job["place"]), job["lock"]
    images = place.parent
    images.mkdir(parents=True, exist_ok=True)
    sweep(images)
    with alone(images, job["digest"]):
        if is_whole(place):
            return {**manifest_of(place), "place": str(place), "reused": True}
        shutil.rmtree(place, ignore_errors=True)
        try:
            manifest = _make(job, place, lock)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    return {**manifest, "place": str(place), "reused": False}


def _make(job: dict[str, Any], place: Path, lock: str) -> dict[str, Any]:
    began = time.monotonic()
    conda_packages = locks.conda_packages(lock)
    if conda_packages:
        _conda().install(job, conda_packages, place)
    else:
        _make_bare(job, place, locks.python_of(lock))
    (place / LOCK).write_text(lock, encoding="utf-8")
    if locks.count(locks.requirements_of(lock)):
        _fill(job, place, lock, is_conda=bool(conda_packages))
    manifest = {
        "digest": job["digest"],
        "python": locks.python_of(lock),
        "packages": locks.count(lock),
        "size_bytes": _size(str(place)),
        "seconds": round(time.monotonic() - began, 3),
        "built_at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
    }
    draft = place / f"{MANIFEST}.new"
    draft.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    os.replace(draft, place / MANIFEST)
    return manifest


def _conda() -> Any:
    try:
        return import_module("compute.building.conda")  # only where a lock needs it
    except ImportError:
        raise BuildFault(
            "conda packages are installed by Python 3.10 or newer, which the base image has not"
        ) from None


def _make_bare(job: dict[str, Any], place: Path, version: str) -> None:
    try:
        python, remark = interpreters.exact(version, job["pythons"])
    except interpreters.NoInterpreter as error:
        raise BuildFault(str(error)) from None
    if remark:
        say(remark)
    code, output = uv.run(
        job,
        ["venv", str(place), "--python", python.path, "--no-project", "--quiet"],
        doing="making the environment",
    )
    if code:
        raise faults.from_uv(output, {})


def _fill(job: dict[str, Any], place: Path, lock: str, *, is_conda: bool) -> None:
    """Install what the lock has of pip. Raises BuildFault."""
    wanted = place / LOCK
    if job.get("own_wheels"):
        wanted = Path(job["work"]) / LOCK
        wanted.write_text(own_wheels.to_files(job, lock), encoding="utf-8")
    packages = locks.count(locks.requirements_of(lock))
    say(f"Downloading and installing {count(packages, 'package')} …")
    # Into what conda made: `sync` would take away what is not in the file.
    command = ["pip", "sync"]
    if is_conda:
        command = ["pip", "install", "--no-deps", "--break-system-packages", "-r"]
    # A source repository has no hash; its commit in the lock says as much.
    hashes = [] if re.search(r"^\S+ @ git\+", lock, re.MULTILINE) else ["--require-hashes"]
    _fill_from_beside(job, place)
    code, output = uv.run(
        job,
        [
            *command,
            str(wanted),
            *("--python", str(place / "bin" / "python")),
            *("--link-mode", job.get("link_mode", "hardlink")),
            *hashes,
        ],
        doing=f"installing {count(packages, 'package')}",
    )
    if code:
        raise _explained(job, lock, output)


def _fill_from_beside(job: dict[str, Any], place: Path) -> None:
    """Install wheels that came along with the builder, by links instead of through the cache.

    The cache of Docker builds lies on another file system, so what goes through it is written
    twice; what is installed here is left alone afterwards. A failure is left to what follows.
    """
    if not job.get("beside"):
        return
    wanted = Path(job["work"]) / "beside.txt"
    wanted.write_text(job["beside"], encoding="utf-8")
    own = {**job, "uv_cache": str(Path(job["work"]) / "beside-cache")}
    words = ["pip", "install", "--no-deps", "--no-index", "--require-hashes", "--link-mode"]
    python = ["--python", str(place / "bin" / "python"), "--break-system-packages"]
    packages = count(locks.count(job["beside"]), "package")
    uv.run(own, [*words, "hardlink", *python, "-r", str(wanted)], doing=f"installing {packages}")


def _explained(job: dict[str, Any], lock: str, output: str) -> BuildFault:
    """Blame what the person wrote, also where a package that it brings in is what failed."""
    written = requirements.of_all(job["recipe"], tell=lambda _: None).written
    known = {name: f"{name}=={version}" for name, version in locks.pins(lock).items()}
    fault = faults.from_uv(output, {**known, **written})
    name = fault.guilty.split("==")[0]
    if known.get(name) != fault.guilty or name in written:
        return fault
    root = _brought_in_by(job, lock, name, written)
    message = f"{root}, which needs {fault.message}" if root else fault.message
    return BuildFault(message[: faults.MOST_CHARACTERS], root)


def _brought_in_by(job: dict[str, Any], lock: str, name: str, written: dict[str, str]) -> str:
    """Return the written requirement that a package of the lock is there for, "" if unknown."""
    folder = Path(job["work"])
    wishes, told = folder / "requirements.in", folder / "via.txt"
    asked = requirements.of_all(job["recipe"], tell=lambda _: None)
    wished = "\n".join([*asked.options, *asked.lines, ""])
    wishes.write_text(own_wheels.to_files(job, wished), encoding="utf-8")
    told.write_text(locks.requirements_of(lock), encoding="utf-8")  # what uv keeps to
    words = ["--annotation-style", "line", "--no-header", "--quiet"]
    command = ["pip", "compile", str(wishes), "-o", str(told), *words]
    code, _ = uv.run(job, [*command, "--python-version", locks.python_of(lock)], doing="")
    text = "" if code else told.read_text(encoding="utf-8")
    parents = {
        normalised(found[1]): [normalised(one) for one in found[2].split(", ")]
        for found in re.finditer(r"^([A-Za-z0-9._-]+)\S*.*# via (.*)$", text, re.MULTILINE)
    }
    seen, looking = set(), [name]
    while looking:
        one = looking.pop(0)
        if one in written:
            return written[one]
        seen.add(one)
        looking += [parent for parent in parents.get(one, []) if parent not in seen]
    return ""


def manifest_of(place: Path) -> dict[str, Any]:
    """Return what an image says of itself: digest, python, packages, size_bytes, built_at, …"""
    manifest: dict[str, Any] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def is_whole(place: Path) -> bool:
    """Whether the folder is a finished image whose interpreter still exists on this machine."""
    return (place / MANIFEST).is_file() and (place / "bin" / "python").exists()


def stored(images: Path) -> list[Path]:
    """Return the folders of all whole images."""
    return sorted(path.parent for path in images.glob(f"*/{MANIFEST}") if is_whole(path.parent))


def remove(place: Path) -> None:
    """Take an image away; it stops being whole first. Safe to repeat."""
    with contextlib.suppress(FileNotFoundError):
        (place / MANIFEST).unlink()
    with contextlib.suppress(BlockingIOError), alone(place.parent, place.name, wait=False):
        if not is_whole(place):
            shutil.rmtree(place, ignore_errors=True)


def sweep(images: Path) -> None:
    """Remove what builders that were killed left behind; never what another is making now."""
    for old in images.glob(f"{WORK}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > WORK_IS_OLD_S:
                shutil.rmtree(old, ignore_errors=True)
    for path in images.iterdir() if images.is_dir() else ():
        leftover = LEFTOVER.match(path.name)
        if leftover is None or (path / MANIFEST).is_file():
            continue
        with contextlib.suppress(BlockingIOError), alone(images, leftover[1], wait=False):
            if not (path / MANIFEST).is_file():
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def alone(images: Path, digest: str, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of one image; the kernel frees it when this process ends, however it ends.

    Raises BlockingIOError when another holds it and `wait` is False.
    """
    folder = images / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / digest).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise
            say("Waiting for another build of the same image …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _size(folder: str) -> int:
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                total += _size(entry.path)
            else:
                total += entry.stat(follow_symlinks=False).st_size
    return total

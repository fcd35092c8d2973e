"""The Python interpreters of this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LEAST = (3, 6)  # what uv can make environments for
PROBE = (
    "import sys, platform, json;"
    "print(json.dumps([platform.python_implementation(), '.'.join(map(str, sys.version_info[:3])),"
    "sys.version_info[3]]))"
)
PROBE_SECONDS = 10
HERE = (
    "on this machine",
    "Ask for one of these, or have it installed and its folder added to STUDIO_PYTHONS",
)
IN_THE_BASE = ("in the base image", "Ask for one of these, or name another base image")


@dataclass(frozen=True)
class Interpreter:
    """One Python of this machine: its version as found, and its path."""

    path: str
    version: str


class NoInterpreter(Exception):
    """No interpreter here fits; the message lists those that were found, and a way out."""

    def __init__(self, wanted: str, found: list[Interpreter], where: tuple[str, str]):
        listed = ", ".join(one.version for one in found) or "none"
        super().__init__(f"no {wanted} {where[0]}; found: {listed}. {where[1]}")


def find(folders: list[str]) -> list[Interpreter]:
    """Return every CPython of 3.6 or newer in `folders` and on PATH, newest first, each once.

    The interpreter that runs this program comes first among those of its version.
    """
    # All at once: ten interpreters answer in the time of the slowest.
    probes = [(path, _probe(path)) for path in dict.fromkeys(_candidates(folders))]
    found: dict[str, Interpreter] = {}
    for path, probe in probes:
        if probe is None:
            continue
        try:
            answer, _ = probe.communicate(timeout=PROBE_SECONDS)
            kind, version, release = json.loads(answer)
        except (ValueError, subprocess.TimeoutExpired):
            probe.kill()
            probe.communicate()
            continue
        if kind == "CPython" and release == "final" and numbers(version) >= LEAST:
            found.setdefault(version, Interpreter(path, version))
    return sorted(found.values(), key=lambda one: numbers(one.version), reverse=True)


def _probe(path: str) -> subprocess.Popen[bytes] | None:
    try:
        return subprocess.Popen(
            [path, "-I", "-S", "-c", PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:  # made for another processor, say
        return None


def own() -> Interpreter:
    """Return the interpreter that runs this program; asking the others takes a while."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Interpreter(str(Path(sys.executable).resolve()), version)


def exact(version: str, folders: list[str]) -> tuple[Interpreter, str]:
    """Return the interpreter of a lock, or the newest of its family with a remark.

    Raises NoInterpreter when there is none of the family.
    """
    if own().version == version:
        return own(), ""
    found = find(folders)
    family = version.rpartition(".")[0] + "."
    for one in found:
        if one.version == version:
            return one, ""
    for one in found:
        if one.version.startswith(family):
            return one, f"Python {version} was locked; {one.version} is here and is used"
    raise NoInterpreter(f"Python {version}", found, HERE)


def numbers(version: str) -> tuple[int, ...]:
    """Return a version of Python as what it is sorted by."""
    return tuple(map(int, version.split(".")))


def _candidates(folders: list[str]) -> Iterator[str]:
    places = [Path(sys.executable)]
    for folder in map(Path, folders):
        places += sorted(folder.glob("*/bin/python")) + sorted(folder.glob("*/bin/python3"))
        places += sorted(folder.glob("bin/python3*")) + sorted(folder.glob("python3*"))
    for folder in map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep)):
        places += sorted(folder.glob("python3*")) if folder.is_absolute() else []
    for place in places:
        if re.fullmatch(r"python(3(\.\d+)?)?", place.name) and _is_program(place):
            # The real file: a virtual environment that goes away must not take images with it.
            yield str(place.resolve())


def _is_program(path: Path) -> bool:
    """Is it an executable that is no script? A version manager's shims are scripts."""
    try:
        with path.open("rb") as file:
            return file.read(2) != b"#!" and os.access(path, os.X_OK)
    except OSError:
        return False

"""The Python interpreters of this machine, and which of them an environment gets."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

LEAST = Version("3.6")  # what uv can make environments for
PROBE = (
    "import sys, platform, json;"
    "print(json.dumps([platform.python_implementation(), '.'.join(map(str, sys.version_info[:3])),"
    "sys.version_info[3]]))"
)
PROBE_SECONDS = 10


class NoInterpreter(Exception):
    """No interpreter here fits; the message lists those that were found."""


@dataclass(frozen=True)
class Interpreter:
    """One Python of this machine: its version as found, and its path."""

    path: str
    version: str


def find(folders: list[str]) -> list[Interpreter]:
    """Return every CPython of 3.6 or newer in `folders` and on PATH, newest first, each once.

    The interpreter that runs this program comes first among those of its version.
    """
    # All at once: ten interpreters answer in the time of the slowest.
    probes = [
        (
            path,
            subprocess.Popen(
                [path, "-I", "-S", "-c", PROBE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ),
        )
        for path in dict.fromkeys(_candidates(folders))
    ]
    found: dict[str, Interpreter] = {}
    for path, probe in probes:
        try:
            answer, _ = probe.communicate(timeout=PROBE_SECONDS)
            kind, version, release = json.loads(answer)
        except (ValueError, subprocess.TimeoutExpired):
            probe.kill()
            probe.communicate()
            continue
        if kind == "CPython" and release == "final" and Version(version) >= LEAST:
            found.setdefault(version, Interpreter(path, version))
    return sorted(found.values(), key=lambda one: Version(one.version), reverse=True)


def choose(asked: str | None, found: list[Interpreter]) -> tuple[Interpreter, str]:
    """Return the interpreter for `asked` (as in Recipe.python) and a remark, empty when it fits.

    Nothing asked: the version that runs the studio. `3.6.2` takes another 3.6 and remarks on it.
    Raises NoInterpreter.
    """
    own = ".".join(map(str, sys.version_info[:3]))
    asked = asked or own
    plain = re.fullmatch(r"\d+(\.\d+)*", asked)
    fitting = _fitting(f"=={asked}.*" if plain else asked, found)
    if not fitting and plain and asked.count(".") == 2:
        family = asked.rpartition(".")[0]
        if others := _fitting(f"=={family}.*", found):
            here = others[0]
            return here, f"Python {asked} was asked for; {here.version} is here and is used"
    if not fitting:
        listed = ", ".join(one.version for one in found) or "none"
        raise NoInterpreter(
            f"no Python {asked} on this machine; found: {listed}. Ask for one of these, or have"
            " it installed and its folder added to STUDIO_PYTHONS"
        )
    return next((one for one in fitting if one.version == own), fitting[0]), ""


def _fitting(specifier: str, found: list[Interpreter]) -> list[Interpreter]:
    return [one for one in found if SpecifierSet(specifier).contains(one.version)]


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

"""The step `solve`: from a recipe to the exact packages with their hashes, for one machine."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from compute.building import (
    channels,
    choosing,
    faults,
    hashes,
    interpreters,
    locks,
    old_releases,
    own_wheels,
    requirements,
    stand_ins,
    uv,
)
from compute.building.conda_specs import normalised
from compute.building.faults import BuildFault
from compute.building.interpreters import Interpreter
from compute.building.locks import CondaPackage
from compute.building.log import count, progress, say
from compute.building.masking import without_secrets
from compute.building.requirements import Requirements

# What uv can solve for beside this machine: `x86_64-manylinux_2_36`.
GLIBC_KNOWN = (17, 28, *range(31, 41))
SOLVED = "requirements.lock"


def solve(job: dict[str, Any]) -> dict[str, Any]:
    """Find the packages of `job["recipe"]` for this machine, or for `job["target"]`.

    Returns {"lock", "python", "packages"}. Raises BuildFault naming the requirement.
    """
    recipe, target = job["recipe"], job["target"]
    if recipe.get("base") and target is None:
        say(f"The base image {recipe['base']} is for Docker clusters; here it is not needed")
    if not job.get("may_build", True):
        _refuse_source(recipe)
    requirements.tell_provided(recipe, say)
    asked = requirements.of_conda(recipe)
    if asked and (packages := _from_channels(job, asked)):
        return _with_pip(job, packages, asked)
    return _from_pypi(job, requirements.of_all(recipe, say))


def _refuse_source(recipe: dict[str, Any]) -> None:
    """In a text, `--no-binary` would win over uv's own `--no-build`."""
    for line in recipe["pip"]:
        if line.startswith("--no-binary"):
            raise BuildFault(faults.CLOSED.format(guilty=line), line)


def _answer(lock: str) -> dict[str, Any]:
    return {"lock": lock, "python": locks.python_of(lock), "packages": locks.count(lock)}


# --- PyPI alone ----------------------------------------------------------------------------------


def _from_pypi(job: dict[str, Any], asked: Requirements) -> dict[str, Any]:
    python = _interpreter(job)
    body = ""
    if asked.lines and job["recipe"]["python"] is None and job["target"] is None:
        python, remark = old_releases.choose(job, asked, python)
        if remark:
            say(remark)
    requirements.seed(asked, python.version)
    if asked.lines:
        say(f"Solving {count(len(asked.lines), 'requirement')} for Python {python.version} …")
        began = time.monotonic()
        code, output, body = _compile(job, asked, _for_python(job, python))
        if code:
            raise faults.from_uv(output, asked.written)
        body = hashes.kept(body, asked)
        _tell(body, began)
    else:
        say("Nothing to solve: no packages are asked for")
    base = (job["target"] or {}).get("base", "")
    return _answer(locks.write(python.version, body, options=asked.options, base=base))


def _compile(job: dict[str, Any], asked: Requirements, extra: list[str]) -> tuple[int, str, str]:
    """Let uv solve; return its exit code, what it said, and the pinned requirements."""
    folder = Path(job["work"])
    wishes, solved = folder / "requirements.in", folder / SOLVED
    wished = own_wheels.to_files(job, "\n".join([*asked.options, *asked.lines, ""]))
    wishes.write_text(wished, encoding="utf-8")
    _prefer(job, solved, asked.preferred)
    pre = requirements.PRE in job["recipe"]["pip"]
    arguments = [
        *("pip", "compile", str(wishes), "-o", str(solved)),
        *("--generate-hashes", "--no-header", "--no-annotate"),
        *(("--prerelease", "allow") if pre else ()),
        *extra,
    ]
    doing = f"solving {count(len(asked.lines), 'requirement')}"
    code, output = uv.run(job, arguments, doing=doing)
    body = "" if code else solved.read_text(encoding="utf-8")
    return code, output, own_wheels.to_addresses(job, body)


def _tell(body: str, began: float) -> None:
    packages = count(locks.count(body), "package")
    say(f"Solved: {packages} in {time.monotonic() - began:.1f} s")


def _prefer(job: dict[str, Any], solved: Path, preferred: dict[str, str]) -> None:
    """Let some versions win over newer ones wherever they fit the requirements.

    uv keeps to what the file it writes holds already. So wheels that the operator laid into a
    folder win: a studio without a GPU gets the CPU build of torch that lies there, not gigabytes
    of CUDA. And so a lock for Docker agrees with the one of this machine, where there is one.
    """
    newest: dict[str, Version] = {}
    for folder in filter(os.path.isdir, job["find_links"]):
        for path in Path(folder).glob("*.whl"):
            with contextlib.suppress(InvalidWheelFilename):
                name, version, _, _ = parse_wheel_filename(path.name)
                newest[str(name)] = max(version, newest.get(str(name), version))
    pins = {name: str(version) for name, version in newest.items()}
    pins.update(preferred)
    pins.update(locks.pins(job["prefer"]))
    if pins:
        lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
        solved.write_text("".join(lines), encoding="utf-8")


def _interpreter(job: dict[str, Any]) -> Interpreter:
    """Return the Python of this machine, or of the target, that fits. Raises BuildFault."""
    asked, target = job["recipe"]["python"], job["target"]
    if target is None:
        with contextlib.suppress(interpreters.NoInterpreter):
            python, remark = choosing.choose(asked, [interpreters.own()])
            if not remark:
                return python
        found, where = interpreters.find(job["pythons"]), interpreters.HERE
    else:
        found = [Interpreter(one["path"], one["version"]) for one in target["pythons"]]
        where = interpreters.IN_THE_BASE
    try:
        python, remark = choosing.choose(asked, found, where=where)
    except interpreters.NoInterpreter as error:
        raise BuildFault(str(error), f"python={asked}" if asked else "") from None
    if remark:
        say(remark)
    return python


def _for_python(job: dict[str, Any], python: Interpreter) -> list[str]:
    """Return uv's words for the machine that is solved for."""
    target = job["target"]
    if target is None:
        return ["--python", python.path]
    return [*_for_version(job, python.version), "--python-platform", _platform(target["glibc"])]


def _for_version(job: dict[str, Any], version: str) -> list[str]:
    """Return uv's words for a Python that may not be on this machine.

    Source packages are asked for what they need by the nearest one that is.
    """
    family, own = version.rsplit(".", 1)[0], interpreters.own()
    here = [own] if own.version.startswith(f"{family}.") else interpreters.find(job["pythons"])
    near = next((one for one in here if one.version.rsplit(".", 1)[0] == family), None)
    return ["--python-version", version, "--python", near.path if near else sys.executable]


def _platform(glibc: str | None) -> str:
    machine = platform.machine()
    if not glibc:
        return f"{machine}-unknown-linux-musl"
    minor = int(re.findall(r"\d+", glibc)[1])
    fitting = [known for known in GLIBC_KNOWN if known <= minor]
    return f"{machine}-manylinux_2_{max(fitting, default=GLIBC_KNOWN[0])}"


# --- conda's channels, and pip into what they give -----------------------------------------------


def _from_channels(job: dict[str, Any], asked: dict[str, str]) -> list[CondaPackage]:
    """Return the packages of the channels; none when a channel cannot be reached, which is told."""
    urls = channels.addresses(job)
    progress("asking conda's channels")
    why = channels.silent(urls)
    if not why:
        conda = import_module("compute.building.conda")  # only where a recipe needs it
        shown = without_secrets(", ".join(urls.values()))
        say(f"Solving {count(len(asked), 'requirement')} of conda from {shown} …")
        progress(f"solving {count(len(asked), 'requirement')} of conda")
        began = time.monotonic()
        try:
            wishes = {**job, "prefer_conda": locks.conda_packages(job["prefer"])}
            found: list[CondaPackage] = conda.solve(wishes, urls, asked, _pythons(job))
            say(f"Solved: {count(len(found), 'package')} in {time.monotonic() - began:.1f} s")
            return found
        except conda.Unreachable as error:
            why = str(error)
        finally:
            progress("")
    say(f"The conda channels could not be reached ({why}): PyPI is taken instead")
    return []


def _pythons(job: dict[str, Any]) -> list[str]:
    """Return conda requirements for Python, in the order they are tried."""
    asked = job["recipe"]["python"]
    if asked is None:
        own = ".".join(map(str, sys.version_info[:2]))
        return [f"python {own}.*", "python"]
    if re.fullmatch(r"\d+(\.\d+)*", asked):
        return [f"python {asked}.*"]
    return [f"python {asked}"]


def _with_pip(
    job: dict[str, Any], packages: list[CondaPackage], asked: dict[str, str]
) -> dict[str, Any]:
    """Solve the pip section around what conda installs."""
    versions = {one.identity[0]: one.identity[1] for one in packages}
    python, by_pip = versions["python"], requirements.of_pip(job["recipe"])
    body = ""
    if by_pip.lines:
        body = _around(job, python, by_pip, there=stand_ins.versions(packages), asked=asked)
    base = (job["target"] or {}).get("base", "")
    lock = locks.write(python, body, options=by_pip.options, base=base, conda=packages)
    return _answer(lock)


def _around(
    job: dict[str, Any],
    python: str,
    by_pip: Requirements,
    *,
    there: dict[str, str],
    asked: dict[str, str],
) -> str:
    """Return the pins of pip's requirements beside `there`, what conda installs for `asked`."""
    say(f"Solving {count(len(by_pip.lines), 'requirement')} of pip for Python {python} …")
    began = time.monotonic()
    shelf, fixed = Path(job["work"]) / "installed-by-conda", Path(job["work"]) / "constraints.txt"
    stand_ins.make(shelf, there)
    fixed.write_text("".join(f"{name}=={version}\n" for name, version in there.items()))
    extra = ["--constraints", str(fixed), "--find-links", str(shelf)]
    extra += [word for name in there for word in ("--no-emit-package", name)]
    extra += _for_version(job, python)
    if job["target"] is not None:
        extra += ["--python-platform", _platform(job["target"]["glibc"])]
    code, output, body = _compile(job, by_pip, extra)
    if code:
        by_conda = {normalised(name): text for name, text in asked.items()}
        clash = stand_ins.clash(output, there, by_pip.written, by_conda)
        raise clash or faults.from_uv(output, by_pip.written)
    body = hashes.kept(body, by_pip)
    _tell(body, began)
    return body

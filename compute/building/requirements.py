"""A recipe as pip requirements: what conda asks for said to PyPI, options, what is provided."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from compute.building import conda_specs, pip_lines
from compute.building.faults import BuildFault

PRE = "--pre"
SEED = "setuptools"
SEED_VERSION = "59.6.0"  # the last for Python 3.6; from 60 on it takes the place of distutils
# These come from the channels anyway, or with Python itself.
NO_REASON_FOR_CHANNELS = ("python", "pip")


@dataclass
class Requirements:
    """Lines of a requirements file, and how a person wrote each.

    options: lines such as `--index-url …`.   written: normalised package name → the line; an
    option stands there by itself. `lines` and `options` are put together anew, for uv to read.
    preferred: package name → the version that is taken wherever it fits.
    """

    lines: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    preferred: dict[str, str] = field(default_factory=dict)


def of_pip(recipe: dict[str, Any]) -> Requirements:
    """Return what the recipe asks of PyPI itself.

    Raises BuildFault for a line with parts that uv may not read: rules may have become stricter.
    """
    asked = Requirements()
    for line in recipe["pip"]:
        try:
            safe = pip_lines.rebuilt(line)
        except ValueError as error:
            raise BuildFault(f"{line}: {error}", line) from None
        if not line.startswith("-"):
            asked.lines.append(safe)
            name = _name_of(line)
            before = asked.written.get(name)
            asked.written[name] = f"{before}, {line}" if before else line
        elif line != PRE:
            asked.options.append(safe)
            asked.written[line] = line
    return asked


def of_conda(recipe: dict[str, Any]) -> dict[str, str]:
    """Return the conda packages that need a channel, by name, each as it was written."""
    found = {conda_specs.parse(text).name: text for text in recipe["conda"]}
    return {name: text for name, text in found.items() if name not in NO_REASON_FOR_CHANNELS}


def of_all(recipe: dict[str, Any], tell: Callable[[str], None]) -> Requirements:
    """Return all the recipe asks for as pip requirements; each substitution is told.

    Raises BuildFault for a conda version that PyPI cannot be asked for.
    """
    asked = of_pip(recipe)
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
        written[conda_specs.normalised(name)] = text
    for name, text in asked.written.items():
        written[name] = f"{written[name]}, {text}" if name in written else text
    return Requirements([*lines, *asked.lines], asked.options, written)


def seed(asked: Requirements, python: str) -> None:
    """Add setuptools for a Python before 3.9: conda and venv brought it along in those days.

    PyTorch 1.10, NumPy's distutils and others of that time use it without asking for it.
    """
    is_old = tuple(map(int, python.split(".")[:2])) < (3, 9)
    if is_old and asked.lines and SEED not in asked.written and "--no-index" not in asked.options:
        asked.lines.append(SEED)
        asked.preferred[SEED] = SEED_VERSION


def tell_provided(recipe: dict[str, Any], tell: Callable[[str], None]) -> None:
    """Say which requirements the studio's own client satisfies, and what was left out and why."""
    for line in recipe["provided"]:
        tell(f"  {line}: provided by the studio to every run, not installed")
    for line in recipe.get("left_out") or ():
        tell(f"  {line}")


def _name_of(line: str) -> str:
    if named := re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:$|[\[(@;<>=!~]|--)", line):
        return conda_specs.normalised(named[1])
    egg = re.search(r"[#&]egg=([\w.-]+)", line)  # a bare address
    return conda_specs.normalised(egg[1] if egg else re.split(r"[/@]", line)[-1])

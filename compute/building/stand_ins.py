"""Tells uv what conda installs: a wheel with nothing in it for each of its Python packages.

A stand-in has conda's version with `+conda` behind, so that no file of an index is mistaken for
it, and asks for nothing, since conda's packages bring their own. So pip's requirements are solved
around what is there, also where PyPI lacks that version, and nothing is installed twice.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from packaging.version import InvalidVersion, Version

from compute.building.conda_specs import PYPI_NAMES, normalised
from compute.building.faults import WANTS, BuildFault
from compute.building.locks import CondaPackage

LOCAL = "conda"


def versions(packages: list[CondaPackage]) -> dict[str, str]:
    """Return PyPI's name → version of the Python packages among conda's, and of nothing else."""
    found = {}
    for package in packages:
        name, version, _ = package.identity
        if name == "python" or not _is_for_python(package):
            continue
        try:
            public = Version(version)
        except InvalidVersion:  # a C library that depends on Python; no wheel has such a version
            continue
        known = normalised(PYPI_NAMES.get(name, name))
        found[known] = f"{public}.{LOCAL}" if public.local else f"{public}+{LOCAL}"
    return found


def _is_for_python(package: CondaPackage) -> bool:
    needs = {re.split(r"[ =<>!~]", text)[0] for text in package.depends}
    return package.noarch == "python" or bool(needs & {"python", "python_abi"})


def make(folder: Path, stand_ins: dict[str, str]) -> None:
    """Write the wheels of `versions` into `folder`."""
    folder.mkdir()
    for name, version in stand_ins.items():
        stem = f"{name.replace('-', '_')}-{version}"
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            home = f"{stem}.dist-info"
            wheel.writestr(
                f"{home}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
            wheel.writestr(
                f"{home}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{home}/RECORD", "")


def clash(
    output: str, stand_ins: dict[str, str], by_pip: dict[str, str], by_conda: dict[str, str]
) -> BuildFault | None:
    """Read a refusal of uv in which a stand-in takes part; None when none does.

    by_pip, by_conda: requirements by normalised name, each as the person wrote it.
    """
    text = " ".join(output.split())
    for name, version in stand_ins.items():
        if not (wish := _wish(name, text, by_pip)):
            continue
        who, what = wish
        here = version.replace(f"+{LOCAL}", "").replace(f".{LOCAL}", "")
        needs = f"{who} needs {what}" if what else f"{who} is asked of pip"
        return BuildFault(
            f"{needs}, but conda installs {name} {here}; ask for {name} in one of the two places,"
            " in a version that suits both",
            ", ".join(filter(None, [who, by_conda.get(name, "")])),
        )
    return None


def _wish(name: str, text: str, by_pip: dict[str, str]) -> tuple[str, str] | None:
    """Return the requirement that wants another version of `name`, and which ("" for its own)."""
    if f"+{LOCAL}" not in text or not re.search(rf"\b{re.escape(name)}\b", text):
        return None
    if name in by_pip:
        return by_pip[name], ""
    for by, of, spec in WANTS.findall(text):
        if normalised(of) == name and spec:
            asked = [line for known, line in by_pip.items() if known in text]
            who = by_pip.get(normalised(by)) or (asked[0] if asked else by)
            return who, of + spec.rstrip(",")
    return None

"""Packages made by hand, so that images are built for real and without an index."""

import io
import tarfile
import zipfile
from pathlib import Path

# A build backend that needs nothing: it makes the wheel itself, once it may.
BACKEND = """
import os, pathlib, time, zipfile
{before}
def _info(name, version):
    return f"Metadata-Version: 2.1\\nName: {{name}}\\nVersion: {{version}}\\n"
def build_wheel(folder, *_):
    file = "{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / file, "w") as wheel:
        wheel.writestr("{name}.py", "")
        home = "{name}-{version}.dist-info"
        wheel.writestr(f"{{home}}/METADATA", _info("{name}", "{version}"))
        wheel.writestr(f"{{home}}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n"
                       "Tag: py3-none-any\\n")
        wheel.writestr(f"{{home}}/RECORD", "")
    return file
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "{name}"
version = "{version}"
"""


def make_wheel(
    folder: Path, name: str, version: str = "1.0", *, requires: str = "", python: str = ""
) -> None:
    """Put a wheel with one module of that name into `folder`; `python` as in `>=3.9`."""
    folder.mkdir(exist_ok=True)
    home = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    needs += f"Requires-Python: {python}\n" if python else ""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        wheel.writestr(
            f"{home}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        )
        wheel.writestr(
            f"{home}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{home}/RECORD", "")


def make_source(folder: Path, name: str, version: str = "1.0", *, before: str = "") -> None:
    """Put a source package into `folder`; its build first runs the Python code `before`."""
    folder.mkdir(exist_ok=True)
    said = {"name": name, "version": version}
    files = {
        "backend.py": BACKEND.format(before=before, **said),
        "pyproject.toml": PROJECT.format(**said),
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }
    with tarfile.open(folder / f"{name}-{version}.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))

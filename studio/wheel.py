"""The SDK as a wheel, made from sdk/ as it stands here: a laptop gets it from its own studio.

A wheel is a zip of the packages and three small texts (PEP 427), so nothing is needed to build
one, neither a compiler nor an index; `pip install ./sdk` makes the same of the same setup.cfg.
"""

import base64
import configparser
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

PACKAGES = ("azureml", "trainyard")
LEFT_OUT = ("__pycache__",)
# The oldest time that a zip knows: the same files make the same bytes, so its hash stays.
THEN = (1980, 1, 1, 0, 0, 0)
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Wheel:
    """name: its file name.   sha256: of `content`, as hex digits."""

    name: str
    version: str
    content: bytes
    sha256: str


@cache
def current() -> Wheel:
    """Return the wheel of the SDK beside this studio; made once in each process."""
    return made_of(settings.SDK)


@cache
def version() -> str:
    """Return the version of the SDK beside this studio, which is the studio's own."""
    return _version(settings.SDK)


def made_of(folder: Path) -> Wheel:
    """Make a wheel of the SDK in `folder`. The same files make the same bytes."""
    about = configparser.ConfigParser()
    about.read_string((folder / "setup.cfg").read_text(encoding="utf-8"))
    version = _version(folder)
    info = f"{about['metadata']['name']}-{version}.dist-info"
    files = dict(_sources(folder))
    files[f"{info}/METADATA"] = _metadata(about, version).encode()
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: trainyard\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    scripts = about["options.entry_points"]["console_scripts"].strip()
    files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{scripts}\n".encode()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    content = _zipped(files)
    name = f"{about['metadata']['name']}-{version}-py3-none-any.whl"
    return Wheel(name, version, content, hashlib.sha256(content).hexdigest())


def _version(folder: Path) -> str:
    text = (folder / "trainyard" / "_version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"', text, re.MULTILINE)
    assert found, "sdk/trainyard/_version.py says no version"
    return found.group(1)


def _sources(folder: Path) -> Iterator[tuple[str, bytes]]:
    for package in PACKAGES:
        for path in sorted((folder / package).rglob("*")):
            if path.is_file() and not set(LEFT_OUT) & set(path.parts):
                yield path.relative_to(folder).as_posix(), path.read_bytes()


def _metadata(about: configparser.ConfigParser, version: str) -> str:
    words = about["metadata"]
    return (
        f"Metadata-Version: 2.1\nName: {words['name']}\nVersion: {version}\n"
        f"Summary: {words['description']}\nLicense: {words['license']}\n"
        f"Requires-Python: {about['options']['python_requires']}\n"
    )


def _record(files: dict[str, bytes], own: str) -> bytes:
    lines = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{own},,\n"]).encode()


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, THEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, content)
    return out.getvalue()


def commands(url: str) -> dict[str, str]:
    """Return what a person types to install the SDK from the studio at `url`, two ways."""
    parts = urlsplit(url)
    is_plain = parts.scheme == "http" and parts.hostname not in THIS_MACHINE
    # pip passes over an index without TLS, unless it is told that the host is known.
    trusted = f" --trusted-host {parts.hostname}" if is_plain else ""
    return {
        "wheel": f"pip install {url}/sdk/{current().name}",
        "index": f"pip install trainyard --index-url {url}/sdk/simple/{trusted}",
    }

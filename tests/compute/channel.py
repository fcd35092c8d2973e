"""A conda channel of packages made by hand, as a folder: `file://` is an address like another."""

import asyncio
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

from rattler.index import index_fs

PLACEHOLDER = "/opt/conda-placeholder"
HERE = "linux-64"


def make_package(
    channel: Path,
    name: str,
    version: str = "1.0",
    *,
    build: str = "0",
    depends: tuple[str, ...] = (),
    files: dict[str, str] | None = None,
    links: dict[str, str] | None = None,
    noarch: str = "",
) -> Path:
    """Put one package into `channel`; PLACEHOLDER in its files becomes the environment's place.

    links: symbolic links, path → where to.   noarch: "python" for modules below site-packages.
    """
    folder = channel / ("noarch" if noarch else HERE)
    folder.mkdir(parents=True, exist_ok=True)
    (channel / "noarch").mkdir(exist_ok=True)
    content = {path: text.encode() for path, text in (files or {}).items()}
    about: dict[str, Any] = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "depends": list(depends),
        "subdir": folder.name,
        "timestamp": 1_700_000_000_000,
    }
    if noarch:
        about["noarch"] = noarch
    paths = [_path_of(path, data) for path, data in content.items()]
    paths += [{"_path": path, "path_type": "softlink"} for path in links or {}]
    content["info/index.json"] = json.dumps(about).encode()
    content["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1}).encode()
    file = folder / f"{name}-{version}-{build}.tar.bz2"
    with tarfile.open(file, "w:bz2") as archive:
        for path, data in content.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), 0o755 if path.startswith("bin/") else 0o644
            archive.addfile(entry, io.BytesIO(data))
        for path, target in (links or {}).items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return file


def _path_of(path: str, data: bytes) -> dict[str, Any]:
    found = {
        "_path": path,
        "path_type": "hardlink",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_in_bytes": len(data),
    }
    if PLACEHOLDER.encode() in data:
        found |= {"prefix_placeholder": PLACEHOLDER, "file_mode": "text"}
    return found


def make_python(channel: Path, version: str = "") -> None:
    """Put a package `python` into `channel` that is this machine's own interpreter.

    A pyvenv.cfg beside it makes the prefix its home, as that of a real conda Python is.
    """
    own = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]
    version = version or ".".join(map(str, sys.version_info[:3]))
    family = ".".join(version.split(".")[:2])
    make_package(
        channel,
        "python",
        version,
        files={
            "pyvenv.cfg": f"home = {own.parent}\ninclude-system-site-packages = false\n",
            f"lib/python{family}/site-packages/README.txt": "packages\n",
        },
        links={"bin/python": str(own), f"bin/python{family}": "python", "bin/python3": "python"},
    )


def make_module(
    channel: Path, name: str, version: str = "1.0", *, depends: tuple[str, ...] = ()
) -> None:
    """Put a package with one Python module, for any Python, into `channel`."""
    make_package(
        channel,
        name,
        version,
        depends=("python", *depends),
        noarch="python",
        files={f"site-packages/{name.replace('-', '_')}.py": f"version = {version!r}\n"},
    )


def index(channel: Path) -> None:
    """Let the channel say what it has, as a server of channels would."""
    asyncio.run(index_fs(channel, force=True))


def address(channel: Path) -> str:
    return f"file://{channel}"

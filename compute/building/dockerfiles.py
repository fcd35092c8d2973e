"""The Dockerfile of an image, and what goes to the engine with it: a tar made while it is sent.

One stage, on the base itself: the builder is mounted into its step and not copied, so the packages
are written once. (A build stage whose result is copied took 1.8 times as long as the bare tool for
torch: the engine reads, hashes and writes every file twice.)
"""

import hashlib
import hmac
import json
import platform
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import uv
from django.conf import settings
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from compute.build_env import PARTS
from compute.building import channels, inside, locks, masking

ENVIRONMENT = "/opt/trainyard/env"
BUILD, HOST = "/opt/trainyard/build", "/opt/trainyard/host"
# What a build mounts of what is sent. Its Dockerfile, which names the cache, is not there.
MOUNTED = "build"
SCRIPT = f"{BUILD}/compute/building/inside.py"
CACHE = "of-this-base"  # stands for `cache_of` wherever a Dockerfile is shown
LABEL = "io.trainyard."
DIGEST, STUDIO = f"{LABEL}digest", f"{LABEL}studio"
MOST_OF_A_LABEL = 8 * 1024
CHUNK_BYTES = 1024 * 1024
BLOCK = 512
# Where the C library of a Debian lies: (loader, folder of libraries).
LOADERS = {
    "x86_64": ("lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
    "aarch64": ("lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
}


@dataclass(frozen=True)
class Ground:
    """What an image stands on.

    tag: the base.   user: who its containers run as, "" is root.   python: the interpreter that
    runs the builder.   host: the image which that interpreter is borrowed from, "" for the base.
    """

    tag: str
    user: str
    python: str
    host: str = ""

    @property
    def program(self) -> list[str]:
        """How the interpreter is started: a borrowed one by its own loader and libraries."""
        if not self.host:
            return [self.python]
        loader, libraries = LOADERS[platform.machine()]
        prefix = Path(self.python).parent.parent
        folders = [f"/lib/{libraries}", f"/usr/lib/{libraries}", f"{prefix}/lib"]
        path = ":".join(HOST + folder for folder in folders)
        return [f"{HOST}/{loader}", "--library-path", path, HOST + self.python]


def text(name: str, ground: Ground, labels: dict[str, str], *, has_conda: bool) -> str:
    """Return the Dockerfile of an image whose packages come from a lock; `name` is the base's."""
    mounts = [f"--mount=type=bind,source={MOUNTED},target={BUILD}"]
    if ground.host:
        mounts.append(f"--mount=type=bind,from={ground.host},target={HOST}")
    shared = [*mounts, f"--mount=type=cache,id={CACHE},target={inside.SHARED_CACHE}"]
    lines = [f"# {name}", f"FROM {ground.tag}", "USER root"]
    if not has_conda:
        lines += [
            "# wheels, by way of the cache that builds share",
            _step(shared, ground, "wheels"),
        ]
    lines += ["# what must run code of its own to be installed; and does the Python start?"]
    lines += [_step(mounts, ground, "all")]
    lines += [f"USER {ground.user}"] if ground.user else []
    lines += [f"ENV PATH={ENVIRONMENT}/bin:$PATH"]
    return "\n".join([*lines, *_labels(labels), ""])


def text_as_is(name: str, tag: str, labels: dict[str, str]) -> str:
    """Return the Dockerfile of an image that is its base, with labels."""
    return "\n".join([f"# {name}", f"FROM {tag}", *_labels(labels), ""])


def cache_of(image_id: str) -> str:
    """Return the name of the cache of downloads that builds on this base share.

    Nobody can guess it, so no Dockerfile can mount it. Each base has its own: its Python is what
    writes there, and a base may be anybody's.
    """
    purpose = f"cache of downloads on {image_id}"
    return hmac.new(settings.SECRET_KEY.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def with_cache(dockerfile: str, image_id: str) -> str:
    """Return a Dockerfile of `text` as the engine gets it."""
    return dockerfile.replace(f"type=cache,id={CACHE},", f"type=cache,id={cache_of(image_id)},")


def _step(mounts: list[str], ground: Ground, phase: str) -> str:
    # Without a shell: the base need not have one.
    command = json.dumps([*ground.program, "-B", SCRIPT, phase])
    return " \\\n    ".join(["RUN " + mounts[0], *mounts[1:], command])


def _labels(labels: dict[str, str]) -> list[str]:
    return [f"LABEL {name}={_quoted(value)}" for name, value in labels.items()]


def _quoted(value: str) -> str:
    if len(value) > MOST_OF_A_LABEL:
        value = value[:MOST_OF_A_LABEL] + "…"
    # JSON's quoting is a Dockerfile's but for the dollar, which would name a variable.
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")


def labels_of(recipe: dict[str, Any], lock: str, digest: str) -> dict[str, str]:
    """Return the labels of an image; no passwords are in them."""
    definition = json.dumps(recipe, sort_keys=True, ensure_ascii=False)
    return {
        DIGEST: digest,
        STUDIO: studio(),
        f"{LABEL}definition": masking.without_secrets(definition),
        f"{LABEL}lock-sha256": hashlib.sha256(lock.encode()).hexdigest(),
    }


def studio() -> str:
    """Return what tells this studio's images from those of another that uses the same engine."""
    return hashlib.sha256(f"images of {settings.SECRET_KEY}".encode()).hexdigest()[:16]


# --- the context ---------------------------------------------------------------------------------


class Context:
    """The files of one build: its Dockerfile, the builder, the job, packages of local folders.

    The same lock gives the same bytes, or the engine's cache of layers would not know it again.
    """

    def __init__(self, dockerfile: str):
        self._texts = {"Dockerfile": dockerfile}
        self._files: dict[str, Path] = {}

    @classmethod
    def of_lock(cls, dockerfile: str, job: dict[str, Any], lock: str) -> "Context":
        """Return the context of a build that installs `lock`.

        job: what the builder is told besides; the places of things are put in here.
        """
        context = cls(dockerfile)
        has_conda = bool(locks.conda_packages(lock))
        context._add_builder(has_conda)
        shelf = list(_pinned_files(lock, job["find_links"]))
        for path in shelf:
            context._files[f"{MOUNTED}/wheels/{path.name}"] = path
        wheels = {}
        for address, path in job.get("own_wheels", {}).items():
            inner = "/".join(["own-wheels", *Path(path).parts[-2:]])
            context._files[f"{MOUNTED}/{inner}"] = Path(path)
            wheels[address] = f"{BUILD}/{inner}"
        pages = [place for place in job["find_links"] if _folder(place) is None]
        job = {
            **job,
            "uv": f"{BUILD}/uv",
            "own_wheels": wheels,
            "find_links": [*([f"{BUILD}/wheels"] if shelf else []), *pages],
            "lock": context._with_channels(lock),
            "beside": _blocks(
                lock, {_identity(path.name)[0] for path in shelf if path.suffix == ".whl"}
            ),
            "lock_to_keep": masking.without_secrets(lock),
            "pythons": [],
            "parent": None,
            "elapsed_s": 0,
        }
        context._texts[f"{MOUNTED}/job.json"] = json.dumps(job, sort_keys=True)
        return context

    def _add_builder(self, has_conda: bool) -> None:
        for part in (*PARTS, "compute/building/inside.py"):
            self._files[f"{MOUNTED}/{part}"] = settings.BASE_DIR / part
        for package in ("packaging", *(("rattler",) if has_conda else ())):
            folder = Path((find_spec(package) or _missing(package)).origin or "").parent
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    self._files[f"{MOUNTED}/{package}/{path.relative_to(folder)}"] = path
        self._files[f"{MOUNTED}/uv"] = Path(uv.find_uv_bin())
        if settings.CERTIFICATES:
            self._files[f"{MOUNTED}/certificates.pem"] = Path(settings.CERTIFICATES)

    def _with_channels(self, lock: str) -> str:
        """Lay packages of channels that are folders into the context; the lock then names these."""
        for package in locks.conda_packages(lock):
            path = channels.folder(package.url)
            if path is None:
                continue
            number = hashlib.sha256(package.channel.encode()).hexdigest()[:8]
            name = f"channels/{number}/{path.parent.name}/{path.name}"
            self._files[f"{MOUNTED}/{name}"] = path
            lock = lock.replace(f"{package.url} ", f"file://{BUILD}/{name} ")
        return lock

    @property
    def size_bytes(self) -> int:
        """What is sent, about."""
        return sum(path.stat().st_size for path in self._files.values())

    def tar(self) -> Iterator[bytes]:
        """Yield the context as a tar, the same bytes for the same content."""
        for name, content in sorted(self._texts.items()):
            data = content.encode()
            yield _header(name, len(data), 0o644) + data + _padding(len(data))
        for name, path in sorted(self._files.items()):
            with path.open("rb") as file:
                size = path.stat().st_size
                yield _header(name, size, 0o755)
                left = size
                while left:
                    data = file.read(min(CHUNK_BYTES, left))
                    if not data:
                        raise OSError(f"{path} became shorter while it was sent")
                    left -= len(data)
                    yield data
            yield _padding(size)
        yield bytes(2 * BLOCK)


def _header(name: str, size: int, mode: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, mode
    return entry.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


def _missing(package: str) -> Any:
    raise ModuleNotFoundError(f"{package} is not installed beside the studio")


def _folder(place: str) -> Path | None:
    """Return the folder that find-links names, None for a page."""
    parts = urlsplit(place)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if "://" in place else Path(place).expanduser()


def _pinned_files(lock: str, find_links: Iterable[str]) -> Iterator[Path]:
    """Yield the files of local folders that the lock pins: name, version and hash are its own."""
    pinned = {
        (one.name, one.version): one.sha256 for one in locks.read(lock) if one.source == "pypi"
    }
    seen: set[str] = set()
    for folder in filter(None, map(_folder, find_links)):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            hashes = pinned.get(_identity(path.name), ())
            if hashes and path.name not in seen and _sha256(path) in hashes:
                seen.add(path.name)
                yield path


def _blocks(lock: str, names: set[str]) -> str:
    """Return the pins of these packages with their hashes, as requirements."""
    blocks = re.split(r"\n(?=\S)", locks.requirements_of(lock))
    pins = ((locks.PIN.match(block), block) for block in blocks)
    return "".join(
        f"{block}\n" for pin, block in pins if pin and canonicalize_name(pin[1]) in names
    )


def _identity(name: str) -> tuple[str, str]:
    try:
        if name.endswith(".whl"):
            project, version = parse_wheel_filename(name)[:2]
        else:
            project, version = parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return "", ""
    return str(project), str(version)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

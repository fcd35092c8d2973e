"""Open datasets by name: a catalogue of URLs and checksums, and a mirror where one is set.

Each `<name>.yaml` beside this file holds `title`, `description`, `licence`, and `files`: `url`,
`sha256`, `size_bytes`, and `part` (`train` or `test`) where the set has parts. The bytes have to
have the hash, wherever they come from. A folder of the operator's own (STUDIO_OPENDATA_CATALOG)
adds to these; its file takes the place of one of the same name.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from registry.fetching import entry, path_of
from studio.errors import BadInput, NotFound

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class File:
    """One file of an open dataset."""

    url: str
    sha256: str
    size_bytes: int
    part: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class OpenDataset:
    """An open dataset: what it is called, what it is, its files."""

    name: str
    title: str
    description: str
    licence: str
    files: tuple[File, ...]


@cache
def catalogue() -> tuple[OpenDataset, ...]:
    """Every open dataset that the studio knows, by name. Raises ImproperlyConfigured."""
    found = {path.stem: path for path in FOLDER.glob("*.yaml")}
    if settings.OPENDATA_CATALOG:
        own = Path(settings.OPENDATA_CATALOG).expanduser()
        found |= {path.stem: path for path in own.glob("*.yaml")}
    return tuple(_read(found[name]) for name in sorted(found))


def _read(path: Path) -> OpenDataset:
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        files = tuple(
            File(
                str(file["url"]), str(file["sha256"]), int(file["size_bytes"]), file.get("part", "")
            )
            for file in said["files"]
        )
        title, description, licence = said["title"], said["description"], said["licence"]
    except (yaml.YAMLError, OSError, KeyError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(
            f"{path} describes no open dataset ({error!r:.200}); docs/datasets.md has an example"
        ) from None
    return OpenDataset(path.stem, title, description, licence, files)


def get(name: str) -> OpenDataset:
    """Return the open dataset `name`. Raises NotFound that lists them."""
    for one in catalogue():
        if one.name == name.lower():
            return one
    names = ", ".join(one.name for one in catalogue())
    raise NotFound(f'no open dataset "{name[:60]}"; open datasets: {names}')


def files_of(dataset: OpenDataset, part: str = "all") -> list[dict[str, Any]]:
    """The entries of a fetch of `dataset`, or of one part of it. Raises BadInput."""
    parts = {file.part for file in dataset.files if file.part}
    if part != "all" and part not in parts:
        known = ", ".join(["all", *sorted(parts)])
        raise BadInput(f'{dataset.name} has no part "{part[:40]}"; parts: {known}')
    wanted = [file for file in dataset.files if part in ("all", file.part)]
    return [
        entry(
            file.url,
            path_of(file.url),
            **{"expected": file.sha256, "from": _place(dataset.name, file)},
        )
        | {"size_bytes": file.size_bytes}
        for file in wanted
    ]


def _place(name: str, file: File) -> str:
    """Where a file is asked for: `<mirror>/<name>/<file>`, in a folder also `<mirror>/<file>`."""
    mirror = settings.OPENDATA_MIRROR.rstrip("/")
    if not mirror:
        return file.url
    if mirror.startswith(("http://", "https://")):
        return f"{mirror}/{name}/{file.name}"
    folder = Path(mirror).expanduser().resolve()
    beside = folder / file.name
    return str(beside if beside.is_file() else folder / name / file.name)


def entry_dict(dataset: OpenDataset) -> dict[str, Any]:
    """An open dataset, as the API shows it."""
    return {
        "name": dataset.name,
        "title": dataset.title,
        "description": dataset.description,
        "licence": dataset.licence,
        "size_bytes": sum(file.size_bytes for file in dataset.files),
        "files": [
            {
                "url": file.url,
                "path": path_of(file.url),
                "sha256": file.sha256,
                "size_bytes": file.size_bytes,
                "part": file.part,
            }
            for file in dataset.files
        ],
    }

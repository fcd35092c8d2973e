"""The environments that come with the studio: one data file each, beside this module.

A file holds `name`, `description`, `tags`, `definition` (docs/api.md), and `also`: other names of
the same contents, each with the description to show there.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """One curated environment as its file says."""

    name: str
    description: str
    tags: dict[str, str]
    definition: dict[str, Any]


def read(folder: Path = FOLDER) -> list[Entry]:
    """Return what the files of `folder` say, by name."""
    entries = [entry for path in folder.glob("*.yaml") for entry in _entries(path)]
    return sorted(entries, key=lambda entry: entry.name)


def _entries(path: Path) -> list[Entry]:
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = {said["name"]: said["description"], **said.get("also", {})}
    return [
        Entry(name, " ".join(text.split()), said.get("tags", {}), said["definition"])
        for name, text in names.items()
    ]

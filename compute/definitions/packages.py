"""Packages as lists: {"conda": [..], "pip": [..], "channels": [..]}."""

from typing import Any

from compute.definitions.draft import Draft, Line, odd_character, read_channel, read_conda
from compute.definitions.requirements import read_requirements
from studio.errors import BadInput

KEYS = ("conda", "pip", "channels")


def read_packages(packages: Any, draft: Draft) -> None:
    """Read lists of requirements into `draft`. Raises BadInput naming the list and the entry."""
    if not isinstance(packages, dict):
        raise BadInput('packages is an object: {"conda": [..], "pip": [..], "channels": [..]}')
    if unknown := [str(key) for key in packages if key not in KEYS]:
        raise BadInput(f"packages has no {', '.join(unknown)[:60]}; it has {', '.join(KEYS)}")
    for key in KEYS:
        draft.text = f"list-{key}"
        for number, entry in enumerate(_entries(packages, key), 1):
            _read_entry(key, Line(number, entry, where=f"{key}, entry {number}"), draft)


def _entries(packages: dict[str, Any], key: str) -> list[str]:
    entries = packages.get(key) or []
    if not isinstance(entries, list):
        raise BadInput(f'"{key}" of packages is a list of texts, not {entries!r:.60}')
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, str) or not entry.strip() or odd_character(entry):
            raise BadInput(f"{key}, entry {number}: it must be a text, not {entry!r:.60}")
    return entries


def _read_entry(key: str, line: Line, draft: Draft) -> None:
    if key == "conda":
        read_conda(line, draft)
    elif key == "channels":
        read_channel(line, draft)
    else:
        read_requirements([line], draft)

"""Two model versions side by side: files, words on them, and arrays whose shapes changed."""

from dataclasses import dataclass
from typing import NamedTuple

from registry import model_files
from registry.inspecting import looking
from registry.inspecting.found import Tensor
from registry.inspecting.reading import source_of
from registry.models import Version

# Files looked into on each side: those that carry weights, by name, the largest first.
MOST_LOOKED_INTO = 5
MOST_CHANGES = 500


class Change(NamedTuple):
    """One name that differs: "changed", "added" or "removed", and what it was and is."""

    name: str
    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Changes:
    """What differs, at most so many, and how much there is beside: the same, and left out."""

    rows: list[Change]
    same: int
    more: int = 0


def mapped(old: dict[str, str], new: dict[str, str]) -> Changes:
    """What differs between two sets of names and texts, what changed first."""
    rows = changed(old, new)
    rows.sort(key=lambda change: change.what != "changed")
    same = len(old.keys() & new.keys()) - sum(change.what == "changed" for change in rows)
    return Changes(rows[:MOST_CHANGES], same, max(0, len(rows) - MOST_CHANGES))


def changed(old: dict[str, str], new: dict[str, str]) -> list[Change]:
    """The names whose texts differ, by name."""
    return [
        Change(
            name,
            "added" if name not in old else "removed" if name not in new else "changed",
            old.get(name, ""),
            new.get(name, ""),
        )
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def words(version: Version) -> dict[str, str]:
    """What is written on a version, by what it is called on the page."""
    said = {
        "framework": f"{version.model.framework} {version.model.framework_version}".strip(),
        "description": version.description,
        **{f"tag {name}": text or "✓" for name, text in version.tags.items()},
        **{name: text for name, text in version.properties.items() if name != model_files.RUN},
    }
    return {name: text for name, text in said.items() if text}


def files(a: Version, b: Version) -> tuple[Changes, dict[str, tuple[int | None, int | None]]]:
    """Files that differ by content, and the sizes of each on both sides."""
    old, new = ({path: (sha, size) for path, sha, size in model_files.files(v)} for v in (a, b))
    changes = mapped(
        {path: sha for path, (sha, _) in old.items()}, {path: sha for path, (sha, _) in new.items()}
    )
    nothing = (None, None)
    sizes = {
        change.name: (old.get(change.name, nothing)[1], new.get(change.name, nothing)[1])
        for change in changes.rows
    }
    return changes, sizes


def tensors(version: Version) -> dict[str, str]:
    """Arrays of the version's files by name: "float32 64 × 3"; no pickle is loaded."""
    known = [file for file in model_files.files(version) if looking.is_known(file[0])]
    known.sort(key=lambda file: -file[2])
    found: dict[str, str] = {}
    for path, sha256, size in known[:MOST_LOOKED_INTO]:
        inside = looking.look(path, source_of(sha256, size))
        for tensor in inside.tensors:
            found.setdefault(tensor.name, _said(tensor))
    return found


def _said(tensor: Tensor) -> str:
    return f"{tensor.dtype} {tensor.dimensions}"

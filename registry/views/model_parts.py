"""What several pages of models show: the head, the files of a folder, what is inside a file."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from registry import model_files, model_finding
from registry.inspecting import looking
from registry.inspecting.found import Inside, Tensor
from registry.inspecting.reading import source_of
from registry.models import Version
from studio.models import Workspace

ON_A_PAGE = 200
MOST_TENSORS_SHOWN = 1_000
MOST_CHOICES = 200
# Arrays below a name are folded where there are more than this in the file.
MOST_UNFOLDED = 60


def common(place: Workspace, version: Version) -> dict[str, Any]:
    """What the head of each page of a model needs."""
    return {
        "workspace": place,
        "asset": version.asset,
        "version": version,
        "tree": version.model.tree,
        "newest": model_finding.newest_number(version),
        "api": f"/api/v1/workspaces/{place.name}/models/{version.asset.name}",
    }


@dataclass(frozen=True)
class Entry:
    """A file of a folder, or a folder in it with what it holds."""

    name: str
    path: str
    size_bytes: int
    file_count: int = 0
    can_be_looked_into: bool = False


def entries(version: Version, prefix: str, start: int) -> tuple[list[Entry], int | None]:
    """A page of what lies below `prefix`, folders first, and where the next page begins."""
    files: list[Entry] = []
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for path, _, size in model_files.files(version):
        if not path.startswith(prefix):
            continue
        name, is_below, _ = path[len(prefix) :].partition("/")
        if is_below:
            counts[name] += 1
            sizes[name] += size
        else:
            is_known = looking.is_known(path)
            files.append(Entry(name, path, size, can_be_looked_into=is_known))
    folders = [
        Entry(name, f"{prefix}{name}/", sizes[name], counts[name]) for name in sorted(counts)
    ]
    found = [*folders, *files]
    end = start + ON_A_PAGE
    return found[start:end], end if end < len(found) else None


def above(prefix: str) -> list[tuple[str, str]]:
    """(Name, prefix) of each folder on the way down."""
    parts = [part for part in prefix.split("/") if part]
    return [(part, "/".join(parts[: at + 1]) + "/") for at, part in enumerate(parts)]


@dataclass
class Branch:
    """Arrays whose names begin alike: "layer1" with its own branches and arrays."""

    name: str
    path: str
    count: int = 0
    tensor_count: int = 0
    branches: "dict[str, Branch]" = field(default_factory=dict)
    tensors: list[tuple[str, Tensor]] = field(default_factory=list)

    @property
    def children(self) -> "list[Branch]":
        return list(self.branches.values())


def tree_of(tensors: list[Tensor]) -> Branch:
    """Arrays by the parts of their names, which "." or "/" divides."""
    top = Branch("", "")
    for tensor in tensors:
        parts = tensor.name.replace("/", ".").split(".", 19)
        at = top
        for part in parts[:-1]:
            if part not in at.branches:
                at.branches[part] = Branch(part, f"{at.path}.{part}".lstrip("."))
            at = at.branches[part]
            at.count += tensor.count
            at.tensor_count += 1
        at.tensors.append((parts[-1] or tensor.name or "value", tensor))
    return _joined(top)


def _joined(branch: Branch) -> Branch:
    """A branch with one branch alone is shown as one: "encoder.layers"."""
    for name, inner in list(branch.branches.items()):
        while len(inner.branches) == 1 and not inner.tensors:
            only = next(iter(inner.branches.values()))
            inner = Branch(
                f"{inner.name}.{only.name}", only.path, only.count, only.tensor_count,
                only.branches, only.tensors,
            )  # fmt: skip
        branch.branches[name] = _joined(inner)
    return branch


def inside(version: Version, asked: str, words: str) -> dict[str, Any]:
    """One file looked into: the one asked for, else the largest. `words` finds arrays by name."""
    files = [file for file in model_files.files(version) if looking.is_known(file[0])]
    files.sort(key=lambda file: -file[2])
    paths = [path for path, _, _ in files[:MOST_CHOICES]]
    path = asked or (paths[0] if paths else "")
    if not path:
        return {"path": "", "choices": []}
    blob = model_files.file(version, path)
    found = looking.look(path, source_of(blob.sha256, blob.size_bytes))
    chosen = [tensor for tensor in found.tensors if words.lower() in tensor.name.lower()]
    shown = chosen[:MOST_TENSORS_SHOWN]
    return {
        "path": path,
        "choices": paths if path in paths else [path, *paths],
        "size_bytes": blob.size_bytes,
        "found": found,
        "branch": tree_of(shown),
        "is_open": len(shown) <= MOST_UNFOLDED or bool(words),
        "chosen_count": len(chosen),
        "more": len(chosen) - len(shown),
        "shares": shares(found),
        "words": words,
    }


def shares(found: Inside) -> list[tuple[str, int, float]]:
    """Each dtype, how many numbers are of it, and the part of all that is, in percent."""
    total = found.parameter_count or 1
    return [(dtype, count, 100 * count / total) for dtype, count in found.dtypes]

"""What two runs differ in beside their figures: files, command, environment."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from compute.building import locks
from compute.building.locks import Difference
from compute.building.masking import without_secrets
from registry import comparing as environments
from runs.comparing import texts
from runs.comparing.texts import Lines
from runs.models import Run
from studio.errors import NotFound
from studio.files import blobs
from studio.models import TreeFile

MOST_LISTED = 500
MOST_BYTES = 1024 * 1024


class FileChange(NamedTuple):
    """what: "changed", "added" or "removed"; sizes in bytes, None where it is not."""

    path: str
    what: str
    before: int | None
    after: int | None

    @property
    def is_large(self) -> bool:
        return max(self.before or 0, self.after or 0) > MOST_BYTES


class Files(NamedTuple):
    """changes: by path, at most MOST_LISTED; counts: how many of each kind; same: files alike."""

    changes: list[FileChange]
    counts: dict[str, int]
    same: int
    cut: int


class FileDiff(NamedTuple):
    """One file's lines; `remark` says why there are none."""

    path: str
    lines: Lines | None
    remark: str


class Word(NamedTuple):
    """One argument; `kind` as of a line: "added", "removed", ""."""

    kind: str
    text: str


def files(a: Run, b: Run) -> Files:
    """Return what the snapshot of `b` has more, less and otherwise than that of `a`.

    Trees are lists of contents by their hash: no file is read.
    """
    counts = {"changed": 0, "added": 0, "removed": 0}
    if a.snapshot_id == b.snapshot_id:
        return Files([], counts, a.snapshot.file_count, 0)
    old, new = _tree(a), _tree(b)
    changes, same = [], 0
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before == after:
            same += 1
            continue
        what = "added" if before is None else "removed" if after is None else "changed"
        counts[what] += 1
        sizes = (one[1] if one else None for one in (before, after))
        changes.append(FileChange(path, what, *sizes))
    return Files(changes[:MOST_LISTED], counts, same, max(0, len(changes) - MOST_LISTED))


def _tree(run: Run) -> dict[str, tuple[str, int]]:
    rows = TreeFile.objects.filter(tree=run.snapshot_id).order_by()
    return {
        path: (sha256, size)
        for path, sha256, size in rows.values_list("path", "blob", "blob__size_bytes")
    }


def file(a: Run, b: Run, path: str) -> FileDiff:
    """Return how the file `path` differs. Raises NotFound where neither run has it."""
    found = {}
    for row in TreeFile.objects.filter(
        tree__in=(a.snapshot_id, b.snapshot_id), path=path
    ).select_related("blob"):
        found[row.tree_id] = row.blob
    old, new = found.get(a.snapshot_id), found.get(b.snapshot_id)
    if old is None and new is None:
        raise NotFound(f"neither of the two runs has a file {path[:300]}")
    if any(blob and blob.size_bytes > MOST_BYTES for blob in (old, new)):
        return FileDiff(path, None, "It is larger than 1 MiB; download both to compare them.")
    before, after = (_text(blob.sha256) if blob else "" for blob in (old, new))
    if before is None or after is None:
        return FileDiff(path, None, "It is no text; its contents differ.")
    lines = texts.compare(before, after)
    remark = "" if lines.lines else "Only the ends of its lines differ, or nothing."
    return FileDiff(path, lines, remark)


def _text(sha256: str) -> str | None:
    """The file's text, None for one that is none."""
    content = b"".join(blobs.read(sha256))
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def arguments(a: Run, b: Run) -> list[Word]:
    """Return the commands' words, the changed ones marked: first what went, then what came."""
    old, new = ([run.script, *map(str, run.arguments)] for run in (a, b))
    codes, _ = texts.opcodes(old, new)
    return list(_words(codes, old, new))


def _words(codes: list[texts.Opcode], old: list[str], new: list[str]) -> Iterator[Word]:
    for tag, i, j, k, n in codes:
        if tag == "equal":
            yield from (Word("", text) for text in old[i:j])
            continue
        yield from (Word("removed", text) for text in old[i:j])
        yield from (Word("added", text) for text in new[k:n])


def definitions(a: Run, b: Run) -> Lines:
    """Return how the environment of `b` is written otherwise than that of `a`."""
    old, new = ("\n".join(environments.lines_of(run.definition)) for run in (a, b))
    return texts.compare(old, new)


def packages(a: Run, b: Run) -> tuple[Difference, str]:
    """Return what the exact packages of `b` have more, less and otherwise, and a remark.

    Of the locks that the runs' images were built from; without both, the remark says why.
    """
    old, new = (without_secrets(run.image_build.lock) if run.image_build else "" for run in (a, b))
    if old and new:
        return locks.compare(old, new), ""
    missing = [run.name for run, lock in ((a, old), (b, new)) if not lock]
    if len(missing) == 1:
        return Difference(), f"{missing[0]} has no lock: its exact packages are not known"
    both = " and ".join(missing)
    return Difference(), f"{both} have no lock: their exact packages are not known"


def facts(a: Run, b: Run) -> dict[str, Any]:
    """Everything that a page says of two runs' code and environment."""
    words = arguments(a, b)
    difference, remark = packages(a, b)
    changes = [(name, "changed", old, new) for name, old, new in difference.changed]
    changes += [(name, "added", "", new) for name, new in difference.added]
    changes += [(name, "removed", old, "") for name, old in difference.removed]
    return {
        "files": files(a, b),
        "words": words,
        "is_same_command": all(not word.kind for word in words),
        "definition": definitions(a, b),
        "packages": changes,
        "packages_remark": remark,
    }

"""The workspace's store, the default datastore: files by path that may be replaced and removed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import re2
from django.db import transaction
from django.db.models import Max, QuerySet

from registry.datasets import below, cursor_of, path_in
from registry.models import StoredFile
from studio import live
from studio.errors import BadInput, Conflict, MissingBlobs, NotFound
from studio.files import blobs, collecting, trees
from studio.models import Blob, Tree, Workspace

MOST_PATTERNS = 100
MOST_AT_ONCE = 500  # values in one query, as SQLite takes
# Files in one transaction: SQLite has one writer at a time, and the others wait for it.
WRITTEN_AT_ONCE = 2000


def put(
    workspace: Workspace, files: list[tuple[str, str]], *, overwrite: bool, writer: str = ""
) -> tuple[int, list[str]]:
    """Store (path, SHA-256) pairs; return how many, and the paths that were there and stay.

    writer: the key by which `differing` knows what is stored now.   All is checked before any of
    it is stored; then it is stored a portion at a time, for others wait to write meanwhile.
    Raises UnsafePath, BadInput, MissingBlobs, and Conflict for a file where a folder is.
    """
    wanted = trees.safe_listing(files)
    if missing := blobs.missing(list(wanted.values())):
        raise MissingBlobs(
            f"{len(missing)} of the files' contents were not sent yet", missing=missing
        )
    newest = _newest()
    _check_folders(workspace, wanted)
    paths, there = sorted(wanted), set[str]()
    try:
        for start in range(0, len(paths), WRITTEN_AT_ONCE):
            part = {path: wanted[path] for path in paths[start : start + WRITTEN_AT_ONCE]}
            with transaction.atomic():
                _check_newer(workspace, wanted, newest)
                there |= _put(workspace, part, overwrite, writer)
                newest = _newest()
    finally:
        live.publish(live.workspace_group(workspace.pk), "store-changed")
    if overwrite:
        return len(wanted), []
    return len(wanted) - len(there), sorted(there)


def _put(workspace: Workspace, wanted: dict[str, str], overwrite: bool, writer: str) -> set[str]:
    """Store a portion, in a transaction; return those of its paths that were there."""
    there = {row.path: row.blob_id for row in _rows(workspace, list(wanted))}
    stale = (path for path in there if overwrite and there[path] != wanted[path])
    going = [*(path for path in wanted if path not in there), *stale]
    StoredFile.objects.bulk_create(
        [
            StoredFile(workspace=workspace, path=path, blob_id=wanted[path], writer=writer)
            for path in going
        ],
        batch_size=MOST_AT_ONCE,
        # Two who store at once: the later one, as if it had come a moment later.
        update_conflicts=True,
        unique_fields=["workspace", "path"],
        update_fields=["blob", "writer", "updated_at"],
    )
    return set(there)


def differing(workspace: Workspace, files: list[tuple[str, str]], *, writer: str) -> list[str]:
    """Those of (path, SHA-256) pairs, by path, under whose path another content is stored.

    What `writer` itself put there is left out.
    """
    wanted = dict(files)
    rows = _rows(workspace, list(wanted))
    return sorted(
        row.path for row in rows if row.blob_id != wanted[row.path] and row.writer != writer
    )


def _rows(workspace: Workspace, paths: list[str]) -> list[StoredFile]:
    rows: list[StoredFile] = []
    for start in range(0, len(paths), MOST_AT_ONCE):
        part = paths[start : start + MOST_AT_ONCE]
        rows += StoredFile.objects.filter(workspace=workspace, path__in=part)
    return rows


def _newest() -> int:
    """The key of the file that came last to any store."""
    return StoredFile.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _check_folders(workspace: Workspace, wanted: dict[str, str]) -> None:
    """No path may be a file and a folder: no folder on disk could hold both. Raises Conflict."""
    stored = StoredFile.objects.filter(workspace=workspace)
    if not stored.exists():
        return
    if clash := next(iter(_rows(workspace, sorted(_folders(wanted)))), None):
        raise _is_file(clash.path)
    if len(wanted) > MOST_AT_ONCE:
        # What lies where all of them will, read once: a query for each would take longer.
        inside = stored.filter(below(_common_folder(wanted))).values_list("path", flat=True)
        taken = wanted.keys() & _folders(inside.order_by().iterator())
    else:
        taken = {path for path in wanted if stored.filter(below(f"{path}/")).exists()}
    if taken:
        raise _is_folder(min(taken))


def _check_newer(workspace: Workspace, wanted: dict[str, str], newest: int) -> None:
    """The same of what came to the store since the file of that key. Raises Conflict."""
    rows = StoredFile.objects.filter(workspace=workspace, pk__gt=newest)
    if came := set(rows.order_by().values_list("path", flat=True)):
        if taken := came & _folders(wanted):
            raise _is_file(min(taken))
        if taken := wanted.keys() & _folders(came):
            raise _is_folder(min(taken))


def _is_file(path: str) -> Conflict:
    return Conflict(f"{path} is a file in the store, so nothing can lie below it")


def _is_folder(path: str) -> Conflict:
    return Conflict(f"{path} is a folder in the store; a file needs another name")


def _folders(paths: Iterable[str]) -> set[str]:
    """All folders that these paths lie in."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _common_folder(paths: Iterable[str]) -> str:
    """The folder with its slash that all of these paths lie in; "" for the whole store."""
    first, last = min(paths), max(paths)
    same = next((at for at, char in enumerate(first) if last[at : at + 1] != char), len(first))
    return first[: first.rfind("/", 0, same) + 1]


def listed(
    workspace: Workspace, prefix: str, cursor: str | None, size: int
) -> tuple[list[StoredFile], str | None]:
    """Return the next files whose path begins with `prefix`, and the cursor on. Raises BadInput."""
    found = StoredFile.objects.filter(below(prefix), workspace=workspace).order_by("path")
    if cursor:
        found = found.filter(path__gt=path_in(cursor))
    rows = list(found.select_related("blob")[: size + 1])
    return rows[:size], cursor_of(rows[size - 1].path) if len(rows) > size else None


def get(workspace: Workspace, path: str) -> Blob:
    """Return the content of one file. Raises NotFound."""
    row = StoredFile.objects.filter(workspace=workspace, path=path).select_related("blob").first()
    if row is None:
        raise NotFound(f'no file "{path[:200]}" in the store of workspace {workspace}')
    return row.blob


def named(workspace: Workspace, path: str) -> QuerySet[StoredFile]:
    """The file of that path and all below the folder of that path; "folder/" is a folder alone."""
    name = path.rstrip("/")
    stored = StoredFile.objects.filter(workspace=workspace)
    if not name:
        return stored.none()
    inside = stored.filter(below(f"{name}/"))
    return inside | stored.filter(path=name) if name == path else inside


@dataclass(frozen=True)
class Removal:
    """How many files go, and what that frees: contents that nothing else of the studio has."""

    removed: int
    freed_files: int
    freed_bytes: int


def removal(workspace: Workspace, path: str) -> Removal:
    """Say what removing a file, or all below a folder, takes away and frees. Raises NotFound."""
    going = named(workspace, path)
    files = going.count()
    if not files:
        raise NotFound(f'no file and no folder "{path[:200]}" in the store')
    return Removal(files, *collecting.freed_with([], going))


def remove(workspace: Workspace, path: str) -> Removal:
    """Remove a file, or all below a folder. What datasets, models and runs hold of it stays.

    Raises NotFound.
    """
    with transaction.atomic():
        gone = removal(workspace, path)
        named(workspace, path).delete()
    live.publish(live.workspace_group(workspace.pk), "store-changed")
    return gone


def tree(workspace: Workspace, patterns: list[str]) -> Tree:
    """Return the tree of the files that `patterns` name, as a dataset of them is laid out.

    A pattern is a file, a folder, or a path with `*` (within one part) and `**` (any parts). Paths
    are relative to the folder; to the folder of a file; and of a pattern to the part before its
    first `*`. Raises BadInput, and NotFound for a pattern that names nothing.
    """
    if not 1 <= len(patterns) <= MOST_PATTERNS:
        raise BadInput(f"name 1 to {MOST_PATTERNS} patterns", fields={"patterns": "1 to 100"})
    found: dict[str, str] = {}
    for pattern in patterns:
        for path, sha256 in _matching(workspace, pattern):
            if found.setdefault(path, sha256) != sha256:
                raise BadInput(
                    f"two of the patterns bring different files as {path}; make a dataset of each",
                    fields={"patterns": f"{path} comes twice"},
                )
    return trees.make(found.items())


def _matching(workspace: Workspace, pattern: str) -> list[tuple[str, str]]:
    """(path in the dataset, SHA-256) of the files that one pattern names."""
    wanted = pattern.removeprefix("./").lstrip("/")
    stored = StoredFile.objects.filter(workspace=workspace)
    if "*" in wanted:
        base = wanted.partition("*")[0].rpartition("/")[0]
        base = base and f"{base}/"
        named = _expression(wanted)
        rows = stored.filter(below(wanted.partition("*")[0])).values_list("path", "blob_id")
        found = [(path[len(base) :], sha) for path, sha in rows.iterator() if named.fullmatch(path)]
    else:
        name = wanted.rstrip("/")
        folder = name and f"{name}/"
        inside = stored.filter(below(folder)).values_list("path", "blob_id")
        found = [(path[len(folder) :], sha) for path, sha in inside.iterator()]
        one = stored.filter(path=wanted).values_list("blob_id", flat=True).first()
        if one is not None:
            found.append((wanted.rpartition("/")[2], one))
    if not found:
        raise NotFound(
            f'nothing in the store of workspace {workspace} is named "{pattern[:200]}";'
            " upload it first, or look at what is there"
        )
    return found


def _expression(pattern: str) -> "re2._Regexp":
    """The paths that a pattern with stars names, matched in linear time. Raises BadInput."""
    if len(pattern) > trees.MOST_PATH_CHARACTERS:
        raise BadInput("a pattern has at most 1,000 characters")
    parts = []
    for piece in re.split(r"(/\*\*/|^\*\*/|\*\*|\*)", pattern):
        if piece == "/**/":
            parts.append("/(?:.*/)?")
        elif piece == "**/":
            parts.append("(?:.*/)?")
        elif piece == "**":
            parts.append(".*")
        elif piece == "*":
            parts.append("[^/]*")
        else:
            parts.append(re2.escape(piece))
    try:
        return re2.compile("(?s)" + "".join(parts))
    except re2.error as error:
        raise BadInput(f"{pattern[:200]} cannot be read as a pattern: {error}") from None

"""Files of a run or of its code a folder at a time: 100,000 of them are never listed at once."""

from typing import Any, NamedTuple

from django.db import connection
from django.db.models import (
    Case,
    Count,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Collate, Left, StrIndex, Substr

from runs.models import Run
from studio.errors import BadInput
from studio.models import Tree

PAGE = 500
MOST_FOUND = 200
AFTER_SLASH = chr(ord("/") + 1)

Row = dict[str, Any]


class Page(NamedTuple):
    """items: folders first, each part by name.   next: the cursor of the page after it, or None."""

    items: list[Row]
    next: str | None

    def as_dict(self) -> dict[str, Any]:
        return {"items": self.items, "next": self.next}


def of_run(run: Run, prefix: str = "", cursor: str = "", limit: int = PAGE) -> Page:
    """Return the logs and files of a run that stand in the folder `prefix` ("" or "outputs/").

    A folder: {"path": ending in /, "kind": "folder", "size_bytes", "file_count", "is_growing"}.
    A file as in the list of all. Raises BadInput for a cursor that none of its answers held.
    """
    after = _place(cursor)
    logs = [row for row in _log_rows(run, prefix) if _key(row) > after]
    kept = _kept(run.files.all(), prefix, after, limit)
    return _page(_merged([*logs, *kept]), limit)


def of_tree(tree: Tree, prefix: str = "", cursor: str = "", limit: int = PAGE) -> Page:
    """Return the files of a tree in the folder `prefix`, as of_run does; each with its "sha256"."""
    return _page(_kept(tree.files.all(), prefix, _place(cursor), limit, has_hash=True), limit)


def find_in_run(run: Run, text: str) -> list[Row]:
    """Return the logs and files whose path holds `text`, whatever its case; at most MOST_FOUND."""
    logs = [row for row in _logs(run) if text.lower() in row["path"].lower()]
    return sorted([*logs, *_found(run.files.all(), text)], key=lambda row: row["path"])[:MOST_FOUND]


def find_in_tree(tree: Tree, text: str) -> list[Row]:
    """Return the files of a tree whose path holds `text`, as find_in_run does."""
    return _found(tree.files.all(), text)


def is_chosen(path: str, paths: set[str]) -> bool:
    """Whether `paths` name this file, or a folder (ending in /) that it lies in."""
    if path in paths:
        return True
    return any(path[: at + 1] in paths for at, letter in enumerate(path) if letter == "/")


def _found(rows: "QuerySet[Any]", text: str) -> list[Row]:
    found = rows.filter(path__icontains=text).order_by("path")
    pairs = found.values_list("path", "blob__size_bytes")[:MOST_FOUND]
    return [_file(path, size) for path, size in pairs]


def _place(cursor: str) -> tuple[bool, str]:
    """The key after which a page begins. A cursor is "0" (folders) or "1" (files) and a name."""
    if not cursor:
        return False, ""
    if cursor[0] not in "01":
        raise BadInput(f'"{cursor[:80]}" is no cursor; ask with the `next` of the answer before')
    return cursor[0] == "1", cursor[1:]


def _key(row: Row) -> tuple[bool, str]:
    return row["kind"] != "folder", row["path"]


def _file(path: str, size: int) -> Row:
    return {"path": path, "size_bytes": size, "kind": "file", "is_growing": False}


def _logs(run: Run) -> list[Row]:
    logs = run.logs.values_list("path", "stream__size_bytes", "stream__is_complete")
    return [
        {"path": path, "size_bytes": size, "kind": "log", "is_growing": not (done or run.is_final)}
        for path, size, done in logs
    ]


def _log_rows(run: Run, prefix: str) -> list[Row]:
    """The logs of one folder, and the folders in it that hold more: a run has few of them."""
    here: dict[str, Row] = {}
    for log in _logs(run):
        if not log["path"].startswith(prefix):
            continue
        name, slash, _ = log["path"][len(prefix) :].partition("/")
        path = prefix + name + slash
        if not slash:
            here[path] = log
            continue
        folder = here.setdefault(path, _folder(path))
        folder["size_bytes"] += log["size_bytes"]
        folder["file_count"] += 1
        folder["is_growing"] |= log["is_growing"]
    return list(here.values())


def _folder(path: str, size: int = 0, count: int = 0) -> Row:
    row = {"path": path, "size_bytes": size, "kind": "folder", "file_count": count}
    return {**row, "is_growing": False}


def _kept(
    rows: "QuerySet[Any]",
    prefix: str,
    after: tuple[bool, str],
    limit: int,
    *,
    has_hash: bool = False,
) -> list[Row]:
    """The folders and files of one folder after a key, one more than `limit` at most.

    One query puts together what lies deeper; names are compared by their bytes in any database.
    """
    is_file, name = after
    is_postgresql = connection.vendor == "postgresql"
    by_bytes = "C" if is_postgresql else "BINARY"
    if prefix and is_postgresql:  # whose order of names is not that of their bytes
        rows = rows.alias(top=Left("path", len(prefix))).filter(top=prefix)
    elif prefix:
        # By the index, and of a large run only this folder's part of it.
        rows = rows.filter(path__gt=prefix, path__lt=prefix[:-1] + AFTER_SLASH)
    inside = (
        rows.order_by()
        .alias(rest=Substr("path", len(prefix) + 1))
        .alias(cut=StrIndex("rest", Value("/")))
        .annotate(
            is_file=Case(When(cut=0, then=Value(1)), default=Value(0)),
            name=Collate(
                Case(
                    When(cut=0, then=F("rest")),
                    default=Substr("rest", 1, ExpressionWrapper(F("cut"), IntegerField())),
                ),
                by_bytes,
            ),
        )
        .values("is_file", "name")
        .annotate(size=Sum("blob__size_bytes"), count=Count("pk"), content=Max("blob_id"))
    )
    if name:
        later = Q(is_file=int(is_file), name__gt=name[len(prefix) :])
        inside = inside.filter(later | Q(is_file__gt=int(is_file)))
    found = inside.order_by("is_file", "name")[: limit + 1]
    made = []
    for row in found:
        path = prefix + row["name"]
        if row["is_file"]:
            made.append(_file(path, row["size"]))
            if has_hash:
                made[-1]["sha256"] = row["content"]
        else:
            made.append(_folder(path, row["size"], row["count"]))
    return made


def _merged(rows: list[Row]) -> list[Row]:
    """In order; a folder that holds logs and files is one."""
    found: dict[str, Row] = {}
    for row in sorted(rows, key=_key):
        known = found.setdefault(row["path"], row)
        if known is not row and row["kind"] == "folder":
            known["size_bytes"] += row["size_bytes"]
            known["file_count"] += row["file_count"]
            known["is_growing"] |= row["is_growing"]
    return list(found.values())


def _page(rows: list[Row], limit: int) -> Page:
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], f"{int(last['kind'] != 'folder')}{last['path']}")

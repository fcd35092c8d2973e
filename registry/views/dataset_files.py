"""The folders of a dataset version, and of the store, as pages show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, DateTimeField, F, Max, QuerySet, Sum, Value
from django.db.models.functions import Cast, StrIndex, Substr

from registry import datasets
from registry.models import Version
from studio.errors import NotFound

ON_A_PAGE = 100


@dataclass(frozen=True)
class Entry:
    """A folder, with what lies in it, or a file. changed_at: of the store's alone, the latest."""

    name: str
    path: str
    size_bytes: int
    file_count: int = 0
    changed_at: datetime | None = None

    @property
    def is_folder(self) -> bool:
        return self.file_count > 0


@dataclass(frozen=True)
class Folder:
    """A page of a folder's entries: folders first, both by name.

    above: (title, path) of the folders it lies in.   following: the cursor on, None at the end.
    """

    path: str
    above: list[tuple[str, str]]
    entries: list[Entry]
    following: str | None
    is_first: bool


def folder(version: Version, asked: Mapping[str, str]) -> Folder:
    """The folder `path` of a version, from `cursor` on. Raises NotFound, and BadInput."""
    found = listed(version.dataset.tree.files.all(), asked)
    if not found.entries and found.is_first:
        raise NotFound(f'{version} has no folder "{found.path[:200]}"')
    return found


def listed(files: QuerySet[Any], asked: Mapping[str, str], changed: str = "") -> Folder:
    """The folder `path` of rows with a `path` and a `blob`, from `cursor` on. Raises BadInput.

    changed: the field that says when a file was changed, where there is one.
    """
    path = asked.get("path", "").strip("/")
    prefix = f"{path}/" if path else ""
    cursor = asked.get("cursor", "")
    kind, _, after = datasets.path_in(cursor).partition(":") if cursor else ("d", "", "")
    inside = _inside(files, prefix, changed)
    entries = [] if kind == "f" else _folders(inside, prefix, after)
    room = ON_A_PAGE + 1 - len(entries)
    if room > 0:
        entries += _files(inside, prefix, after if kind == "f" else "", room)
    following = None
    if len(entries) > ON_A_PAGE:
        last = entries[ON_A_PAGE - 1]
        following = datasets.cursor_of(f"{'d' if last.is_folder else 'f'}:{last.name}")
    return Folder(path, above(path), entries[:ON_A_PAGE], following, not cursor)


def above(path: str) -> list[tuple[str, str]]:
    """(Name, path) of each folder on the way down to `path`."""
    parts = [part for part in path.split("/") if part]
    return [(part, "/".join(parts[: at + 1])) for at, part in enumerate(parts)]


def _inside(files: QuerySet[Any], prefix: str, changed: str) -> QuerySet[Any]:
    """The files below `prefix`, each with `rest` of its path, where its first "/" is, and when."""
    rest = Substr("path", len(prefix) + 1)
    found = files.filter(datasets.below(prefix)).order_by()
    when: Any = F(changed) if changed else Cast(Value(None), DateTimeField())
    placed: QuerySet[Any] = found.annotate(
        rest=rest, cut=StrIndex(F("rest"), Value("/")), when=when
    )
    return placed


def _folders(inside: QuerySet[Any], prefix: str, after: str) -> list[Entry]:
    """The folders right below, with what is in each: counted by the database."""
    grouped = (
        inside.filter(cut__gt=0)
        .annotate(folder=Substr("rest", 1, F("cut") - 1))
        .values("folder")
        .annotate(files=Count("pk"), size_bytes=Sum("blob__size_bytes"), latest=Max("when"))
        .order_by("folder")
    )
    if after:
        grouped = grouped.filter(folder__gt=after)
    return [
        Entry(row["folder"], prefix + row["folder"], row["size_bytes"], row["files"], row["latest"])
        for row in grouped[: ON_A_PAGE + 1]
    ]


def _files(inside: QuerySet[Any], prefix: str, after: str, room: int) -> list[Entry]:
    found = inside.filter(cut=0).order_by("path")
    if after:
        found = found.filter(path__gt=prefix + after)
    rows = found.values_list("rest", "path", "blob__size_bytes", "when")[:room]
    return [Entry(name, path, size, changed_at=when) for name, path, size, when in rows]

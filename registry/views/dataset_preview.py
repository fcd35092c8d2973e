"""What is in a dataset version, shown: pictures in a grid, text, rows of a table, a profile."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.db.models import Q

from registry import datasets, tables
from registry.models import Version
from studio.files import blobs
from studio.models import TreeFile

PICTURES_ON_A_PAGE = 48
MOST_TEXT_BYTES = 64 * 1024
# A picture larger than this would be a slow tile; its file is a click away.
MOST_PICTURE_BYTES = 20 * 1024 * 1024
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
MEDIA = {"audio": "audio", "video": "video"}


@dataclass(frozen=True)
class Shown:
    """What a preview shows.

    kind: "pictures", "picture", "table", "text", "audio", "video" or "other".
    path: the one file that is shown, "" for all of them.   files: the pictures of this page.
    following: the cursor on.   text: the start of a text, `is_cut` where there is more.
    """

    kind: str
    path: str = ""
    size_bytes: int = 0
    files: list[TreeFile] = field(default_factory=list)
    following: str | None = None
    is_first: bool = True
    text: str = ""
    is_cut: bool = False


def preview(version: Version, asked: Mapping[str, str]) -> Shown:
    """Show the file `path`, or what the version is best known by. Raises NotFound, BadInput."""
    if path := asked.get("path", ""):
        return _one(version, path)
    if version.dataset.form == "tabular":
        return Shown("table")
    if shown := _pictures(version, asked.get("cursor")):
        return shown
    first = _first(version, tuple(tables.FORMATS)) or _first(version, ("",))
    return _one(version, first.path) if first else Shown("other")


def _ending(endings: tuple[str, ...]) -> Q:
    return reduce(or_, (Q(path__iendswith=ending) for ending in endings))


def _first(version: Version, endings: tuple[str, ...]) -> TreeFile | None:
    return version.dataset.tree.files.filter(_ending(endings)).order_by("path").first()


def _pictures(version: Version, cursor: str | None) -> Shown | None:
    """A page of the version's pictures, None where it has none."""
    found = version.dataset.tree.files.filter(
        _ending(PICTURES), blob__size_bytes__lte=MOST_PICTURE_BYTES
    ).order_by("path")
    if cursor:
        found = found.filter(path__gt=datasets.path_in(cursor))
    files = list(found[: PICTURES_ON_A_PAGE + 1])
    if not files and not cursor:
        return None
    shown = files[:PICTURES_ON_A_PAGE]
    is_more = len(files) > PICTURES_ON_A_PAGE
    following = datasets.cursor_of(shown[-1].path) if is_more else None
    return Shown("pictures", files=shown, following=following, is_first=not cursor)


def _one(version: Version, path: str) -> Shown:
    blob = datasets.file(version.dataset.tree, path)
    size = blob.size_bytes
    lower = path.lower()
    if lower.endswith(PICTURES):
        return Shown("picture", path, size)
    if tables.reading_of(path) is not None:
        return Shown("table", path, size)
    media = (mimetypes.guess_type(path)[0] or "").partition("/")[0]
    if media in MEDIA:
        return Shown(MEDIA[media], path, size)
    with blobs.open_blob(blob.sha256) as file:
        start = file.read(MOST_TEXT_BYTES)
    text = _text(start)
    if text is None:
        return Shown("other", path, size)
    return Shown("text", path, size, text=text, is_cut=size > MOST_TEXT_BYTES)


def _text(start: bytes) -> str | None:
    """The bytes as text, None where they are none."""
    if b"\0" in start:
        return None
    for cut in range(4):  # the last letter may be half
        try:
            return start[: len(start) - cut].decode()
        except UnicodeDecodeError:
            continue
    return None


def profile(version: Version, asked: Mapping[str, str]) -> None:
    """Nothing yet: the page asks the API, since reading a large table takes a moment."""

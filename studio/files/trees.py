"""Immutable lists of (path, blob): snapshots, model versions, a finished run's outputs.

A tree is named by the SHA-256 of its canonical listing, so the same files are the same tree.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable

from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from studio.errors import BadInput, MissingBlobs, UnsafePath
from studio.files import blobs
from studio.models import Tree

MOST_PATH_CHARACTERS = 1000
MOST_PART_BYTES = 255
# With Unicode's own ends of lines: a name is one line wherever it is written.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

# A hundred thousand rows as objects take seconds, in which nobody else could write.
INSERT = "INSERT INTO studio_treefile (tree_id, path, blob_id) VALUES (%s, %s, %s)"


def safe_path(path: str) -> str:
    """Return `path` when it may be in a tree: relative, no `..`, no drive, no NUL.

    Raises UnsafePath naming the path and what is wrong with it.
    """
    parts = path.split("/")
    trouble = None
    if not path or path.endswith("/"):
        trouble = "it names no file"
    elif len(path) > MOST_PATH_CHARACTERS:
        trouble = f"it is longer than {MOST_PATH_CHARACTERS} characters"
    elif path.startswith("/") or "\\" in path or (len(path) > 1 and path[1] == ":"):
        trouble = "it must be relative, with / between its parts"
    elif any(len(part.encode(errors="replace")) > MOST_PART_BYTES for part in parts):
        trouble = f"a part of it is longer than {MOST_PART_BYTES} bytes, which no disk takes"
    elif any(part in ("", ".", "..") for part in parts):
        trouble = 'it may not have empty parts, "." or ".."'
    elif CONTROL.search(path):
        trouble = "it holds a control character, such as a newline"
    elif any(0xD800 <= ord(character) <= 0xDFFF for character in path):
        trouble = "it is not valid Unicode"
    if trouble:
        raise UnsafePath(f"the path {json.dumps(path[:200])} cannot be kept: {trouble}")
    return path


def safe_listing(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return path → SHA-256 after checking every path, duplicates, and files used as folders.

    Two names that differ only in how their letters are composed are one on some computers: both
    together are refused.
    """
    listing: dict[str, str] = {}
    for path, sha256 in files:
        if safe_path(path) in listing:
            raise BadInput(f"{path} is listed twice")
        listing[path] = blobs.checked(sha256)
    composed: dict[str, str] = {}
    for path in listing:
        name = path if path.isascii() else unicodedata.normalize("NFC", path)
        if name in composed:
            raise UnsafePath(
                f"{json.dumps(composed[name])} and {json.dumps(path)} look the same, and are one"
                " name on some computers; rename one of them"
            )
        composed[name] = path
    folders = {
        path[:at] for path in composed for at, character in enumerate(path) if character == "/"
    }
    if both := folders & composed.keys():
        raise UnsafePath(f"{min(both)} is both a file and a folder")
    return listing


def make(files: Iterable[tuple[str, str]]) -> Tree:
    """Return the tree of (path, SHA-256) pairs, making it when it is new.

    It stays for STUDIO_KEEP_UNUSED_HOURS, named or not.
    Raises UnsafePath, BadInput for a path listed twice, MissingBlobs with `missing`.
    """
    listing = safe_listing(files)
    _need(listing)
    canonical = "".join(f"{sha256} {path}\n" for path, sha256 in sorted(listing.items()))
    name = hashlib.sha256(canonical.encode()).hexdigest()
    if tree := find(name):
        return tree
    try:
        return _made(name, listing)
    except IntegrityError:  # a content was collected at this moment
        _need(listing)
        raise


def find(name: str) -> Tree | None:
    """Return the tree of this name, which counts as used now; None without one."""
    tree = Tree.objects.filter(sha256=name).first()
    at = now()
    if tree and tree.created_at < at - blobs.USED_EVERY:
        if not Tree.objects.filter(pk=tree.pk).update(created_at=at):
            return None  # it was collected at this moment
        tree.created_at = at
    return tree


def _need(listing: dict[str, str]) -> None:
    if missing := blobs.missing(list(listing.values())):
        raise MissingBlobs(
            f"{len(missing)} of the files' contents were not sent yet", missing=missing
        )


def _made(name: str, listing: dict[str, str]) -> Tree:
    sizes = blobs.sizes(set(listing.values()))
    with transaction.atomic():
        tree, made = Tree.objects.get_or_create(
            sha256=name,
            defaults={
                "file_count": len(listing),
                "size_bytes": sum(sizes.get(sha256, 0) for sha256 in listing.values()),
            },
        )
        if made:
            rows = [(tree.pk, path, sha256) for path, sha256 in sorted(listing.items())]
            with connection.cursor() as cursor:
                cursor.executemany(INSERT, rows)
    return tree


def listing(tree: Tree) -> list[tuple[str, str, int]]:
    """Return (path, SHA-256, size) of every file, by path."""
    return list(tree.files.values_list("path", "blob_id", "blob__size_bytes").order_by("path"))

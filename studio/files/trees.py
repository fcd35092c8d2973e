"""Immutable lists of (path, blob): snapshots, model versions, a finished run's outputs.

A tree is named by the SHA-256 of its canonical listing, so the same files are the same tree.
"""

import hashlib
import json
from collections.abc import Iterable

from django.db import transaction

from studio.errors import BadInput, MissingBlobs, UnsafePath
from studio.files import blobs
from studio.models import Tree, TreeFile

MOST_PATH_CHARACTERS = 1000


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
    elif any(part in ("", ".", "..") for part in parts):
        trouble = 'it may not have empty parts, "." or ".."'
    elif any(ord(character) < 32 or ord(character) == 127 for character in path):
        trouble = "it holds a control character"
    elif any(0xD800 <= ord(character) <= 0xDFFF for character in path):
        trouble = "it is not valid Unicode"
    if trouble:
        raise UnsafePath(f"the path {json.dumps(path[:200])} cannot be kept: {trouble}")
    return path


def safe_listing(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return path → SHA-256 after checking every path, duplicates, and files used as folders."""
    listing: dict[str, str] = {}
    for path, sha256 in files:
        if safe_path(path) in listing:
            raise BadInput(f"{path} is listed twice")
        blobs.path_of(sha256)
        listing[path] = sha256
    folders = {
        path[:at] for path in listing for at, character in enumerate(path) if character == "/"
    }
    if both := folders & listing.keys():
        raise UnsafePath(f"{sorted(both)[0]} is both a file and a folder")
    return listing


def make(files: Iterable[tuple[str, str]]) -> Tree:
    """Return the tree of (path, SHA-256) pairs, making it when it is new.

    Raises UnsafePath, BadInput for a path listed twice, MissingBlobs with `missing`.
    """
    listing = safe_listing(files)
    if missing := blobs.missing(list(listing.values())):
        raise MissingBlobs(
            f"{len(missing)} of the files' contents were not sent yet", missing=missing
        )
    canonical = "".join(f"{sha256} {path}\n" for path, sha256 in sorted(listing.items()))
    name = hashlib.sha256(canonical.encode()).hexdigest()
    if tree := Tree.objects.filter(sha256=name).first():
        return tree
    sizes = blobs.sizes(set(listing.values()))
    with transaction.atomic():
        tree, made = Tree.objects.get_or_create(
            sha256=name,
            defaults={
                "file_count": len(listing),
                "size_bytes": sum(sizes[sha256] for sha256 in listing.values()),
            },
        )
        if made:
            TreeFile.objects.bulk_create(
                [
                    TreeFile(tree=tree, path=path, blob_id=sha256)
                    for path, sha256 in sorted(listing.items())
                ],
                batch_size=500,
            )
    return tree


def listing(tree: Tree) -> list[tuple[str, str, int]]:
    """Return (path, SHA-256, size) of every file, by path."""
    return list(tree.files.values_list("path", "blob_id", "blob__size_bytes").order_by("path"))

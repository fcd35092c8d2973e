"""Code on its way in: what is sent and what is ignored, how large it may be, zips, examples."""

import json
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pathspec
import re2
from django.conf import settings

from studio.errors import BadInput, NotFound, SnapshotTooLarge, UnsafePath
from studio.files import blobs, many, trees
from studio.models import Tree
from studio.previewing.zips import open_zip

# The first one that exists counts, and only at the top: what the v1 SDK did.
IGNORE_FILES = (".amlignore", ".gitignore")
# A member's config.json: every other member may read a snapshot, so it never becomes part of one.
HOLD_A_TOKEN = (".azureml/config.json", "aml_config/config.json")
MOST_SHOWN = 5
MOST_IGNORE_CHARACTERS = 64 * 1024
MIB = 1024 * 1024


@dataclass(frozen=True)
class Rules:
    """An ignore file as git reads it: one matcher for files, one for folders.

    GitIgnoreSpec alone would let a file come back out of an ignored folder, and would not let
    `!*/` take a folder back; git looks at each folder on the way down.
    """

    files: pathspec.GitIgnoreSpec
    folders: "pathspec.PathSpec[Any]"
    known: dict[str, bool] = field(default_factory=lambda: {"": False})

    def ignore(self, path: str) -> bool:
        return self._in_ignored(path.rpartition("/")[0]) or bool(self.files.match_file(path))

    def _in_ignored(self, folder: str) -> bool:
        if folder not in self.known:
            above = self._in_ignored(folder.rpartition("/")[0])
            self.known[folder] = above or bool(self.folders.match_file(folder + "/"))
        return self.known[folder]


def ignore_rules(texts: dict[str, str]) -> Rules | None:
    """Return the rules of the ignore file that counts, None without one. Raises BadInput."""
    for name in IGNORE_FILES:
        if len(texts.get(name, "")) > MOST_IGNORE_CHARACTERS:
            raise BadInput(f"{name} is longer than {MOST_IGNORE_CHARACTERS:,} characters")
        if name in texts:
            try:
                lines = texts[name].splitlines()
                # re2 takes time in proportion to the path, whatever the pattern: with Python's
                # own expressions one line of stars would hold up everybody.
                return Rules(
                    pathspec.GitIgnoreSpec.from_lines(lines, backend="re2"),
                    pathspec.PathSpec.from_lines("gitignore", lines, backend="re2"),
                )
            except (ValueError, re2.error) as error:
                raise BadInput(f"{name} cannot be read: {error}") from None
    return None


def kept(files: list[tuple[str, int]], texts: dict[str, str]) -> list[tuple[str, int]]:
    """Return the (path, size) pairs that the ignore file leaves, without a person's token."""
    rules = ignore_rules(texts)
    return [
        file
        for file in files
        if file[0] not in HOLD_A_TOKEN and (rules is None or not rules.ignore(file[0]))
    ]


def largest(files: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the top folders (and files) that take the most, largest first, with their bytes."""
    totals: dict[str, int] = {}
    for path, size in files:
        top, slash, _ = path.partition("/")
        totals[top + slash] = totals.get(top + slash, 0) + size
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:MOST_SHOWN]


def check_names(paths: list[str]) -> None:
    """Raise UnsafePath for two names that some machines take for one.

    They differ in capital letters, or in how an accent is written; where a disk makes no such
    difference, one file would be laid over the other without a word. Folders count as well.
    """
    known: dict[str, str] = {}
    for path in paths:
        for at in [*(at for at, letter in enumerate(path) if letter == "/"), len(path)]:
            part = path[:at]
            other = known.setdefault(_folded(part), part)
            if other != part:
                raise UnsafePath(
                    f"{json.dumps(other[:200])} and {json.dumps(part[:200])} are one name where"
                    " capital letters or the form of accents make no difference; rename one of them"
                )


def _folded(name: str) -> str:
    """A name as a disk sees it that minds neither case nor the form of accents."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_size(files: list[tuple[str, int]]) -> None:
    """Raise SnapshotTooLarge, naming the largest folders, for too much or too many."""
    total, most = sum(size for _, size in files), settings.SNAPSHOT_MAX_BYTES
    if total > most:
        parts = ", ".join(f"{name} {size / MIB:.1f} MB" for name, size in largest(files))
        raise SnapshotTooLarge(
            f"Your total snapshot size exceeds the limit of {most / MIB:.1f} MB:"
            f" it has {total / MIB:.1f} MB. Largest: {parts}."
            " List what the run does not need in .amlignore (as in .gitignore)",
            largest=largest(files),
        )
    if len(files) > settings.SNAPSHOT_MAX_FILES:
        raise SnapshotTooLarge(
            f"Your project exceeds the file limit of {settings.SNAPSHOT_MAX_FILES:,}:"
            f" it has {len(files):,}. List what the run does not need in .amlignore",
            largest=largest(files),
        )


def check(files: list[tuple[str, int]], texts: dict[str, str]) -> dict[str, Any]:
    """Say what a folder would send, before anything is sent. Raises UnsafePath."""
    for path, _ in files:
        trees.safe_path(path)
    left = kept(files, texts)
    problem = None
    try:
        check_size(left)
        check_names([path for path, _ in left])
    except (SnapshotTooLarge, UnsafePath) as error:
        problem = error.message
    return {
        "kept": [path for path, _ in left],
        "ignored": len(files) - len(left),
        "size_bytes": sum(size for _, size in left),
        "largest": largest(left),
        "problem": problem,
    }


def make(files: list[tuple[str, str]]) -> Tree:
    """Return the snapshot of (path, SHA-256) pairs.

    Raises SnapshotTooLarge, UnsafePath for names that would be one on some node, or as trees.make.
    """
    if not files:
        raise BadInput("there is no file to run: the folder is empty, or all of it is ignored")
    check_names([path for path, _ in files])
    sizes = blobs.sizes({sha256 for _, sha256 in files})
    check_size([(path, sizes.get(sha256, 0)) for path, sha256 in files])
    return trees.make(files)


def from_zip(sha256: str) -> Tree:
    """Return the snapshot of an uploaded zip; a single top folder is stepped into.

    Raises UnsafePath for an absolute path, `..` or a link that leaves the tree; BadInput for what
    is no zip; SnapshotTooLarge by what really comes out of it, whatever its directory claims.
    """
    try:
        with blobs.open_blob(sha256) as file, open_zip(file) as archive:
            entries = _entries(archive)
            texts = {
                path: archive.read(entry).decode(errors="replace")
                for path, entry in entries.items()
                if path in IGNORE_FILES and entry.file_size <= MIB
            }
            left = kept([(path, entry.file_size) for path, entry in entries.items()], texts)
            check_size(left)
            # Before anything of it is kept.
            check_names([path for path, _ in left])
            return make(_unpacked(archive, {path: entries[path] for path, _ in left}))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise BadInput(
            f"this is not a zip that can be read ({error}); make a plain one, without a password"
        ) from None


def _unpacked(
    archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]
) -> list[tuple[str, str]]:
    """Keep the files of a zip; (path, SHA-256) of each."""
    budget = _Budget(settings.SNAPSHOT_MAX_BYTES)
    small = [path for path, entry in entries.items() if entry.file_size <= many.SMALL_BYTES]
    kept = {
        path: blobs.put(budget.of(archive, entry)).sha256
        for path, entry in entries.items()
        if entry.file_size > many.SMALL_BYTES
    }
    names = many.put_many(b"".join(budget.of(archive, entries[path])) for path in small)
    return [*kept.items(), *zip(small, names, strict=True)]


class _Budget:
    """Counts what really comes out of a zip, so that a zip bomb ends at the limit."""

    def __init__(self, most: int):
        self.left = most

    def of(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        with archive.open(entry) as file:
            while chunk := file.read(blobs.READ_BYTES):
                self.left -= len(chunk)
                if self.left < 0:
                    raise SnapshotTooLarge(
                        "Your total snapshot size exceeds the limit of"
                        f" {settings.SNAPSHOT_MAX_BYTES / MIB:.1f} MB once it is unpacked"
                    )
                yield chunk


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Path → entry of every file in the archive, below its single top folder if it has one."""
    entries = {}
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UnsafePath(
                f"{entry.filename} in the zip is a symbolic link; put the file itself there"
            )
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise UnsafePath(f"{entry.filename} in the zip is a device or a pipe, not a file")
        # orig_filename: Python would quietly turn a backslash or a NUL into something else.
        path = trees.safe_path(entry.orig_filename)
        if path in entries:
            raise BadInput(f"{path} is in the zip twice; pack it again")
        entries[path] = entry
    tops = {path.partition("/")[0] for path in entries}
    if len(tops) == 1 and all("/" in path for path in entries):
        return {path.partition("/")[2]: entry for path, entry in entries.items()}
    return entries


def example(name: str) -> tuple[Tree, dict[str, Any]]:
    """Return the snapshot of a ready example and how to run it. Raises NotFound listing them."""
    folder = Path(settings.EXAMPLES)
    ready = sorted(p.parent.name for p in folder.glob("*/environment.yml"))
    if name not in ready:
        raise NotFound(f'no example "{name}"; examples: {", ".join(ready)}')
    files = [
        (path.relative_to(folder / name).as_posix(), path)
        for path in sorted((folder / name).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    tree = make([(path, blobs.put([file.read_bytes()]).sha256) for path, file in files])
    conda = (folder / name / "environment.yml").read_text(encoding="utf-8")
    return tree, {
        "script": "train.py",
        "arguments": [],
        "environment": {"conda": conda},
        "experiment": name,
    }

"""Trees of files as read-only folders, laid out once on this machine and read by many tasks.

    <home>/cache/trees/<sha256 of the tree>/   what a task is given to read: it is there from the
        tree/                                  start, and `tree` comes into it by one rename
        facts.json                             what `tree` was like when it was made
        used                                   its time: when a task asked for it last
        trouble                                why the last try failed
        away                                   why it waits: a bucket that does not answer

Contents are copied, or shared by the file system where that can do it, and never linked: a script
that runs as the studio's own user could write through a link into the store of blobs. What such a
script changed in here is noticed when the tree is asked for again, and the tree is made anew.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import logging
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from io import UnsupportedOperation
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from studio.errors import NotFound, StorageAway, StudioError
from studio.files import blobs
from studio.models import Tree, TreeFile

logger = logging.getLogger(__name__)
TREE, FACTS, USED, TROUBLE, AWAY = "tree", "facts.json", "used", "trouble", "away"
FILE_MODE, FOLDER_MODE = 0o444, 0o555
BLOCK_BYTES = 4096
COPY_BYTES = 8 * 1024 * 1024
ROWS_AT_ONCE = 5000
# The worker has other things to do, cancels among them.
LAID_AT_ONCE = 2
NO_SHARING = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
FULL = (errno.ENOSPC, errno.EDQUOT)


class NotLaidOut(Exception):
    """A tree cannot be laid out; the message says why, and the way out."""


def place(tree: Tree) -> Path:
    """Return the folder that a task is given to read for this tree, making it."""
    folder = _home() / tree.sha256
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # tasks in containers are another user, whatever the umask is
    return folder


def ready(tree: Tree) -> Path | None:
    """Return the folder with the tree's files; None where it must be laid out first.

    Looks at every file (100,000 in half a second): one that was changed, added or removed makes the
    whole count as not there. Notes that it is used.
    """
    asked = time.monotonic()
    folder = place(tree)
    (folder / USED).touch()
    check = _checks.setdefault(str(folder), _Check())
    with check.lock:
        if check.began < asked:
            # Of several who wait here the first looks for all: it begins after each has asked.
            check.began = time.monotonic()
            check.is_whole = _is_whole(folder)
        return folder / TREE if check.is_whole else None


class _Check:
    """The last look at a tree by this process: when it began, and what it found."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.began = 0.0
        self.is_whole = False


_checks: dict[str, _Check] = {}


def _is_whole(folder: Path) -> bool:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return bool(facts["digest"] == _digest(folder / TREE))
    except (OSError, ValueError, KeyError):
        return False


def trouble_of(tree: Tree) -> str:
    """Say why the last try to lay it out failed; "" where it did not."""
    return _said(place(tree) / TROUBLE)


def waits_for(tree: Tree) -> str:
    """Say what it waits for that is away; "" where that is nothing."""
    return _said(place(tree) / AWAY)


def _said(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


def _unsay(folder: Path) -> None:
    for words in (TROUBLE, AWAY):
        (folder / words).unlink(missing_ok=True)


def _say(file: Path, words: str) -> None:
    with contextlib.suppress(OSError):
        file.write_text(words, encoding="utf-8")


def is_being_laid_out(tree: Tree) -> bool:
    """Whether somebody lays it out at this moment."""
    with _lock(tree.sha256) as mine:
        return not mine


def forget_trouble(tree: Tree) -> None:
    """Let it be tried again."""
    _unsay(place(tree))


def lay(tree: Tree, keep: set[str]) -> bool:
    """Lay the tree out, whole or not at all; False where it must be asked again.

    That is while another lays it out, while as many others as may be are laid out, and while the
    bucket that has its files is away (waits_for).

    keep: trees (SHA-256) that must stay whatever room is needed. What goes wrong is written down
    for whoever waits (trouble_of), and raised as NotLaidOut.
    """
    with contextlib.ExitStack() as held:
        if not held.enter_context(_lock(tree.sha256)):
            return False
        folder = place(tree)
        if ready(tree) is not None:
            return True
        slots = (held.enter_context(_lock(f"slot-{number}")) for number in range(LAID_AT_ONCE))
        if not any(slots):
            return False
        try:
            _make_room(tree, keep | {tree.sha256})
            _lay(tree, folder)
        except (OSError, StudioError) as error:
            words = _words(tree, error)
            _discard(folder / "part")
            if isinstance(error, StorageAway) and not isinstance(error, blobs.Refused):
                logger.warning("tree %s waits: %s", tree.sha256[:12], words)
                _say(folder / AWAY, words)
                return False
            _say(folder / TROUBLE, words)
            (folder / AWAY).unlink(missing_ok=True)
            raise NotLaidOut(words) from error
    prune(keep | {tree.sha256})
    return True


def _lay(tree: Tree, folder: Path) -> None:
    part = folder / "part"
    _discard(part)  # of one that was killed
    part.mkdir()
    made: set[Path] = {part}
    away: Path | None = folder / AWAY
    rows = TreeFile.objects.filter(tree=tree).order_by("path")
    listing = rows.values_list("path", "blob_id", "blob__size_bytes")
    for path, sha256, size in listing.iterator(ROWS_AT_ONCE):
        target = part / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.update([target.parent, *target.parent.parents])
        _copy(sha256, target, size)
        if away is not None:
            away.unlink(missing_ok=True)  # it answers again
            away = None
    for below, folders, _ in os.walk(part, topdown=False):
        for name in folders:
            os.chmod(os.path.join(below, name), FOLDER_MODE)
    facts = {"digest": _digest(part), "size_bytes": _size_on_disk(tree)}
    os.chmod(part, FOLDER_MODE)
    # Who reads a tree that was changed finds the right one at the same path a moment later.
    old = folder / "old"
    _discard(old)
    if (folder / TREE).exists():
        (folder / TREE).rename(old)
    part.rename(folder / TREE)
    _discard(old)
    new = folder / f"{FACTS}.new"
    new.write_text(json.dumps(facts), encoding="utf-8")
    new.rename(folder / FACTS)
    _unsay(folder)


def _copy(sha256: str, target: Path, size: int) -> None:
    """Write a blob's bytes to a new file that nobody may write to."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(handle, "wb") as file, blobs.open_blob(sha256) as source:
        os.fchmod(handle, FILE_MODE)  # whatever the umask is
        if not _share(source, handle):
            shutil.copyfileobj(source, file, COPY_BYTES)
            file.flush()
        if os.fstat(handle).st_size != size:
            raise NotFound(f"the bytes of {sha256[:12]}… are not whole in the blob store")


def _share(source: BinaryIO, target: int) -> bool:
    """Have the kernel copy, which shares the bytes on a file system that can; False: it cannot."""
    done = 0
    try:
        while count := os.copy_file_range(source.fileno(), target, COPY_BYTES):
            done += count
    except (AttributeError, UnsupportedOperation):  # no Linux, or no file of this machine
        return False
    except OSError as error:
        if done == 0 and error.errno in NO_SHARING:
            return False
        raise
    return done > 0


def _digest(folder: Path) -> str:
    """Return a hash of what lies below `folder`: paths, sizes and times that nobody can set."""
    lines: list[str] = []
    open_folders = [(str(folder), "")]
    while open_folders:
        below, prefix = open_folders.pop()
        with os.scandir(below) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                name = prefix + entry.name
                if stat.S_ISDIR(status.st_mode):
                    open_folders.append((entry.path, name + "/"))
                else:
                    lines.append(
                        f"{name}\0{status.st_mode}\0{status.st_size}\0{status.st_ino}"
                        f"\0{status.st_mtime_ns}\0{status.st_ctime_ns}\n"
                    )
    lines.sort()
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


# --- room ---------------------------------------------------------------------------------------
def prune(keep: set[str]) -> int:
    """Remove the least recently used trees while all take more than the quota; return how many.

    Never those in `keep`, nor one that was asked for since this began.
    """
    return _prune(keep, lambda taken: taken > settings.CACHE_MAX_BYTES)


def taken() -> int:
    """How many bytes of the disk all laid-out trees take."""
    return sum(size for _, size, _ in _all())


def _make_room(tree: Tree, keep: set[str]) -> None:
    """Remove trees of earlier runs where the disk has no room for this one.

    Raises OSError (ENOSPC) where that is not enough.
    """
    needed = _size_on_disk(tree)

    def is_short(_: int) -> bool:
        return shutil.disk_usage(_home()).free < needed

    _prune(keep, is_short)
    if is_short(0):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _prune(keep: set[str], is_too_much: Callable[[int], bool]) -> int:
    began = time.time()
    found = sorted(_all(), key=lambda one: one[0])
    taken, removed = sum(size for _, size, _ in found), 0
    for used, size, folder in found:
        if not is_too_much(taken):
            break
        if folder.name in keep or used >= began:
            continue
        with _lock(folder.name) as mine:
            if not mine or _used(folder) >= began:
                continue
            (folder / FACTS).unlink(missing_ok=True)  # first: what is half gone counts as not there
            _discard(folder)
        taken -= size
        removed += 1
    return removed


def _all() -> list[tuple[float, int, Path]]:
    """Return (when it was used last, bytes on the disk, folder) of every tree."""
    found = []
    for folder in _home().iterdir():
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        try:
            size = int(json.loads((folder / FACTS).read_text(encoding="utf-8"))["size_bytes"])
        except (OSError, ValueError, KeyError):
            size = 0  # it was asked for, and is not made
        found.append((_used(folder), size, folder))
    return found


def _used(folder: Path) -> float:
    for place in (folder / USED, folder):
        with contextlib.suppress(OSError):
            return place.stat().st_mtime
    return 0.0


def _size_on_disk(tree: Tree) -> int:
    return int(tree.size_bytes) + BLOCK_BYTES * int(tree.file_count)


def _discard(folder: Path) -> None:
    """Remove a folder that nobody may write to, and whatever a script made of it."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
        return
    if not folder.exists():
        return
    os.chmod(folder, 0o700)
    for below, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(below, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _home() -> Path:
    folder = Path(settings.CACHE) / "trees"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _lock(name: str) -> Iterator[bool]:
    """Hold the lock of one tree; yields False where another has it.

    Lock files stay: one that is removed may be held by somebody still.
    """
    folder = _home() / ".locks"
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _words(tree: Tree, error: Exception) -> str:
    """Say why a tree could not be laid out."""
    if isinstance(error, StudioError):
        return error.message
    if isinstance(error, OSError) and error.errno in FULL:
        return (
            f"the disk of {settings.CACHE} has no room for its {tree.file_count:,} files"
            f" ({_size_on_disk(tree):,} bytes): make room there, or let STUDIO_HOME lie on a"
            " larger disk"
        )
    return f"its files could not be laid out in {settings.CACHE}: {error}"

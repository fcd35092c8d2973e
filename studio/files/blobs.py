"""Bytes named by their SHA-256. A blob exists only once its bytes are whole, hashed and kept.

    put:      bytes ── .arriving-… ── fsync ── [ name them, then the row ]
    collect:  [ the row ] ── [ no row? then the bytes ]      (studio/files/collecting.py)

What stands in brackets is a transaction in which nobody else names, or removes, that content. So
bytes go only while no row asks for them, and a row comes only while its bytes are there.
"""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string
from django.utils.timezone import now

from studio.errors import BadInput, NotFound, StorageAway, StudioError
from studio.files import room
from studio.models import Blob

READ_BYTES = 1024 * 1024
SHA256 = re.compile(r"[0-9a-f]{64}")
ARRIVING = ".arriving-"
CUT_OFF_AFTER_S = 24 * 3600
# SQLite takes so many values in one query.
AT_ONCE = 500
# `used_at` is written at most this often: asking for what is known is not a write each time.
USED_EVERY = timedelta(minutes=10)
TRIES = 5


class Refused(StorageAway):
    """The bucket says no: there is none of this name, or not for this key."""


class Store(Protocol):
    """Where the bytes are: studio/files/folder.py, or studio/files/s3.py."""

    # So many names are given in one transaction; few where giving one takes long.
    named_at_once: int

    def check(self) -> None:
        """Raise StorageAway where bytes cannot be kept and read."""

    def bring(self, file: Path, sha256: str) -> None:
        """Do what takes long, before the transaction."""

    def settle(self, file: Path, sha256: str) -> bool:
        """Give the bytes their name; False where they were removed since they were brought."""

    def local_path(self, sha256: str) -> Path | None: ...
    def open(self, sha256: str) -> BinaryIO: ...
    def read_range(self, sha256: str, start: int, length: int) -> Iterator[bytes]: ...
    def remove(self, sha256: str) -> None: ...
    def names(self, prefix: str, unused_s: float) -> Iterator[str]: ...


def store() -> Store:
    """Return the store that the settings name."""
    found: Store = import_string(settings.BLOB_STORE)()
    return found


def checked(sha256: str) -> str:
    """Return `sha256`. Raises BadInput for what is none."""
    if not SHA256.fullmatch(sha256):
        raise BadInput(f'"{sha256[:80]}" is not a SHA-256: 64 hexadecimal digits, lower case')
    return sha256


def path_of(sha256: str) -> Path:
    """Where the blob's bytes lie in the folder, whether or not they do. Raises BadInput."""
    return Path(settings.BLOBS) / checked(sha256)[:2] / sha256[2:]


# --- bytes in ----------------------------------------------------------------------------------
def put(
    chunks: Iterable[bytes | memoryview], sha256: str | None = None, size_bytes: int = 0
) -> Blob:
    """Keep bytes and return their blob; nothing is kept when they are not `sha256`.

    The bytes stream to a temporary file beside the store, are hashed on the way, reach the disk
    and only then get their name. Putting what exists is no error.
    size_bytes: how many will come, where that is known.
    Raises BadInput when the hash is another one, DiskFull where there is no room.
    """
    if sha256 is not None:
        checked(sha256)
    watch = room.Watch(arrivals(), "what is being sent")
    watch.comes(size_bytes)
    digest, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(prefix=ARRIVING, dir=arrivals())
    file = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            for chunk in chunks:
                watch.comes(len(chunk))
                digest.update(chunk)
                size += len(chunk)
                opened.write(chunk)
            opened.flush()
            os.fsync(opened.fileno())
        return keep(file, same(digest.hexdigest(), sha256), size)
    finally:
        file.unlink(missing_ok=True)


def arrivals() -> Path:
    """Return the folder in which bytes arrive; it is made."""
    folder = Path(settings.BLOBS)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def same(found: str, said: str | None) -> str:
    """Return the hash that bytes were found to have. Raises BadInput where another was said."""
    if said and found != said:
        raise BadInput(
            f"the bytes sent have the SHA-256 {found[:12]}…, not {said[:12]}…;"
            " the file changed while it was read, or was damaged on the way: send it again"
        )
    return found


def keep(file: Path, sha256: str, size: int) -> Blob:
    """Make the blob of a file whose bytes reached the disk and have this hash; the file goes."""
    place = store()
    for _ in range(TRIES):
        place.bring(file, sha256)
        with alone(sha256):
            if place.settle(file, sha256):
                blob, made = Blob.objects.get_or_create(
                    sha256=sha256, defaults={"size_bytes": size}
                )
                if not made:
                    use([sha256])
                file.unlink(missing_ok=True)
                return blob
    raise StudioError(f"{sha256[:12]}… was removed from the store each time it came; send it again")


@contextmanager
def alone(*sha256s: str) -> Iterator[None]:
    """Open a transaction in which nobody else names these contents, or removes their bytes.

    SQLite has one writer at a time anyway: its transactions begin with the lock.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # In one order, so that no two wait for each other.
            keys = sorted(int.from_bytes(bytes.fromhex(name[:16]), signed=True) for name in sha256s)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys]
                )
        yield


def sweep() -> None:
    """Remove what uploads that were cut off by a kill left behind, after a day."""
    for leftover in Path(settings.BLOBS).glob(f"{ARRIVING}*"):
        try:
            if time.time() - leftover.stat().st_mtime > CUT_OFF_AFTER_S:
                leftover.unlink()
        except FileNotFoundError:
            continue  # it arrived at this moment


# --- what is there -------------------------------------------------------------------------------
def missing(sha256s: list[str]) -> list[str]:
    """Return those of `sha256s` that are not kept, each once, in order.

    The others count as used now: they stay for STUDIO_KEEP_UNUSED_HOURS, named or not.
    """
    wanted = list(dict.fromkeys(map(checked, sha256s)))
    known = use(wanted)
    return [sha256 for sha256 in wanted if sha256 not in known]


def use(sha256s: Iterable[str]) -> set[str]:
    """Note that these contents are used now; return those that are kept."""
    wanted, at = sorted(sha256s), now()
    known: set[str] = set()
    for start in range(0, len(wanted), AT_ONCE):
        part = Blob.objects.filter(pk__in=wanted[start : start + AT_ONCE])
        found = dict(part.values_list("pk", "used_at"))
        stale = [pk for pk, used_at in found.items() if used_at < at - USED_EVERY]
        if stale and Blob.objects.filter(pk__in=stale).update(used_at=at) != len(stale):
            found = dict(part.values_list("pk", "used_at"))  # one was collected at this moment
        known |= found.keys()
    return known


def sizes(sha256s: set[str]) -> dict[str, int]:
    """Return the bytes of those blobs that are kept."""
    wanted = sorted(sha256s)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), AT_ONCE):
        part = Blob.objects.filter(pk__in=wanted[start : start + AT_ONCE])
        found.update(part.values_list("pk", "size_bytes"))
    return found


# --- bytes out -----------------------------------------------------------------------------------
def local_path(sha256: str) -> Path | None:
    """Return where the bytes lie on this machine; None where the store is no folder."""
    return store().local_path(checked(sha256))


def open_blob(sha256: str) -> BinaryIO:
    """Open a blob for reading, at any place. Raises NotFound when its bytes are gone."""
    try:
        return store().open(checked(sha256))
    except FileNotFoundError:
        raise _gone(sha256) from None


def read(sha256: str) -> Iterator[bytes]:
    """Yield a blob's bytes, a mebibyte at a time. Raises NotFound when they are gone."""
    with open_blob(sha256) as file:
        while chunk := file.read(READ_BYTES):
            yield chunk


def read_range(sha256: str, start: int, length: int) -> Iterator[bytes]:
    """Return `length` bytes from `start` on, in pieces. Raises NotFound when they are gone."""
    try:
        return store().read_range(checked(sha256), start, length)
    except FileNotFoundError:
        raise _gone(sha256) from None


def _gone(sha256: str) -> NotFound:
    return NotFound(f"the bytes of {sha256[:12]}… are not in the blob store")

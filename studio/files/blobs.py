"""Bytes named by their SHA-256. A blob exists only once its bytes are whole, hashed and on disk."""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from studio.errors import BadInput, NotFound
from studio.models import Blob

READ_BYTES = 1024 * 1024
SHA256 = re.compile(r"[0-9a-f]{64}")
ARRIVING = ".arriving-"
CUT_OFF_AFTER_S = 24 * 3600


def path_of(sha256: str) -> Path:
    """Where the blob's bytes lie (whether or not they do). Raises BadInput for no SHA-256."""
    if not SHA256.fullmatch(sha256):
        raise BadInput(f'"{sha256[:80]}" is not a SHA-256: 64 hexadecimal digits, lower case')
    return Path(settings.BLOBS) / sha256[:2] / sha256[2:]


def put(chunks: Iterable[bytes], sha256: str | None = None) -> Blob:
    """Keep bytes and return their blob; nothing is kept when they are not `sha256`.

    The bytes stream to a temporary file beside the store, are hashed on the way, reach the disk
    and only then get their name. Putting what exists is no error.
    Raises BadInput when the hash is another one.
    """
    if sha256 is not None:
        path_of(sha256)
    folder = Path(settings.BLOBS)
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(prefix=ARRIVING, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        found = digest.hexdigest()
        if sha256 is not None and found != sha256:
            raise BadInput(
                f"the bytes sent have the SHA-256 {found[:12]}…, not {sha256[:12]}…;"
                " the file changed while it was read, or was damaged on the way: send it again"
            )
        target = path_of(found)
        target.parent.mkdir(exist_ok=True)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    blob, _ = Blob.objects.get_or_create(sha256=found, defaults={"size_bytes": size})
    return blob


def missing(sha256s: list[str]) -> list[str]:
    """Return those of `sha256s` that are not kept, each once, in order."""
    wanted = list(dict.fromkeys(sha256s))
    for sha256 in wanted:
        path_of(sha256)
    known = sizes(set(wanted))
    return [sha256 for sha256 in wanted if sha256 not in known]


def sizes(sha256s: set[str]) -> dict[str, int]:
    """Return the bytes of those blobs that are kept."""
    wanted = sorted(sha256s)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), 500):  # SQLite takes so many values in one query
        part = Blob.objects.filter(pk__in=wanted[start : start + 500])
        found.update(part.values_list("pk", "size_bytes"))
    return found


def sweep() -> None:
    """Remove what uploads that were cut off by a kill left behind, after a day."""
    for leftover in Path(settings.BLOBS).glob(f"{ARRIVING}*"):
        if time.time() - leftover.stat().st_mtime > CUT_OFF_AFTER_S:
            leftover.unlink(missing_ok=True)


def open_blob(sha256: str) -> BinaryIO:
    """Open a blob for reading. Raises NotFound when its bytes are gone."""
    try:
        return path_of(sha256).open("rb")
    except FileNotFoundError:
        raise NotFound(f"the bytes of {sha256[:12]}… are not in the blob store") from None


def read(sha256: str) -> Iterator[bytes]:
    """Yield a blob's bytes, a mebibyte at a time."""
    with open_blob(sha256) as file:
        while chunk := file.read(READ_BYTES):
            yield chunk

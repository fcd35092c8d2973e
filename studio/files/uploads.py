"""Uploads that go on after a cut: bytes arrive beside the store, and become a blob when whole.

    begin ── append, append … (a cut keeps what came) ── finish: hash, compare, name
                                                   └── abandon, or a day of silence: all of it goes

How far an upload is, its file says: no row is written for each piece. The file is locked while
somebody appends, by the kernel, so that a kill lets it go.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils.timezone import now as clock

from studio.errors import BadInput, Conflict, NotFound, WrongOffset, is_disk_full
from studio.files import blobs, room
from studio.files.beside import Beside, Hashes, ToDisk
from studio.models import Blob, Upload, User, Workspace

SILENT_FOR = timedelta(days=1)
# Whoever was cut off may still be appending what had come: wait for its end.
BUSY_S = 5.0
READ_BYTES = 8 * 1024 * 1024
# Measured on Linux 6.18: writes of 2 MiB took two to ten times the system time of these.
WRITE_BYTES = 256 * 1024


class TooMuch(BadInput):
    """More bytes came than were said."""

    def __init__(self, size_bytes: int):
        super().__init__(
            f"more than the {size_bytes:,} bytes came that were said; the file changed while it"
            " was read: send it again"
        )


_hashes = Hashes()


def begin(
    workspace: Workspace, user: User, *, size_bytes: int, sha256: str = "", subject: str = ""
) -> Upload | Blob:
    """Start an upload, or return the content where it is here already.

    Raises DiskFull where there is no room for it, BadInput for what is no SHA-256.
    """
    if sha256 and not blobs.missing([sha256]):
        return Blob.objects.get(pk=sha256)
    room.need(blobs.arrivals(), size_bytes, f"this file of {size_bytes:,} bytes")
    return Upload.objects.create(
        workspace=workspace, user=user, subject=subject, sha256=sha256, size_bytes=size_bytes
    )


def find(workspace: Workspace, user: User, subject: str, key: UUID) -> Upload:
    """Return an upload to whoever began it. Raises NotFound."""
    found = Upload.objects.filter(pk=key, workspace=workspace, user=user, subject=subject).first()
    if found is None:
        raise _absent(key)
    return found


def at(upload: Upload) -> int:
    """Return how many bytes have arrived."""
    try:
        return _place(upload.pk).stat().st_size
    except FileNotFoundError:
        return 0


def append(upload: Upload, offset: int, chunks: Iterable[bytes | memoryview]) -> int:
    """Add bytes from `offset` on, and return how many have arrived; what came before a cut stays.

    Raises WrongOffset with `at`; BadInput for more bytes than were said, DiskFull: of these
    nothing is left.
    """
    with _held(upload) as file:
        reached = file.seek(0, os.SEEK_END)
        if offset != reached:
            raise WrongOffset(f"this upload goes on at byte {reached}, not {offset}", at=reached)
        digest = _hashes.take(upload.pk, reached)
        hashing = Beside(digest, reached)
        try:
            with hashing, ToDisk(file.fileno()) as flushing:
                for chunk in chunks:
                    if reached + len(chunk) > upload.size_bytes:
                        raise TooMuch(upload.size_bytes)
                    hashing.add(chunk)
                    _write(file, chunk)
                    reached += len(chunk)
                    flushing.wrote(len(chunk))
        except Exception as error:
            if isinstance(error, TooMuch) or is_disk_full(error):
                abandon(upload)
            else:
                # A piece that was hashed and not written: its hash is of no use any more.
                _note(upload, digest if hashing.size == reached else None, reached)
            raise
        _note(upload, digest, reached)
    return reached


def finish(upload: Upload) -> Blob:
    """Make the blob of what arrived. The bytes are hashed here, whatever was said of them.

    Raises WrongOffset where bytes are missing; BadInput where the hash is another one, and then
    nothing is left.
    """
    with _held(upload) as file:
        reached = file.seek(0, os.SEEK_END)
        if reached != upload.size_bytes:
            raise WrongOffset(
                f"{upload.size_bytes:,} bytes were said, and {reached:,} came; send the rest",
                at=reached,
            )
        digest = _hashes.take(upload.pk, reached) or _read_again(file)
        try:
            found = blobs.same(digest.hexdigest(), upload.sha256)
        except BadInput:
            abandon(upload)
            raise
        os.fsync(file.fileno())
        try:
            blob = blobs.keep(_place(upload.pk), found, reached)
        except FileNotFoundError:  # it was abandoned while it was hashed
            raise _absent(upload.pk) from None
        upload.delete()
    return blob


def abandon(upload: Upload) -> None:
    """Remove an upload with what arrived."""
    Upload.objects.filter(pk=upload.pk).delete()
    _place(upload.pk).unlink(missing_ok=True)
    _hashes.take(upload.pk, -1)


def sweep(now: datetime) -> None:
    """Remove uploads with which nobody went on for a day."""
    before = now - SILENT_FOR
    for upload in Upload.objects.filter(updated_at__lt=before).order_by("updated_at")[:100]:
        try:
            if _place(upload.pk).stat().st_mtime > before.timestamp():
                continue  # it still comes, all of it in one request
        except FileNotFoundError:
            pass
        abandon(upload)


def _place(key: UUID) -> Path:
    return blobs.arrivals() / f"{blobs.ARRIVING}{key}"


def _absent(key: UUID) -> NotFound:
    return NotFound(f"no upload {key} of yours; it is finished, or a day old: begin another one")


@contextmanager
def _held(upload: Upload) -> Iterator[FileIO]:
    """The upload's file, for us alone. Raises Conflict, NotFound where it ended meanwhile."""
    handle = os.open(_place(upload.pk), os.O_RDWR | os.O_CREAT, 0o600)
    with FileIO(handle, "r+") as file:
        deadline = time.monotonic() + BUSY_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Conflict(
                        f"upload {upload.pk} is being sent by somebody else at this moment; ask"
                        " where it is, and go on there"
                    ) from None
                time.sleep(0.05)
        if not Upload.objects.filter(pk=upload.pk).exists():
            _place(upload.pk).unlink(missing_ok=True)
            raise _absent(upload.pk)
        yield file


def _write(file: FileIO, chunk: bytes | memoryview) -> None:
    left = memoryview(chunk)
    while left:
        left = left[file.write(left[:WRITE_BYTES]) :]


def _note(upload: Upload, digest: Any | None, reached: int) -> None:
    _hashes.keep(upload.pk, digest, reached)
    Upload.objects.filter(pk=upload.pk).update(received_bytes=reached, updated_at=clock())


def _read_again(file: FileIO) -> Any:
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(READ_BYTES):
        digest.update(piece)
    return digest

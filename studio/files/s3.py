"""Contents in a bucket of any S3, by django-storages: `<prefix>/<2 hex digits>/<62 hex digits>`.

They arrive in STUDIO_HOME/blobs first, where they are hashed; what has its name in the bucket is
whole. An object's name is its content, so an object is never written with other bytes.
"""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from django.conf import settings
from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]

READ_BYTES = 1024 * 1024
# A reader that jumps about asks for this much at a time.
ASKED_BYTES = 4 * 1024 * 1024
ABSENT = ("404", "NoSuchKey", "NotFound")


@cache
def _storage(**options: Any) -> S3Storage:
    """One for the process: its connections are for all threads, and take a second to set up."""
    return S3Storage(
        **options, file_overwrite=True, default_acl=None, querystring_auth=True, use_threads=True
    )


class S3:
    """A store in the bucket that STUDIO_BUCKET_* names."""

    def __init__(self) -> None:
        self._storage = _storage(**settings.S3_OPTIONS)

    def bring(self, file: Path, sha256: str) -> None:
        """Send the file, in parts where it is large; nothing where the bucket has it."""
        if self._storage.exists(_name(sha256)):
            return
        with file.open("rb") as opened:
            self._bucket().upload_fileobj(opened, self._key(sha256))

    def settle(self, file: Path, sha256: str) -> bool:
        """Whether the bucket still has it: it may have been collected since."""
        return bool(self._storage.exists(_name(sha256)))

    def local_path(self, sha256: str) -> Path | None:
        """A bucket is not on this machine."""
        return None

    def open(self, sha256: str) -> BinaryIO:
        """Open the bytes for reading, at any place. Raises FileNotFoundError."""
        with _found(sha256):
            size = self._bucket().Object(self._key(sha256)).content_length
        return io.BufferedReader(_Ranges(self, sha256, size), ASKED_BYTES)

    def read_range(self, sha256: str, start: int, length: int) -> Iterator[bytes]:
        """Yield `length` bytes from `start` on. Raises FileNotFoundError at once."""
        if length == 0:
            return iter(())
        asked = f"bytes={start}-{start + length - 1}"
        with _found(sha256):
            body = self._bucket().Object(self._key(sha256)).get(Range=asked)["Body"]
        return iter(lambda: body.read(READ_BYTES), b"")

    def remove(self, sha256: str) -> None:
        """Remove the object."""
        self._storage.delete(_name(sha256))

    def names(self, prefix: str, unused_s: float) -> Iterator[str]:
        """Yield what is kept under two hexadecimal digits and was not written for `unused_s`."""
        key = self._key(prefix + "0" * 62).removesuffix("0" * 62)
        for found in self._bucket().objects.filter(Prefix=key):
            if time.time() - found.last_modified.timestamp() >= unused_s:
                yield prefix + found.key.removeprefix(key)

    def _bucket(self) -> Any:
        """A bucket of this thread's own connection: boto3 shares none between threads."""
        return self._storage.connection.Bucket(self._storage.bucket_name)

    def _key(self, sha256: str) -> str:
        return "/".join(filter(None, [self._storage.location.strip("/"), _name(sha256)]))


class _Ranges(io.RawIOBase):
    """An object as a file: each read asks for its range."""

    def __init__(self, store: S3, sha256: str, size: int):
        self._store, self._sha256, self._size, self._at = store, sha256, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        length = min(len(buffer), self._size - self._at)
        if length <= 0:
            return 0
        got = b"".join(self._store.read_range(self._sha256, self._at, length))
        buffer[: len(got)] = got
        self._at += len(got)
        return len(got)


@contextmanager
def _found(sha256: str) -> Iterator[None]:
    """Say of an absent object what a folder says of an absent file."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            raise FileNotFoundError(sha256) from None
        raise


def _name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:]}"

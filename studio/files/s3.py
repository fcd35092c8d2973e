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

from boto3.exceptions import S3UploadFailedError  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from django.conf import settings
from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]

from studio.errors import StorageAway
from studio.files.blobs import Refused

READ_BYTES = 1024 * 1024
# A reader that jumps about asks for this much at a time.
ASKED_BYTES = 4 * 1024 * 1024
ABSENT = ("404", "NoSuchKey", "NotFound")
# A bucket that is away is told soon: who sends tries again, and a run waits on its own disk.
PATIENCE = {"connect_timeout": 5, "read_timeout": 30, "retries": {"total_max_attempts": 3}}
CONNECTIONS = 32


@cache
def _opened(**options: Any) -> tuple[S3Storage, Any]:
    """The storage and its client, which is for all threads; one takes a second to set up."""
    storage = S3Storage(
        **options,
        client_config=Config(**PATIENCE, max_pool_connections=CONNECTIONS),
        file_overwrite=True,
        default_acl=None,
    )
    return storage, storage.connection.meta.client


class S3:
    """A store in the bucket that STUDIO_BUCKET_* names. Each verb may raise StorageAway."""

    # Each of them is asked for, and meanwhile nobody else may write.
    named_at_once = 8

    def __init__(self) -> None:
        with _answering():
            self._storage, self._client = _opened(**settings.S3_OPTIONS)

    def bring(self, file: Path, sha256: str) -> None:
        """Send the file, in parts where it is large; nothing where the bucket has it."""
        if self._size(sha256) is not None:
            return
        with _answering(), file.open("rb") as opened:
            self._client.upload_fileobj(opened, **self._at(sha256))

    def settle(self, file: Path, sha256: str) -> bool:
        """Whether the bucket still has it: it may have been collected since."""
        return self._size(sha256) is not None

    def local_path(self, sha256: str) -> Path | None:
        """A bucket is not on this machine."""
        return None

    def open(self, sha256: str) -> BinaryIO:
        """Open the bytes for reading, at any place. Raises FileNotFoundError."""
        size = self._size(sha256)
        if size is None:
            raise FileNotFoundError(sha256)
        return io.BufferedReader(_Ranges(self, sha256, size), ASKED_BYTES)

    def read_range(self, sha256: str, start: int, length: int) -> Iterator[bytes]:
        """Yield `length` bytes from `start` on. Raises FileNotFoundError at once."""
        if length == 0:
            return iter(())
        asked = f"bytes={start}-{start + length - 1}"
        with _answering():
            body = self._client.get_object(**self._at(sha256), Range=asked)["Body"]
        return _pieces(body)

    def remove(self, sha256: str) -> None:
        """Remove the object."""
        with _answering():
            self._client.delete_object(**self._at(sha256))

    def names(self, prefix: str, unused_s: float) -> Iterator[str]:
        """Yield what is kept under two hexadecimal digits and was not written for `unused_s`."""
        key = self._at(prefix + "0" * 62)["Key"].removesuffix("0" * 62)
        bucket = self._storage.bucket_name
        with _answering():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=bucket, Prefix=key):
                for found in page.get("Contents", ()):
                    if time.time() - found["LastModified"].timestamp() >= unused_s:
                        yield prefix + found["Key"].removeprefix(key)

    def check(self) -> None:
        """Write, find and remove something. Raises Refused, StorageAway."""
        probe = f"{self._at('0' * 64)['Key']}.probe"
        where = {"Bucket": self._storage.bucket_name, "Key": probe}
        with _answering():
            self._client.put_object(**where, Body=b"")
            self._client.head_object(**where)
            self._client.delete_object(**where)

    def _size(self, sha256: str) -> int | None:
        """How large the object is; None where there is none."""
        try:
            with _answering():
                return int(self._client.head_object(**self._at(sha256))["ContentLength"])
        except FileNotFoundError:
            return None

    def _at(self, sha256: str) -> dict[str, str]:
        place = (self._storage.location.strip("/"), sha256[:2], sha256[2:])
        return {"Bucket": self._storage.bucket_name, "Key": "/".join(filter(None, place))}


def _pieces(body: Any) -> Iterator[bytes]:
    with _answering():
        yield from iter(lambda: body.read(READ_BYTES), b"")


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
def _answering() -> Iterator[None]:
    """Say of an absent object what a folder says of an absent file; StorageAway of other trouble.

    That of the connection, the key, or the bucket.
    """
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            raise FileNotFoundError(error.response["Error"].get("Key", "the object")) from None
        raise _away(error, Refused) from error
    except (BotoCoreError, S3UploadFailedError) as error:
        raise _away(error) from error


def _away(error: Exception, kind: type[StorageAway] = StorageAway) -> StorageAway:
    bucket = settings.S3_OPTIONS["bucket_name"]
    return kind(
        f"the bucket {bucket}, where the studio keeps contents, cannot be used: {error}. Nothing"
        " is lost: it goes on, or is sent again, when the bucket answers. Whoever keeps the studio"
        " looks at STUDIO_BUCKET_*"
    )

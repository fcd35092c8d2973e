"""What is done to a file beside the writing of it: hashed, and brought to the disk."""

import hashlib
import os
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from types import TracebackType
from typing import Any
from uuid import UUID

MOST_HASHES = 256
FLUSH_BYTES = 128 * 1024 * 1024


class Beside:
    """Hashes pieces in a thread of its own, so that writing them need not wait for it.

    A piece must stay as it is until the next one is added. `size` counts what was added.
    digest: of hashlib; None: nobody knows the bytes before these, and nothing is hashed.
    """

    def __init__(self, digest: Any | None, size: int):
        self._digest = digest
        self._doing: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self.size = size

    def __enter__(self) -> "Beside":
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)

    def add(self, piece: bytes | memoryview) -> None:
        """Begin to hash `piece`; the one before it is done then."""
        if self._doing is not None:
            self._doing.result()
        if self._digest is not None:
            self._doing = self._thread.submit(self._digest.update, piece)
        self.size += len(piece)


class ToDisk:
    """Has a file's bytes brought to the disk while more of them come: the end waits for less."""

    def __init__(self, file: int):
        self._file = file
        self._doing: Future[None] | None = None
        self._since = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="to-disk")

    def __enter__(self) -> "ToDisk":
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)

    def wrote(self, size: int) -> None:
        """Note that `size` more bytes were written."""
        self._since += size
        if self._since >= FLUSH_BYTES and (self._doing is None or self._doing.done()):
            self._since = 0
            self._doing = self._thread.submit(os.fdatasync, self._file)


class Hashes:
    """Hashes of uploads under way, so that most need not be read again. Only a saving."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()

    def take(self, key: UUID, at: int) -> Any | None:
        """Return the hash of the first `at` bytes, None where nobody knows it."""
        with self._lock:
            digest, known_at = self._known.pop(key, (None, -1))
        if at == 0:
            return hashlib.sha256()
        return digest if known_at == at else None

    def keep(self, key: UUID, digest: Any | None, at: int) -> None:
        with self._lock:
            if digest is not None:
                self._known[key] = (digest, at)
            while len(self._known) > MOST_HASHES:
                self._known.popitem(last=False)

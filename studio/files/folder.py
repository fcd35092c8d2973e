"""Contents in a folder: each a file named by its SHA-256. The default, and the fast way."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

READ_BYTES = 1024 * 1024


class Folder:
    """A store in STUDIO_HOME/blobs. All of it is quick, so it may be called in a transaction."""

    named_at_once = 200

    def check(self) -> None:
        """The folder is made when it is needed."""

    def bring(self, file: Path, sha256: str) -> None:
        """Nothing has to be brought: `file` lies on the store's own disk."""

    def settle(self, file: Path, sha256: str) -> bool:
        """Give the bytes their name, in place of what had it. `file` is gone then."""
        target = self._place(sha256)
        try:
            os.replace(file, target)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
        return True

    def local_path(self, sha256: str) -> Path | None:
        """Where the bytes lie on this machine, whether or not they do."""
        return self._place(sha256)

    def open(self, sha256: str) -> BinaryIO:
        """Open the bytes for reading. Raises FileNotFoundError."""
        return self._place(sha256).open("rb")

    def read_range(self, sha256: str, start: int, length: int) -> Iterator[bytes]:
        """Yield `length` bytes from `start` on. Raises FileNotFoundError at once."""
        return Pieces(self._place(sha256), start, length)

    def remove(self, sha256: str) -> None:
        """Remove the bytes; whoever reads them at this moment may read on."""
        self._place(sha256).unlink(missing_ok=True)

    def names(self, prefix: str, unused_s: float) -> Iterator[str]:
        """Yield what is kept under two hexadecimal digits and was not written for `unused_s`."""
        try:
            entries = list(os.scandir(Path(settings.BLOBS) / prefix))
        except FileNotFoundError:
            return
        for entry in entries:
            try:
                age_s = time.time() - entry.stat().st_mtime
            except FileNotFoundError:
                continue  # it was collected at this moment
            if age_s >= unused_s:
                yield prefix + entry.name

    def _place(self, sha256: str) -> Path:
        return Path(settings.BLOBS) / sha256[:2] / sha256[2:]


class Pieces:
    """`length` bytes of a file from `start` on; it is opened when the first are read."""

    def __init__(self, place: Path, start: int, length: int):
        place.stat()
        self._place, self._start, self._left = place, start, length
        self._file: BinaryIO | None = None

    def __iter__(self) -> "Pieces":
        return self

    def __next__(self) -> bytes:
        if self._left <= 0:
            self.close()
            raise StopIteration
        if self._file is None:
            self._file = self._place.open("rb")
            self._file.seek(self._start)
        piece = self._file.read(min(self._left, READ_BYTES))
        self._left = self._left - len(piece) if piece else 0
        return piece or next(self)

    def close(self) -> None:
        """Read no more."""
        self._left = 0
        if self._file is not None:
            self._file.close()

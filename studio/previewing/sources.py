"""The bytes a preview is made of: any range of them, or all of them as a file to seek in."""

from typing import BinaryIO, NamedTuple

from studio.files import blobs
from studio.models import Blob


class Source(NamedTuple):
    """A kept file: the path it is shown under, how large it is, and the blob that it is."""

    path: str
    size_bytes: int
    sha256: str

    @property
    def ending(self) -> str:
        """`outputs/a.CSV` → "csv"; "" for a name without one."""
        name = self.path.rpartition("/")[2]
        return name.rpartition(".")[2].lower() if "." in name[1:] else ""

    def open(self) -> BinaryIO:
        """The bytes as a file that can be sought in. Raises NotFound when they are gone."""
        return blobs.open_blob(self.sha256)

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes from `start` on."""
        with self.open() as file:
            file.seek(start)
            return file.read(length)


def of_blob(path: str, blob: Blob) -> Source:
    """The source that shows `blob` under `path`."""
    return Source(path, blob.size_bytes, blob.sha256)

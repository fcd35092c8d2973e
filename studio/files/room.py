"""Room on the disk where contents arrive: looked at before they are written, and meanwhile."""

import shutil
from pathlib import Path

from studio.errors import DiskFull

# Room that contents leave for the database and for what runs write.
SPARE_BYTES = 64 * 1024 * 1024
LOOK_EVERY_BYTES = 8 * 1024 * 1024


def need(place: Path, size: int, what: str) -> None:
    """Raise DiskFull unless the disk of `place` takes `size` more bytes and has some to spare."""
    free = shutil.disk_usage(place).free
    if size + SPARE_BYTES > free:
        raise DiskFull(
            f"the studio's disk has {free:,} bytes left, too few for {what}; whoever keeps the"
            " studio must make room"
        )


class Watch:
    """Looks at the disk each time so many bytes were written. What is small is let through:

    a disk that is nearly full still takes the last files of runs, for which nobody sends again.
    """

    def __init__(self, place: Path, what: str):
        self._place, self._what = place, what
        self._since = 0

    def comes(self, size: int) -> None:
        """Note that `size` bytes come, before they are written. Raises DiskFull."""
        self._since += size
        if self._since >= LOOK_EVERY_BYTES:
            self._since = 0
            need(self._place, size, self._what)

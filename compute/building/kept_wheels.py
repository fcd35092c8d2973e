"""Wheels that the studio keeps, laid out as files for a build, as far as their bytes are here."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from compute.building import installing, own_wheels
from studio.errors import NotFound
from studio.files import blobs


def laid_out(text: str, folder: Path) -> dict[str, str]:
    """Lay the wheels that a text names below `folder`; return address → path.

    Of another studio's, whose bytes are not here, there is none: they are fetched as any address.
    """
    found = {}
    for address, (sha256, name) in own_wheels.named(text).items():
        place = folder / sha256 / name
        if place.exists() or _lay(sha256, place):
            found[address] = str(place)
    return found


@contextlib.contextmanager
def beside(text: str) -> Iterator[dict[str, str]]:
    """The same in a folder of its own, which goes afterwards."""
    settings.IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=installing.WORK, dir=settings.IMAGES) as folder:
        yield laid_out(text, Path(folder) / "own-wheels")


def _lay(sha256: str, place: Path) -> bool:
    """Put one content there; False where the studio has it not. The names are of our pattern."""
    local = blobs.local_path(sha256)
    if local is not None:
        if not local.is_file():
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(local, place)
        return True
    try:
        pieces = blobs.read(sha256)
        first = next(pieces, b"")
    except NotFound:
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as out:
        out.write(first)
        out.writelines(pieces)
    return True

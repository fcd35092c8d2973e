"""Many small contents at once: what takes the time with each of them is done for all together.

    known? ── .arriving-… and to the disk, side by side ── [ names, then rows ], some at a time

What stands in brackets is a transaction, as in studio/files/blobs.py. Who sends large contents
puts each by itself.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from studio.errors import StudioError
from studio.files import blobs
from studio.models import Blob

# What is larger than this gains nothing by company.
SMALL_BYTES = 1024 * 1024
# So much is held in memory at a time.
AT_ONCE, AT_ONCE_BYTES = 1000, 8 * 1024 * 1024
# Waiting for the disk is most of it, and the disk takes what comes together at one go.
THREADS = 8


def put_many(contents: Iterable[bytes]) -> list[str]:
    """Keep small contents, some at a time; return the SHA-256 of each, in their order.

    What was kept stays where a later one raises.
    """
    names: list[str] = []
    for portion in portions(contents):
        hashes = [hashlib.sha256(content).hexdigest() for content in portion]
        keep_all(dict(zip(hashes, portion, strict=True)))
        names += hashes
    return names


def portions(contents: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the contents, as many at a time as are held in memory."""
    portion: list[bytes] = []
    size = 0
    for content in contents:
        portion.append(content)
        size += len(content)
        if len(portion) >= AT_ONCE or size >= AT_ONCE_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def keep_all(contents: dict[str, bytes]) -> None:
    """Keep contents by SHA-256, which they are known to have. None has a row before its bytes.

    What is there already is not written again.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(blobs.TRIES):
            # Each time anew: what was there before may be collected while the others come.
            left = _unknown(contents)
            if not left:
                return
            with _written(pool, contents, left) as files:
                _keep(pool, contents, files)
    if left := _unknown(contents):
        raise StudioError(
            f"{left[0][:12]}… was removed from the store each time it came; send it again"
        )


def _keep(pool: ThreadPoolExecutor, contents: dict[str, bytes], files: dict[str, Path]) -> None:
    place, names = blobs.store(), list(files)
    # Where they are brought elsewhere that takes long: not within a transaction.
    list(pool.map(lambda sha256: place.bring(files[sha256], sha256), names))
    for start in range(0, len(names), place.named_at_once):
        _name(pool, names[start : start + place.named_at_once], contents, files)


def _unknown(contents: dict[str, bytes]) -> list[str]:
    return sorted(contents.keys() - blobs.use(contents))


@contextmanager
def _written(
    pool: ThreadPoolExecutor, contents: dict[str, bytes], names: list[str]
) -> Iterator[dict[str, Path]]:
    """Files of these contents, all of them on the disk; those that have no name yet go again."""
    folder, mark = blobs.arrivals(), f"{blobs.ARRIVING}{uuid4().hex}-"
    files = {sha256: folder / f"{mark}{number}" for number, sha256 in enumerate(names)}

    def write(part: list[str]) -> None:
        for sha256 in part:
            handle = os.open(files[sha256], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "wb") as file:
                file.write(contents[sha256])
                file.flush()
                os.fsync(handle)

    try:
        list(pool.map(write, [names[at::THREADS] for at in range(THREADS)]))
        yield files
    finally:
        for file in files.values():
            file.unlink(missing_ok=True)


def _name(
    pool: ThreadPoolExecutor,
    names: list[str],
    contents: dict[str, bytes],
    files: dict[str, Path],
) -> None:
    """Make the blobs of files that were brought, in one transaction."""
    place = blobs.store()
    with blobs.alone(*names):
        new = sorted(set(names) - blobs.use(names))
        settle = [(files[sha256], sha256) for sha256 in new]
        if place.named_at_once > THREADS:  # it is quick: threads would only cost
            is_there = [place.settle(*one) for one in settle]
        else:
            is_there = list(pool.map(lambda one: place.settle(*one), settle))
        Blob.objects.bulk_create(
            Blob(sha256=sha256, size_bytes=len(contents[sha256]))
            for sha256, settled in zip(new, is_there, strict=True)
            if settled
        )

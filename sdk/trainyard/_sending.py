"""Files of this computer go to the studio: hashed side by side; only what it lacks is sent."""

import os
from functools import partial
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from trainyard import _batches, _errors
from trainyard._client import file_sha256
from trainyard._lazy import pools
from trainyard._place import Place
from trainyard._uploads import LARGE_BYTES, Upload

HASHING_THREADS = 4
ASKED_AT_ONCE = 10000

File = Tuple[str, str]  # (path there, place here)
Say = Callable[[str], None]
SoFar = Callable[[str, int, int], None]


def below(folder: str, prefix: str = "") -> List[File]:
    """Return (path below `prefix`, place) of every file of a folder. Raises UserErrorException."""
    root = os.path.expanduser(os.fspath(folder))
    if not os.path.isdir(root):
        raise _errors.UserErrorException(
            "the folder {} does not exist on this computer".format(os.path.abspath(root))
        )
    start = prefix.strip("/")
    return [
        ("/".join(part for part in (start, path) if part), place) for path, place in _walk(root)
    ]


def _walk(root: str) -> Iterator[File]:
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            place = os.path.join(folder, name)
            if os.path.isfile(place):
                _check_name(place)
                yield os.path.relpath(place, root).replace(os.sep, "/"), place


def _check_name(place: str) -> None:
    try:
        place.encode("utf-8")
    except UnicodeEncodeError:
        raise _errors.UserErrorException(
            "the name of {!r} is not valid UTF-8; rename it".format(place)
        ) from None


def send(
    workspace: Place,
    files: Sequence[File],
    done: Optional[Say] = None,
    so_far: Optional[SoFar] = None,
) -> List[List[str]]:
    """Bring the contents of `files` to the studio and return [path, SHA-256] of each.

    done: told the place of each file once the studio has it, from any thread.
    so_far: told of a large file how far it is: its place, bytes there, bytes in all.
    Raises UserErrorException for a file that cannot be read.
    """
    try:
        # Hashing releases the interpreter's lock, so threads use all cores.
        with pools.ThreadPoolExecutor(HASHING_THREADS) as pool:
            hashes = list(pool.map(lambda file: file_sha256(file[1]), files))
    except OSError as error:
        raise _errors.UserErrorException(
            "{} cannot be read: {}".format(error.filename, error.strerror)
        ) from None
    places: Dict[str, List[str]] = {}
    for (_, place), sha256 in zip(files, hashes):
        places.setdefault(sha256, []).append(place)
    try:
        missing = set(_missing(workspace, sorted(places)))
        in_pieces = LARGE_BYTES
    except _errors.NotAllowed:
        # A script's own token: each of its uploads asks whether the content is there.
        missing, in_pieces = set(places), -1

    first = {sha256: places[sha256][0] for sha256 in missing}

    def bring(job: List[str]) -> None:
        place = first[job[0]]
        if len(job) > 1:
            _batches.send(workspace.client, workspace.api(""), first, job)
        elif os.path.getsize(place) > in_pieces:
            with open(place, "rb") as file:
                told = partial(so_far, place) if so_far else None
                Upload(workspace.client.transport(), workspace.api("")).send(file, job[0], told)
        else:
            workspace.client.put_blob(workspace.api("blobs/" + job[0]), place)
        say(job)

    def say(sha256s: Iterable[str]) -> None:
        for place in (place for sha256 in sha256s for place in places[sha256]) if done else ():
            done(place)  # type: ignore[misc]

    say(sha256 for sha256 in places if sha256 not in missing)
    workspace.client.side_by_side(bring, _batches.jobs(first, sorted(missing)))
    return [[path, sha256] for (path, _), sha256 in zip(files, hashes)]


def _missing(workspace: Place, hashes: List[str]) -> Iterator[str]:
    for start in range(0, len(hashes), ASKED_AT_ONCE):
        asked = {"sha256": hashes[start : start + ASKED_AT_ONCE]}
        for sha256 in workspace.client.post(workspace.api("blobs/missing"), asked)["missing"]:
            yield sha256

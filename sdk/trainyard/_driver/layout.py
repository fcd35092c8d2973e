"""A run's code and earlier outputs, laid out as files."""

import os
from typing import Any, Dict, List, NamedTuple, Tuple

from trainyard import _errors
from trainyard._client import Client, file_sha256
from trainyard._driver.paths import trouble_with

Laid = NamedTuple("Laid", [("path", str), ("place", str), ("sha256", str), ("size", int)])


class NotLaid(Exception):
    """The code cannot be laid out; the message says which file, and why."""


def lay(client: Client, folder: str, files: List[Any]) -> List[Laid]:
    """Write files, given as [path, sha256, size], into `folder`, and check their content.

    Several connections fetch them; content that occurs twice is fetched once.
    Raises NotLaid for an unsafe path, missing or wrong content, or a full disk.
    """
    laid = [_place(folder, str(path), str(sha256), int(size)) for path, sha256, size in files]
    by_content: Dict[str, List[Laid]] = {}
    for one in laid:
        by_content.setdefault(one.sha256, []).append(one)

    def fetch(entry: Tuple[str, List[Laid]]) -> None:
        sha256, copies = entry
        first = copies[0]
        client.download("driver/blobs/" + sha256, first.place, first.size)
        if file_sha256(first.place) != sha256:
            raise NotLaid("{} arrived with other content than the snapshot has".format(first.path))
        for other in copies[1:]:
            _copy(first.place, other.place)

    try:
        os.makedirs(folder, exist_ok=True)
        client.side_by_side(fetch, list(by_content.items()))
    except OSError as error:
        raise NotLaid(
            "the code could not be written to {}: {}".format(folder, error.strerror or error)
        ) from None
    except (_errors.StudioError, _errors.Unreachable) as error:
        raise NotLaid("the code could not be fetched: {}".format(error.message)) from None
    return laid


def _place(folder: str, path: str, sha256: str, size: int) -> Laid:
    trouble = trouble_with(path)
    if trouble:
        raise NotLaid("the path {!r} cannot be laid out: {}".format(path[:200], trouble))
    return Laid(path, os.path.join(folder, *path.split("/")), sha256, size)


def _copy(source: str, target: str) -> None:
    """Copy by content: a script may change one of two equal files."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(source, "rb") as file, open(target, "wb") as copy:
        for piece in iter(lambda: file.read(1024 * 1024), b""):
            copy.write(piece)

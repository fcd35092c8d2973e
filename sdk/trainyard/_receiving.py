"""Files come from the studio: each whole or not at all, and none outside of the folder given."""

import os
from typing import List, Sequence, Tuple

from trainyard import _errors
from trainyard._client import Client

Wanted = Tuple[str, str, int]  # API path, place here, size


def inside(folder: str, path: str) -> str:
    """Return where `path` lies in `folder`. Raises UnsafePath when it leads out."""
    target = os.path.normpath(os.path.join(folder, path))
    if os.path.isabs(path) or os.path.relpath(target, folder).startswith(os.pardir):
        raise _errors.UnsafePath("the path {!r} leads out of {}".format(path, folder))
    return target


def fetch(client: Client, files: Sequence[Wanted]) -> List[str]:
    """Download the files over several connections; return where they lie."""

    def one(file: Wanted) -> None:
        client.download(*file)

    client.side_by_side(one, files)
    return [place for _, place, _ in files]

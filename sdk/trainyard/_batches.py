"""Many small contents in one call: each call alone costs more than the bytes of a small file.

A body is `<sha256> <bytes>`, an end of line, the bytes; and the next.
"""

import os
from typing import Dict, Iterable, List, Sequence, Tuple

from trainyard._client import Client
from trainyard._transport import UPLOAD_TIMEOUT_S
from trainyard._uploads import API

SMALL_BYTES = 128 * 1024
AT_ONCE, AT_ONCE_BYTES = 500, 4 * 1024 * 1024


def jobs(places: Dict[str, str], wanted: Sequence[str]) -> List[List[str]]:
    """Return the SHA-256 of what goes in one call, for each call; a large file goes alone.

    places: SHA-256 → a file with this content. Raises OSError for one that cannot be read.
    """
    alone, together, size = [], [[]], 0  # type: List[List[str]], List[List[str]], int
    for sha256 in wanted:
        more = os.path.getsize(places[sha256])
        if more > SMALL_BYTES:
            alone.append([sha256])
            continue
        if len(together[-1]) >= AT_ONCE or size + more > AT_ONCE_BYTES:
            together.append([])
            size = 0
        together[-1].append(sha256)
        size += more
    return [job for job in alone + together if job]


def send(client: Client, base: str, places: Dict[str, str], job: Sequence[str]) -> None:
    """Send several small files in one call. Raises OSError; BadInput where one changed meanwhile.

    base: the path of their workspace below /api/v1/, with a / at its end.
    """
    pieces = []
    for sha256 in job:
        with open(places[sha256], "rb") as file:
            pieces.append((sha256, file.read()))
    client.transport().request(
        "POST", API + base + "blobs/batch", body=body(pieces), timeout_s=UPLOAD_TIMEOUT_S
    )


def body(contents: Iterable[Tuple[str, bytes]]) -> bytes:
    """Return (SHA-256, content) pairs as the body of one call."""
    pieces: List[bytes] = []
    for sha256, content in contents:
        pieces += ["{} {}\n".format(sha256, len(content)).encode("ascii"), content]
    return b"".join(pieces)

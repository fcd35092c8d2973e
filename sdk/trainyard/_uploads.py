"""Large files to the studio in pieces: what arrived before a cut is not sent again.

POST uploads ──► id, or: it is there ── PATCH ?offset= (256 MiB each) … ── POST finish ──► checked
                                         └── broken? GET: where to go on ──┘
"""

import os
import time
from typing import Any, BinaryIO, Callable, Dict, Optional

from trainyard import _errors
from trainyard._transport import UPLOAD_TIMEOUT_S, FilePart, Transport

API = "/api/v1/"
# Smaller files go in one call.
LARGE_BYTES = 8 * 1024 * 1024
PIECE_BYTES = 256 * 1024 * 1024
# A piece on a line of 100 kB/s takes eleven minutes.
PIECE_TIMEOUT_S = 900.0
# How often in a row nothing of a piece may arrive; each try has the transport's own patience.
TRIES = 5
PAUSE_S = 1.0
Progress = Callable[[int, int], Any]


class Upload:
    """Sends one file; `base` is the path of its workspace below /api/v1/, with a / at its end."""

    def __init__(self, transport: Transport, base: str):
        self._transport = transport
        self._base = API + base + "uploads"

    def send(self, file: BinaryIO, sha256: str, progress: Optional[Progress] = None) -> None:
        """Send the open `file` under its SHA-256, unless the studio has it already.

        Raises the studio's errors (bad_input where the file changed meanwhile), Unreachable.
        """
        size = os.fstat(file.fileno()).st_size
        began = self._post(self._base, {"size_bytes": size, "sha256": sha256})
        if not began.get("is_there"):
            place = "{}/{}".format(self._base, began["id"])
            try:
                self._all(file, size, place, progress)
            except _errors.UserErrorException:
                # It became shorter under us: half a piece is on the line, and nobody goes on.
                self._transport.close()
                self._transport.request("DELETE", place)
                raise
            self._finish(place, sha256, size)
        if progress is not None:
            progress(size, size)

    def _all(self, file: BinaryIO, size: int, place: str, progress: Optional[Progress]) -> None:
        at, failed = 0, 0
        said = None if progress is None else (lambda done: progress(done, size))
        while at < size:
            before = at
            part = FilePart(file, at, min(PIECE_BYTES, size - at), said)
            try:
                at = self._patch(place, part, at)
                failed = 0
                continue
            except _errors.Unreachable:
                failed += 1
            except _errors.WrongOffset as error:
                at = error.facts.get("at", at)
            except _errors.Conflict:
                failed += 1  # what was cut off is still being written
            if failed:
                if failed > TRIES:
                    raise _errors.Unreachable(
                        "the file was sent up to byte {:,}, and {} times nothing more arrived;"
                        " try again: it goes on there for a day".format(at, failed)
                    )
                time.sleep(PAUSE_S)
                at = self._transport.request("GET", place).json()["at"]
            if at > before:
                failed = 0

    def _patch(self, place: str, part: FilePart, at: int) -> int:
        # Not by the transport's own repeating: what arrived of this piece need not go again.
        answer = self._transport.request(
            "PATCH",
            place,
            {"offset": at},
            body=part,
            repeatable=False,
            timeout_s=PIECE_TIMEOUT_S,
        )
        return int(answer.json()["at"])

    def _finish(self, place: str, sha256: str, size: int) -> None:
        try:
            self._transport.request("POST", place + "/finish", data={}, timeout_s=UPLOAD_TIMEOUT_S)
        except (_errors.NotFound, _errors.WrongOffset):
            # The first answer was lost, perhaps, and a second try found it done.
            again = self._post(self._base, {"size_bytes": size, "sha256": sha256})
            if not again.get("is_there"):
                self._transport.request("DELETE", "{}/{}".format(self._base, again["id"]))
                raise

    def _post(self, path: str, data: Dict[str, Any]) -> Dict[str, Any]:
        answer: Dict[str, Any] = self._transport.request("POST", path, data=data).json()
        return answer

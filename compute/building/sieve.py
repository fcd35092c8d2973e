"""Parts a builder's output as it comes: the log, and what the builder says for the page."""

from __future__ import annotations

from collections.abc import Callable

from compute.building.log import MARK

_MARK = MARK.encode()
MOST_BYTES = 4096  # of one line of progress; what is longer was not said by the builder


class Sieve:
    """Takes progress lines out of a builder's output and hands them to `on_progress`."""

    def __init__(self, on_progress: Callable[[str], None]):
        self._on_progress = on_progress
        self._rest = b""

    def log_in(self, piece: bytes) -> bytes:
        """Return what of `piece` belongs to the log; of progress only the newest is handed on.

        Pieces may end anywhere: a progress line that is not whole yet waits for the next.
        """
        head, *marked = (self._rest + piece).split(_MARK)
        self._rest, log, newest = b"", [head], None
        for number, part in enumerate(marked, 1):
            text, is_whole, after = part.partition(b"\n")
            if is_whole:
                newest = text
                log.append(after)
            elif number == len(marked) and len(part) <= MOST_BYTES:
                self._rest = _MARK + part
            else:
                log.append(part)
        if newest is not None:
            self._on_progress(newest.decode(errors="replace").strip())
        return b"".join(log)

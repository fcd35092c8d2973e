"""The driver's line to the studio: every call is repeated until it is taken, or time is over.

RunEnded      the studio has closed this run: nothing more is taken, the script must go
Undelivered   the time for delivering what is left is over
"""

import threading
import time
from typing import Any, Dict, Optional

from trainyard import _errors
from trainyard._transport import BYTES, TIMEOUT_S, Body, Transport

DRIVER = "/api/v1/driver/"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 2.0


class RunEnded(Exception):
    """The studio takes nothing more of this run."""


class Undelivered(Exception):
    """The studio did not answer before the deadline."""


class Patience:
    """How long calls are repeated: for ever while the script runs, then until a deadline."""

    def __init__(self) -> None:
        self._deadline: Optional[float] = None
        self._woken = threading.Condition()

    def ends_in(self, seconds: float) -> None:
        """From now on give up after so many seconds."""
        with self._woken:
            self._deadline = time.monotonic() + seconds
            self._woken.notify_all()

    def forever(self) -> None:
        """From now on never give up."""
        with self._woken:
            self._deadline = None

    def pause(self, seconds: float) -> bool:
        """Wait, and return whether another try is allowed."""
        with self._woken:
            if self._deadline is not None:
                seconds = min(seconds, max(0.0, self._deadline - time.monotonic()))
            self._woken.wait(seconds)
            return self._deadline is None or time.monotonic() < self._deadline


class Link:
    """One connection, for one thread."""

    def __init__(self, transport: Transport, patience: Patience):
        self._transport = transport
        self._patience = patience

    def call(
        self,
        method: str,
        path: str,
        query: Optional[Dict[str, Any]] = None,
        body: Body = None,
        *,
        data: Any = None,
        size: Optional[int] = None,
        timeout_s: float = TIMEOUT_S,
        content_type: str = BYTES,
    ) -> Dict[str, Any]:
        """Make a call below /api/v1/driver/ and return its answer.

        Raises RunEnded, Undelivered, and the StudioError of an answer that repeating cannot change.
        """
        pause = FIRST_PAUSE_S
        while True:
            try:
                answer = self._transport.request(
                    method,
                    DRIVER + path,
                    query,
                    body,
                    data=data,
                    size=size,
                    timeout_s=timeout_s,
                    content_type=content_type,
                ).json()
                return dict(answer)
            except _errors.Unreachable as error:
                trouble = error.message
            except _errors.StudioError as error:
                if error.status == 401 or error.code == "conflict":
                    raise RunEnded(error.message) from None
                if error.status < 500:
                    raise
                trouble = error.message
            if not self._patience.pause(pause):
                raise Undelivered(trouble)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._transport.close()

"""One event loop for each process, in a thread of its own: what is connected there stays connected.

`async_to_sync` makes a loop for every call, and with it a connection: 2 ms for a message of 0.2.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Loop:
    """A loop that begins to run when it is first asked for, and ends with the process."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        self._guard = threading.Lock()
        self._running: asyncio.AbstractEventLoop | None = None

    def started(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._running is None:
                loop = self._running = asyncio.new_event_loop()
                threading.Thread(target=loop.run_forever, name="background", daemon=True).start()
            return self._running


_loop = _Loop()
# Threads do not come along into a fork, and the guard may be held by one just then.
os.register_at_fork(after_in_child=_loop.begin_anew)


def run(coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Run a coroutine in this process's loop, wait for it and return what it returns.

    Raises what it raises, and TimeoutError when it takes longer: then it is ended.
    """
    future = asyncio.run_coroutine_threadsafe(coroutine, _loop.started())
    try:
        return future.result(timeout_s)
    except TimeoutError:
        future.cancel()
        raise

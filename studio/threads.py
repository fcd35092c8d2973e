"""Threads for requests, kept from one to the next, and with each its database connection.

A thread for every request would open the database for every request: 2 ms on SQLite, of the 5 that
a batch of metrics takes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.db import connections

Application = Callable[[Any, Any, Any], Awaitable[None]]
# More run when more is asked at once, and end with what they did.
MOST_KEPT = 16


class KeptThreads:
    """An application whose requests run each in a thread that nobody else uses meanwhile."""

    def __init__(self, application: Application):
        self._application = application
        self._idle: list[ThreadPoolExecutor] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, "request")
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self._application(scope, receive, send)
        finally:
            # Of a request that nobody waits for any more, a call may still run: the thread is
            # free when it says so itself.
            loop = asyncio.get_running_loop()
            thread.submit(loop.call_soon_threadsafe, self._free, thread)

    def _free(self, thread: ThreadPoolExecutor) -> None:
        if len(self._idle) < MOST_KEPT:
            self._idle.append(thread)
        else:
            thread.submit(connections.close_all)
            thread.shutdown(wait=False)

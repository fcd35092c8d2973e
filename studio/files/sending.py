"""A file's bytes from the disk to the socket by the kernel, past Python: half of the work.

ASGI has no word for it, so the response's own iterator does it, on the connection of the server
that we pin (uvicorn). Where that is not what it knows, the bytes go the usual way.

    headers (uvicorn) ── sendfile, in the request's thread, at most HOP_S at a time ── end (uvicorn)
"""

import os
import select
import time
from collections.abc import AsyncIterator
from typing import Any, BinaryIO

from asgiref.sync import sync_to_async

KEY = "trainyard.send"
# A thread comes back this often, to see whether somebody still listens.
HOP_S = 1.0
MOST_AT_ONCE = 16 * 1024 * 1024


def connection_of(send: Any) -> Any | None:
    """Return uvicorn's side of the request that `send` answers (scope[KEY]).

    None where it is not as we know it, or has TLS.
    """
    cycle = getattr(send, "__self__", None)
    transport: Any = getattr(cycle, "transport", None)
    is_known = (
        hasattr(cycle, "expected_content_length")
        and hasattr(cycle, "disconnected")
        and hasattr(transport, "get_write_buffer_size")
        and transport.get_extra_info("socket") is not None
        and transport.get_extra_info("sslcontext") is None
    )
    return cycle if is_known else None


async def by_kernel(cycle: Any, file: BinaryIO, start: int, length: int) -> AsyncIterator[bytes]:
    """Send `length` bytes of `file` from `start` on; yields nothing, for all of it is sent.

    Ends early where the other side has gone, and then the connection is closed.
    """
    with file:
        while cycle.transport.get_write_buffer_size() and not cycle.disconnected:
            # The headers, to a client that reads slowly: the lines must not get mixed.
            if cycle.flow.write_paused:
                await cycle.flow.drain()
            else:
                await _a_moment()
        if cycle.disconnected:
            return
        # A number of our own: the loop may close the socket's at any time.
        socket = os.dup(cycle.transport.get_extra_info("socket").fileno())
        try:
            sending = sync_to_async(_send_some)
            while length and not cycle.disconnected:
                sent = await sending(socket, file.fileno(), start, length)
                if sent < 0:
                    break
                start, length = start + sent, length - sent
                cycle.expected_content_length -= sent
        finally:
            os.close(socket)
        if length:
            cycle.transport.close()
    return
    yield b""  # what makes this an iterator


async def _a_moment() -> None:
    await sync_to_async(time.sleep)(0.005)


def _send_some(socket: int, file: int, start: int, length: int) -> int:
    """Send for at most HOP_S; return how much, -1 where nobody listens or the file ended."""
    began, sent = time.monotonic(), 0
    ready = select.poll()
    ready.register(socket, select.POLLOUT)
    try:
        while sent < length and time.monotonic() - began < HOP_S:
            try:
                count = os.sendfile(socket, file, start + sent, min(length - sent, MOST_AT_ONCE))
            except BlockingIOError:
                ready.poll(HOP_S * 1000)
                continue
            if count == 0:
                return -1
            sent += count
    except OSError:
        return -1
    return sent

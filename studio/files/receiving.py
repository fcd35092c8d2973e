"""The rest of a large body from the socket by the thread that reads it, past the server's loop.

uvicorn reads 64 KiB at a time, on the loop, for as long as somebody takes it: most of what a
large upload costs. Once a body is taken over, its bytes are read as they lie in the kernel into
one of two buffers. The server's parser never sees them, so the connection ends with the answer.

    loop: pause, what it has read ── thread: poll, recv_into a buffer … ── answer, Connection: close
"""

import asyncio
import select
import socket
import time
from collections.abc import Callable, Iterator
from itertools import cycle as in_turn
from typing import Any

# Below this, opening another connection costs more than it saves.
LEAST_BYTES = 1024 * 1024
BUFFER_BYTES = 2 * 1024 * 1024
# So long a buffer that is not full waits for more.
A_MOMENT_MS = 20
# A thread comes back this often, to see whether somebody still waits for its answer.
HOP_S = 1.0
# Of a body that is refused, so much is still taken: who only writes would not hear why.
MOST_REFUSED_BYTES = 64 * 1024 * 1024
REFUSED_FOR_S = 5.0


class Ended(Exception):
    """The other side has gone, or says nothing any more."""


async def take_over(connection: Any) -> tuple[bytes, socket.socket]:
    """Stop the server's own reading; return what it has read, and the socket for the rest.

    connection: as `sending.connection_of` returns it. Call it on the loop.
    """
    connection.flow.pause_reading()
    if connection.disconnected or connection.transport.is_closing():
        raise Ended
    await asyncio.sleep(0)  # what the loop had begun to read is in its body then
    first, connection.body = bytes(connection.body), bytearray()
    connection.keep_alive = False
    # A number of our own: the loop may close the socket's at any time.
    found = connection.transport.get_extra_info("socket")
    if connection.waiting_for_100_continue:
        connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.waiting_for_100_continue = False
    return first, socket.fromfd(found.fileno(), found.family, found.type)


def pieces(
    taken: socket.socket, length: int, *, silent_s: float, is_wanted: Callable[[], bool]
) -> Iterator[memoryview]:
    """Yield `length` bytes as they come; a piece is good until the next but one is asked for.

    Raises Ended where the other side closes, is silent for `silent_s`, or nobody wants them.
    """
    buffers = in_turn([memoryview(bytearray(min(BUFFER_BYTES, length))) for _ in range(2)])
    ready = select.poll()
    ready.register(taken, select.POLLIN)
    left = length
    try:
        while left:
            buffer = next(buffers)[:left]
            filled = _fill(taken, ready, buffer, silent_s=silent_s, is_wanted=is_wanted)
            left -= filled
            yield buffer[:filled]
    finally:
        if left:
            _refuse(taken, ready, left)
        taken.close()


def _fill(
    taken: socket.socket,
    ready: "select.poll",
    buffer: memoryview,
    *,
    silent_s: float,
    is_wanted: Callable[[], bool],
) -> int:
    """Fill the buffer, or what of it came before a moment's silence; at least a byte."""
    filled, heard = 0, time.monotonic()
    while filled < len(buffer):
        try:
            count = taken.recv_into(buffer[filled:], 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if ready.poll(A_MOMENT_MS if filled else HOP_S * 1000):
                continue
            if filled:
                return filled
            if not is_wanted() or time.monotonic() - heard > silent_s:
                raise Ended from None
            continue
        except OSError:
            raise Ended from None
        if not count:
            if filled:
                return filled
            raise Ended
        filled += count
    return filled


def _refuse(taken: socket.socket, ready: "select.poll", left: int) -> None:
    """Take a refused rest and forget it: closing with bytes unread would lose the answer, too."""
    forgotten, until = bytearray(256 * 1024), time.monotonic() + REFUSED_FOR_S
    left = min(left, MOST_REFUSED_BYTES)
    while left > 0 and time.monotonic() < until:
        try:
            count = taken.recv_into(forgotten, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if not ready.poll(HOP_S * 1000):
                return
            continue
        except OSError:
            return
        if not count:
            return
        left -= count

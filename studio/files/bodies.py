"""Bodies of uploads, read while they arrive by the thread that answers.

    small: socket ── receive() on the loop, a mebibyte ahead ──► Body ── the view's thread
    large: socket ── the view's thread itself (studio/files/receiving.py) ──► Body

Django would gather each body in a temporary file first: every byte written twice, and read once.
The view behind an address stays as it is, with its checks of who asks; it reads `body_of(request)`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, Future
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from studio.errors import BadInput
from studio.files import blobs, receiving, sending

Piece = bytes | memoryview
Application = Callable[[Any, Any, Any], Awaitable[None]]
PATH = re.compile(
    r"/api/v1/(?:workspaces/[^/]+/(?:blobs(?:/(?:[0-9a-f]{64}|batch))?|uploads/[^/]+)"
    r"|driver/blobs/[^/]+)"
)
METHODS = ("PUT", "PATCH", "POST")
KEY = "trainyard.body"
AHEAD_BYTES = 1024 * 1024
# Whoever sends nothing for this long has gone; what came is kept where it can go on.
SILENT_AFTER_S = 60.0


class CutOff(BadInput):
    """The body ended before it was whole: the line was cut, or nothing came any more."""

    def __init__(self) -> None:
        super().__init__("the connection was cut before all bytes came; send the rest again")


class Body:
    """What arrives, for one thread to read while it comes. Raises CutOff where it ends early.

    A piece is good until the next but one is asked for: its memory is used again.
    """

    def __init__(self, receive: Callable[[], Awaitable[Any]], connection: Any, length: int):
        """connection: what `sending.connection_of` found.   length: as the headers say, else 0."""
        self._receive = receive
        self._connection, self._length = connection, length
        self._loop = asyncio.get_running_loop()
        self._more, self._is_cut = True, False
        self._coming: Future[list[bytes]] | None = None
        self.ended = asyncio.Event()

    def __iter__(self) -> Iterator[Piece]:
        if self._connection is not None and self._length >= receiving.LEAST_BYTES:
            yield from self._taken_over()
            return
        self._ask()
        while self._coming is not None:
            try:
                pieces = self._coming.result(SILENT_AFTER_S + 10)
            except (CancelledError, TimeoutError):
                raise CutOff from None
            self._ask()  # while these are written, the next ones come
            yield from pieces
        if self._is_cut:
            raise CutOff

    def stop(self) -> None:
        """Nobody waits for the answer any more: let the thread go."""
        if self._more:
            self._more, self._is_cut = False, True
        if self._coming is not None:
            self._coming.cancel()
        self.ended.set()

    def _taken_over(self) -> Iterator[Piece]:
        taking = receiving.take_over(self._connection)
        try:
            first, rest = asyncio.run_coroutine_threadsafe(taking, self._loop).result(
                SILENT_AFTER_S
            )
            if first:
                yield first
            yield from receiving.pieces(
                rest,
                self._length - len(first),
                silent_s=SILENT_AFTER_S,
                is_wanted=lambda: self._more,
            )
        except (receiving.Ended, CancelledError, TimeoutError):
            raise CutOff from None
        finally:
            self._more = False
            self._loop.call_soon_threadsafe(self.ended.set)

    def _ask(self) -> None:
        going = self._more
        self._coming = (
            asyncio.run_coroutine_threadsafe(self._gather(), self._loop) if going else None
        )

    async def _gather(self) -> list[bytes]:
        pieces, size = [], 0
        while self._more and size < AHEAD_BYTES:
            try:
                message = await asyncio.wait_for(self._receive(), SILENT_AFTER_S)
            except TimeoutError:
                message = {"type": "http.disconnect"}
            self._is_cut = message["type"] != "http.request"
            self._more = not self._is_cut and message.get("more_body", False)
            if piece := message.get("body"):
                pieces.append(piece)
                size += len(piece)
        if not self._more:
            self.ended.set()
        return pieces


class BodiesAsTheyCome:
    """An application whose uploads are handed to it unread: it finds a Body in the scope."""

    def __init__(self, application: Application):
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope = {**scope, sending.KEY: send}  # files go out past Django too
        is_upload = scope["method"] in METHODS and PATH.fullmatch(scope["path"])
        if not is_upload:
            await self._application(scope, receive, send)
            return
        body, told = Body(receive, sending.connection_of(send), _length(scope)), False

        async def nothing() -> Any:
            nonlocal told
            if not told:
                told = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await body.ended.wait()
            while (message := await receive())["type"] == "http.request":
                pass  # the server does not know of what was read past it
            return message

        try:
            await self._application({**scope, KEY: body}, nothing, send)
        finally:
            body.stop()


def _length(scope: Any) -> int:
    """What the headers say; 0 where they do not, or the body comes in chunks."""
    headers = dict(scope["headers"])
    said = headers.get(b"content-length", b"")
    return int(said) if said.isdigit() and b"transfer-encoding" not in headers else 0


def length_of(request: HttpRequest) -> int:
    """How many bytes the request's body has, as its headers say; 0 where they do not."""
    said = request.META.get("CONTENT_LENGTH") or ""
    return int(said) if said.isascii() and said.isdigit() else 0


def body_of(request: HttpRequest) -> Iterator[Piece]:
    """Yield the request's body as it arrives; a piece is good until the next but one is asked for.

    Raises CutOff where it ends early.
    """
    body = request.scope.get(KEY) if isinstance(request, ASGIRequest) else None
    if body is not None:
        yield from body
        return
    while chunk := request.read(blobs.READ_BYTES):
        yield chunk

"""Batches of points from drivers: by the API's view, and packed ones by a shorter way, together.

Twenty runs that log all the time send two hundred batches a second. Each of them through Django's
middleware, REST framework and a transaction of its own costs the server 8 ms, and pages see the
points that much later.

    one batch ──► stored at once
    those that come meanwhile ──► wait, and are one transaction, one message to Valkey, then

Whatever is not the plain case goes on to the API's own view.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import orjson
from django.db import close_old_connections
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import metrics
from runs.driver_api import open_run
from runs.models import Run
from studio import tokens
from studio.api_input import Input, object_in
from studio.auth import LOGGERS, RUN_ONLY, ByRunOrLogger
from studio.errors import BadInput, NotAllowed, StudioError, said_of
from studio.models import Token, TokenKind

Answer = metrics.Stored | Exception
Application = Callable[[Any, Any, Any], Awaitable[None]]
PATH = "/api/v1/driver/metrics"
MOST_BATCH_BYTES = 16 * 1024 * 1024
# A larger batch has points enough to be worth a transaction of its own.
MOST_PLAIN_BYTES = 256 * 1024
MOST_TOGETHER = 64
MOST_WRITER, MOST_OUTSIDE = 80, 55  # characters of a writer's name; without what is put before it


class PackedBatch(BaseParser):
    """A batch whose columns are bytes, as runs/metrics/batches.py says."""

    media_type = metrics.PACKED

    def parse(self, stream: Any, *unused: Any, **also_unused: Any) -> Any:
        packed = bytes(stream.read(MOST_BATCH_BYTES + 1))
        if len(packed) > MOST_BATCH_BYTES:
            raise BadInput(f"send at most {MOST_BATCH_BYTES:,} bytes of points at a time")
        return packed


class BatchSaid(Input):
    """Whose batch of points, and its number."""

    writer = serializers.CharField(max_length=MOST_WRITER)
    sequence = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class AppendMetrics(APIView):
    """A batch of points, as JSON or packed; one that is stored is acknowledged."""

    permission_classes = [ByRunOrLogger]
    parser_classes = [JSONParser, PackedBatch]

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        token: Any = request.auth
        [run] = logging_runs([token]).values()
        if isinstance(run, StudioError):
            raise run
        if isinstance(request.data, bytes):
            said = said_packed(run, request.data)
        else:
            head = BatchSaid.read(request.data)
            said = metrics.Said(
                run, **head, batches=metrics.parse(object_in(request).get("series"))
            )
        stored = metrics.append(*_apart(token, said))
        return Response({"sequence": stored.last, "dropped": stored.dropped})


def said_packed(run: Run, body: bytes) -> metrics.Said:
    """Read a packed batch. Raises BadInput, and DRF's ValidationError."""
    head, batches = metrics.unpack(body)
    return metrics.Said(run, **BatchSaid.read(head), batches=batches)


def logging_runs(given: Iterable[Token]) -> dict[str, Run | StudioError]:
    """Return for each token's secret hash the run that logs, or why it may not; in one query.

    With nothing around a run: what logs ten times a second is asked for no more.
    """
    columns = ("run_id", "state", "experiment")
    by_hash = {token.secret_sha256: token for token in given}
    names = [token.subject for token in by_hash.values() if token.kind in LOGGERS]
    there = {run.run_id: run for run in Run.objects.filter(run_id__in=names).only(*columns)}
    return {name: _logging(token, there) for name, token in by_hash.items()}


def _logging(token: Token, there: dict[str, Run]) -> Run | StudioError:
    if token.kind not in LOGGERS:
        return NotAllowed(RUN_ONLY)
    try:
        return open_run(there.get(token.subject), ended=False)
    except StudioError as error:
        return error


def _apart(token: Any, said: metrics.Said) -> metrics.Said:
    """What is said from outside of a run: by a writer that its drivers can never be.

    Raises BadInput for the studio's own metrics, and for a writer's name that leaves no room.
    """
    if token.kind != TokenKind.LOG:
        return said
    if any(batch.name.startswith(metrics.RESERVED) for batch in said.batches):
        raise BadInput(f"metrics named {metrics.RESERVED}… are the studio's own; choose another")
    writer = f"log-{token.pk}/{said.writer}"
    if len(said.writer) > MOST_OUTSIDE:
        raise BadInput(
            f"from outside of a run a writer's name has at most {MOST_OUTSIDE} characters"
        )
    return said._replace(writer=writer)


class Sent(NamedTuple):
    """A batch as it came: the token in its header, and its bytes."""

    secret: str
    body: bytes


class PointsTogether:
    """An application before which plain batches of points are taken."""

    def __init__(self, application: Application):
        self._application = application
        self._thread = ThreadPoolExecutor(1, "points")
        self._waiting: list[tuple[Sent, asyncio.Future[Answer]]] = []
        self._storing: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        secret = _secret(scope) if scope["path"] == PATH else ""
        if not secret:
            await self._application(scope, receive, send)
        elif (body := await _body(receive)) is not None:  # else it has gone, and sends it again
            await _send(send, await self._stored(Sent(secret, body)))

    def _stored(self, sent: Sent) -> asyncio.Future[Answer]:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((sent, future))
        if self._storing is None:
            self._storing = asyncio.create_task(self._store())
        return future

    async def _store(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            some, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            batches = [sent for sent, _ in some]
            try:
                answers = await loop.run_in_executor(self._thread, _take, batches)
            except Exception as error:
                answers = [error] * len(some)
            for (_, future), answer in zip(some, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        self._storing = None


def _take(many: list[Sent]) -> list[Answer]:
    close_old_connections()  # as Django does before each request
    return take(many)


def take(many: list[Sent]) -> list[Answer]:
    """Store what was sent, and answer each: as the API's own view would, or with its error."""
    found = tokens.find_all(sent.secret for sent in many)
    runs = logging_runs(token for token in found.values() if isinstance(token, Token))
    answers: dict[int, Answer] = {}
    accepted: dict[int, metrics.Said] = {}
    for at, sent in enumerate(many):
        token = found[sent.secret]
        run = runs[token.secret_sha256] if isinstance(token, Token) else token
        if isinstance(run, Exception):
            answers[at] = run
            continue
        try:
            accepted[at] = _apart(token, said_packed(run, sent.body))
        except Exception as error:
            answers[at] = error
    stored = metrics.append_all(list(accepted.values()))
    answers |= zip(accepted, stored, strict=True)
    return [answers[at] for at in range(len(many))]


def _secret(scope: Any) -> str:
    """The bearer token of a plain packed batch; "" for whatever else it is."""
    headers = dict(scope["headers"])
    size = headers.get(b"content-length", b"")
    is_plain = (
        scope["method"] == "POST"
        and headers.get(b"content-type") == metrics.PACKED.encode()
        and size.isdigit()
        and int(size) <= MOST_PLAIN_BYTES
    )
    scheme, _, secret = headers.get(b"authorization", b"").partition(b" ")
    return secret.decode("latin-1") if is_plain and scheme == b"Bearer" else ""


async def _body(receive: Any) -> bytes | None:
    pieces = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def _send(send: Any, answer: Answer) -> None:
    headers = [(b"content-type", b"application/json")]
    if isinstance(answer, Exception):
        error = said_of(answer)
        status, content = error.status, orjson.dumps({"error": error.as_dict()})
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
    else:
        status = 200
        content = orjson.dumps({"sequence": answer.last, "dropped": answer.dropped})
    headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})

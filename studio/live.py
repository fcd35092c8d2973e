"""Live events: published after commit, told to the pages that listen (studio/hub.py joins them).

Channels delivers at most once. So an event that carries data carries its place too (a cursor),
and a page that missed one asks over HTTP: docs/api.md, Live.
"""

import asyncio
import contextlib
import functools
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import redis
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

from studio import hub
from studio.access import Person

logger = logging.getLogger(__name__)

# Topic → the group that carries it, or None when this user may not hear it.
Resolve = Callable[[Person, str], str | None]
# A Valkey that hangs may not stop what publishes: a build, a run's driver.
SEND_SECONDS = 2.0
MOST_TOPICS = 200
# A page that reads more slowly than this gets no more deltas: it asks over HTTP instead.
MOST_WAITING_BYTES = 4 * 2**20
GROWS = ("text", "points")


def workspace_group(workspace_id: int) -> str:
    """The live group of a workspace's tables."""
    return f"workspace.{workspace_id}"


class Event(NamedTuple):
    """What the listeners of a group are told: the event's name, and what it carries."""

    group: str
    name: str
    payload: dict[str, Any]


def publish(group: str, event: str, **payload: Any) -> None:
    """Tell `group` of `event` once the open transaction is committed; at once without one."""
    publish_all([Event(group, event, payload)])


def publish_to(groups: list[str], event: str, **payload: Any) -> None:
    """Tell many groups of the same event, and wait once: 200 in 30 ms."""
    publish_all([Event(group, event, payload) for group in groups])


def publish_all(events: list[Event]) -> None:
    """Tell of many events, in their order, and wait once."""
    if events:
        transaction.on_commit(partial(_send, events))


def _send(events: list[Event]) -> None:
    """Send, and wait until it is sent: what one thread publishes is heard in that order."""
    try:
        layer = get_channel_layer()
        config: Any = settings.CHANNEL_LAYERS["default"]["CONFIG"]
        [host] = config["hosts"]
        with _valkey(host).pipeline(transaction=False) as sending:
            for group, name, payload in events:
                message = {"type": "live.event", "group": group, "event": name, **payload}
                # As channels_redis names what it listens to.
                sending.publish(f"{config['prefix']}__group__{group}", layer.serialize(message))
            sending.execute()
    except Exception as error:  # the queue may lose a message: rows are the truth, pages ask again
        some = ", ".join(f"{event.name} for {event.group}" for event in events[:3])
        why = f"{type(error).__name__} {error}".strip()
        logger.warning("live event %s was not sent: %s", some, why)


@functools.cache
def _valkey(host: str) -> redis.Redis:
    """This process's connections. The layer's own belong to a loop in another thread: each event
    would wait for two changes of threads, which is long in a busy process.
    """
    return redis.Redis.from_url(
        host, socket_timeout=SEND_SECONDS, socket_connect_timeout=SEND_SECONDS
    )


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # it comes without types
    """One socket of one page. `resolve` decides which topics its user may hear."""

    # It hears by the hub of its process; a channel of its own would be another ear.
    channel_layer_alias = None

    def __init__(self, *, resolve: Resolve):
        super().__init__()
        self.resolve = resolve

    async def connect(self) -> None:
        await self.accept()
        self.topics: dict[str, list[str]] = {}
        self.waiting: list[tuple[str, str, bytes]] = []
        self.waiting_bytes = 0
        self.lost: set[str] = set()
        self.sending: asyncio.Task[None] | None = None
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            # Refusing outright would show the browser only 1006: accept, then say why.
            await self.close(code=4401)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            asked = json.loads(text_data or "")
            heard, ignored = ([str(one) for one in asked.get(k, ())] for k in ("listen", "ignore"))
            if not {"listen", "ignore"} & set(asked):
                raise KeyError("listen")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            await self._leave()
            await self.close(code=4400)
            return
        for topic in ignored:
            await self._ignore(topic)
        for topic in heard:
            await self._listen(topic)

    async def _listen(self, topic: str) -> None:
        if any(topic in names for names in self.topics.values()):
            return
        group = None
        if sum(map(len, self.topics.values())) < MOST_TOPICS:
            group = await database_sync_to_async(self.resolve)(self.scope["user"], topic)
        if group is None:
            self._say(topic, "refused")
            return
        if group not in self.topics:
            self.topics[group] = []
            await hub.hub().add(group, self)
        self.topics[group].append(topic)
        self._say(topic, "listening")

    async def _ignore(self, topic: str) -> None:
        for group, topics in list(self.topics.items()):
            if topic in topics:
                topics.remove(topic)
                if not topics:
                    del self.topics[group]
                    await hub.hub().discard(group, self)

    def tell(self, group: str, event: str, body: bytes) -> None:
        """Send an event on, once those before it are sent; never waits."""
        for topic in self.topics.get(group, ()):
            if self.waiting_bytes > MOST_WAITING_BYTES:
                # A page too slow for its events loses deltas, which it asks for, but no wake-up.
                if event in GROWS:
                    self.lost.add(topic)
                    continue
                self.waiting = [one for one in self.waiting if one[:2] != (topic, event)]
            self._keep(topic, event, body)

    def _say(self, topic: str, event: str) -> None:
        self._keep(topic, event, json.dumps({"event": event}).encode())

    def _keep(self, topic: str, event: str, body: bytes) -> None:
        self.waiting.append((topic, event, body))
        self.waiting_bytes += len(body)
        if self.sending is None:
            self.sending = asyncio.create_task(self._send_all())

    async def _send_all(self) -> None:
        # uvicorn raises its ClientDisconnected, an OSError, where the page left meanwhile.
        with contextlib.suppress(OSError):
            while self.waiting:
                events, self.waiting, self.waiting_bytes = self.waiting, [], 0
                frames = [_with_topic(topic, body) for topic, _, body in events]
                await self.send(frames[0] if len(frames) == 1 else f"[{','.join(frames)}]")
                # What was not told has to be asked for, as after a connection that was lost.
                lost, self.lost = self.lost, set()
                for topic in lost:
                    self._say(topic, "listening")
        self.sending = None

    async def disconnect(self, code: int) -> None:
        await self._leave()

    async def _leave(self) -> None:
        if self.sending:
            self.sending.cancel()
        groups, self.topics = self.topics, {}
        for group in groups:
            await hub.hub().discard(group, self)


def _with_topic(topic: str, body: bytes) -> str:
    """An event's JSON object with its topic as its first key."""
    return f'{{"topic":{json.dumps(topic)},{body.decode()[1:]}'

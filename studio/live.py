"""Live events: published after commit, joined in bursts, told to the pages that listen.

Channels delivers at most once. So an event that carries data carries its place too (a cursor),
and a page that missed one asks over HTTP: docs/api.md, Live.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import transaction

from studio import background
from studio.access import Person

logger = logging.getLogger(__name__)

# Topic → the group that carries it, or None when this user may not hear it.
Resolve = Callable[[Person, str], str | None]
JOIN_SECONDS = 0.05
# A Valkey that hangs may not stop what publishes: a build, a run's driver.
SEND_SECONDS = 2.0
MOST_TOPICS = 200
# A page that reads more slowly than this gets no more deltas: it asks over HTTP instead.
MOST_WAITING = 2000


def workspace_group(workspace_id: int) -> str:
    """The live group of a workspace's tables."""
    return f"workspace.{workspace_id}"


def publish(group: str, event: str, **payload: Any) -> None:
    """Tell `group` of `event` once the open transaction is committed; at once without one."""
    publish_to([group], event, **payload)


def publish_to(groups: list[str], event: str, **payload: Any) -> None:
    """Tell many groups of the same event, and wait once: 200 in 30 ms."""
    transaction.on_commit(partial(_send, groups, {"event": event, **payload}))


def _send(groups: list[str], event: dict[str, Any]) -> None:
    """Send, and wait until it is sent: what one thread publishes is heard in that order."""
    try:
        background.run(_send_each(groups, event), SEND_SECONDS)
    except Exception as error:  # the queue may lose a message: rows are the truth, pages ask again
        some, why = ", ".join(groups[:3]), f"{type(error).__name__} {error}".strip()
        logger.warning("live event %s for %s was not sent: %s", event["event"], some, why)


async def _send_each(groups: list[str], event: dict[str, Any]) -> None:
    layer = get_channel_layer()
    for group in groups:
        await layer.group_send(group, {"type": "live.event", "group": group, **event})


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # it comes without types
    """One socket of one page. `resolve` decides which topics its user may hear."""

    def __init__(self, *, resolve: Resolve):
        super().__init__()
        self.resolve = resolve

    async def connect(self) -> None:
        await self.accept()
        self.topics: dict[str, list[str]] = {}
        self.waiting: list[dict[str, Any]] = []
        self.flush_task: asyncio.Task[None] | None = None
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            # Refusing outright would show the browser only 1006: accept, then say why.
            await self.close(code=4401)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            topics = json.loads(text_data or "")["listen"]
            wanted = [str(topic) for topic in topics]
        except (ValueError, KeyError, TypeError, RecursionError):
            await self.close(code=4400)
            return
        for topic in wanted:
            await self._listen(topic)

    async def _listen(self, topic: str) -> None:
        if any(topic in names for names in self.topics.values()):
            return
        group = None
        if sum(map(len, self.topics.values())) < MOST_TOPICS:
            group = await database_sync_to_async(self.resolve)(self.scope["user"], topic)
        if group is None:
            await self.send(json.dumps({"topic": topic, "event": "refused"}))
            return
        if group not in self.topics:
            self.topics[group] = []
            await self.channel_layer.group_add(group, self.channel_name)
        self.topics[group].append(topic)
        await self.send(json.dumps({"topic": topic, "event": "listening"}))

    async def live_event(self, message: dict[str, Any]) -> None:
        """Keep an event for at most 50 ms, so that a burst becomes one frame."""
        # A page too slow for its events loses deltas, which it asks for, but never a wake-up.
        if len(self.waiting) < MOST_WAITING or message["event"] not in ("text", "points"):
            self.waiting.append(message)
        if self.flush_task is None:
            self.flush_task = asyncio.create_task(self._flush_soon())

    async def _flush_soon(self) -> None:
        # uvicorn raises its ClientDisconnected, an OSError, where the page left meanwhile.
        with contextlib.suppress(OSError):
            await self._flush()
        self.flush_task = None

    async def _flush(self) -> None:
        while self.waiting:
            await asyncio.sleep(JOIN_SECONDS)
            events, self.waiting = self.waiting, []
            for event in join(events):
                group = event.pop("group")
                event.pop("type")
                for topic in self.topics.get(group, ()):
                    await self.send(json.dumps({"topic": topic, **event}))

    async def disconnect(self, code: int) -> None:
        if self.flush_task:
            self.flush_task.cancel()
        for group in self.topics:
            await self.channel_layer.group_discard(group, self.channel_name)


def join(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join what continues what: text to text, points to points; a wake-up is told once.

    Events keep their order within a group; what does not fit on is kept as its own event.
    """
    joined: list[dict[str, Any]] = []
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        key = (event["group"], event["event"])
        before = last.get(key)
        if before is None or not _absorb(before, event):
            last[key] = event = json.loads(json.dumps(event))
            joined.append(event)
    return joined


def _absorb(before: dict[str, Any], event: dict[str, Any]) -> bool:
    if event["event"] == "text":
        if before["next_offset"] != event["offset"]:
            return False
        before["text"] += event["text"]
        before["next_offset"] = event["next_offset"]
        return True
    if event["event"] == "points":
        return _absorb_points(before["series"], event["series"])
    before.update(event)
    return True


def _absorb_points(before: dict[str, Any], series: dict[str, Any]) -> bool:
    if any(
        name in before and before[name]["after"] + len(before[name]["steps"]) != new["after"]
        for name, new in series.items()
    ):
        return False
    for name, new in series.items():
        if name in before:
            for column in ("steps", "times", "values"):
                before[name][column].extend(new[column])
        else:
            before[name] = new
    return True

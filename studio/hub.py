"""What one process hears of live events: each once, joined in bursts, for all of its sockets.

Fifty pages that look at twenty runs are not a thousand ears: an event comes from Valkey, is joined
to others and becomes JSON once; each socket adds its topic and sends it on.
"""

import asyncio
import logging
import weakref
from typing import Any, Protocol

import orjson
import redis
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

# An event that comes alone is told at once; the next ones of that time are joined.
JOIN_SECONDS = 0.05


class Listener(Protocol):
    """A socket. `tell` keeps what it is told and returns at once."""

    def tell(self, group: str, event: str, body: bytes) -> None:
        """Take an event of `group`: its name, and itself as a JSON object."""


class Hub:
    """The groups that the sockets of this process listen to, and the one channel they come by."""

    def __init__(self) -> None:
        self._layer = get_channel_layer()
        self._listeners: dict[str, set[Listener]] = {}
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._guard = asyncio.Lock()
        self._channel = ""
        self._hearing: asyncio.Task[None] | None = None
        self._flush_at: asyncio.TimerHandle | None = None
        self._flushed = 0.0

    async def add(self, group: str, listener: Listener) -> None:
        """Tell `listener` of what comes to `group` from now on."""
        async with self._guard:
            if self._hearing is None:
                self._channel = await self._layer.new_channel()
                self._hearing = asyncio.create_task(self._hear())
            if group not in self._listeners:
                await self._layer.group_add(group, self._channel)
            self._listeners.setdefault(group, set()).add(listener)

    async def discard(self, group: str, listener: Listener) -> None:
        """Tell it no more; the last one of all lets the channel go."""
        async with self._guard:
            there = self._listeners.get(group, set())
            there.discard(listener)
            if not there and self._listeners.pop(group, None) is not None:
                try:
                    await self._layer.group_discard(group, self._channel)
                except (OSError, redis.RedisError) as error:
                    # A socket that closes while Valkey is away has more groups to leave.
                    logger.warning("the live group %s was not left: %s", group, error)
            if not self._listeners and self._hearing is not None:
                self._hearing.cancel()
                self._hearing = None

    async def _hear(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
                self._keep(message)
            except Exception:
                logger.exception("a live event could not be read")

    def _keep(self, message: dict[str, Any]) -> None:
        self._waiting.setdefault(message["group"], []).append(message)
        if self._flush_at is None:
            loop = asyncio.get_running_loop()
            wait = max(0.0, self._flushed + JOIN_SECONDS - loop.time())
            self._flush_at = loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        self._flush_at = None
        self._flushed = asyncio.get_running_loop().time()
        waiting, self._waiting = self._waiting, {}
        for group, messages in waiting.items():
            listeners = self._listeners.get(group, ())
            for event in join(messages) if listeners else ():
                told = {key: event[key] for key in event if key not in ("group", "type")}
                body = orjson.dumps(told)
                for listener in listeners:
                    listener.tell(group, event["event"], body)


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the loop that runs: of this process, outside of tests."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def join(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join what continues what: text to text, points to points; a wake-up is told once.

    Events keep their order within a group; what does not fit on is kept as its own event. What is
    given is used up: what comes back is made of it.
    """
    joined: list[dict[str, Any]] = []
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        key = (event["group"], event["event"])
        before = last.get(key)
        if before is None or not _absorb(before, event):
            last[key] = event
            joined.append(event)
    return joined


def _absorb(before: dict[str, Any], event: dict[str, Any]) -> bool:
    if event["event"] == "text":
        # Lines keep the second in which they came.
        if before["next_offset"] != event["offset"] or before.get("at") != event.get("at"):
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

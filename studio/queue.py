"""The job queue: one broker for every actor. Import `actor` from here, never from dramatiq."""

import logging
from functools import partial
from typing import Any

import dramatiq
import redis
from django.conf import settings
from django.db import close_old_connections, connections, transaction
from dramatiq import Broker, Message, Middleware
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import q_name
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import (
    AgeLimit,
    Callbacks,
    Pipelines,
    Retries,
    ShutdownNotifications,
    TimeLimit,
)
from dramatiq.worker import WorkerThread
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)
# Longest waits for a bell: with nothing to do, and while work that was fetched is under way.
IDLE_WAIT_S, BUSY_WAIT_S = 0.5, 0.05
# A Valkey that was killed is back in a moment: nobody hears of it. What is away longer is an error.
AWAY_FOR = Retry(ConstantBackoff(0.1), 8)


class DatabaseConnections(Middleware):
    """Closes connections that grew old or broke around every message, and a thread's with it."""

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        close_old_connections()

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any | None = None,
        exception: BaseException | None = None,
    ) -> None:
        close_old_connections()

    def before_worker_thread_shutdown(self, broker: Broker, thread: WorkerThread) -> None:
        connections.close_all()


class _Woken(_RedisConsumer):
    """Waits for a bell instead of sleeping, so that a message is taken as soon as it is sent.

    Who sends rings (see _Ringing); a bell that was lost costs one wait. Polling alone takes a
    message 50 ms late on average, or a part of a core.
    """

    def __next__(self) -> MessageProxy | None:
        message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        if message is None:
            wait_s = BUSY_WAIT_S if self.outstanding_message_count else IDLE_WAIT_S
            try:
                self.broker.client.blpop([_bell(self.broker, self.queue_name)], timeout=wait_s)
            except redis.ConnectionError as error:
                raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        return message


class _Ringing(RedisBroker):
    """Rings for every message that is to be worked on now."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        """Delayed messages are looked at as often as the worker says; the others ring."""
        if queue_name != q_name(queue_name):
            return super().consume(queue_name, prefetch, timeout)
        return _Woken(self, queue_name, prefetch, 1)  # type: ignore[no-untyped-call]

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        sent = super().enqueue(message, delay=delay)
        if delay is None:
            bell = _bell(self, message.queue_name)
            with self.client.pipeline(transaction=False) as calls:
                calls.lpush(bell, 1)
                calls.ltrim(bell, 0, 0)  # however many rang, one is enough
                calls.execute()
        return sent


def _bell(broker: RedisBroker, queue_name: str) -> str:
    return f"{broker.namespace}:{queue_name}.bell"


broker = _Ringing(  # type: ignore[no-untyped-call]
    client=redis.Redis.from_url(settings.VALKEY_URL, retry=AWAY_FOR),
    namespace="dramatiq",
    middleware=[
        AgeLimit(),
        TimeLimit(),
        ShutdownNotifications(),
        Callbacks(),
        Pipelines(),
        Retries(max_retries=5, min_backoff=1000, max_backoff=60_000),
        DatabaseConnections(),
    ],
    # A killed worker's message comes back after 5 s; the defaults take minutes.
    heartbeat_timeout=5000,
    maintenance_chance=1_000_000,
)
dramatiq.set_broker(broker)
actor = dramatiq.actor


def send(to: dramatiq.Actor[..., None], *args: int) -> None:
    """Send `args` to an actor once the open transaction is committed; at once without one.

    A message that cannot be sent (Valkey away) is only logged: the row says what is due, and
    supervise sends it again.
    """
    transaction.on_commit(partial(_send, to, args))


def send_named(name: str, *args: int) -> None:
    """The same, to an actor by its name: for what stands below the actors and may not import them.

    Raises dramatiq's ActorNotFound where this process has not loaded it.
    """
    send(broker.get_actor(name), *args)


def _send(to: dramatiq.Actor[..., None], args: tuple[int, ...]) -> None:
    try:
        to.send(*args)
    except (ConnectionClosed, RedisError):
        logger.warning("%s%s was not sent", to.actor_name, args, exc_info=True)

"""The job queue: one broker for every actor. Import `actor` from here, never from dramatiq."""

import logging
from functools import partial
from typing import Any

import dramatiq
from django.conf import settings
from django.db import close_old_connections, transaction
from dramatiq import Broker, Middleware
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import (
    AgeLimit,
    Callbacks,
    Pipelines,
    Retries,
    ShutdownNotifications,
    TimeLimit,
)
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class DatabaseConnections(Middleware):
    """Closes connections that grew old or broke, before and after every message."""

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


broker = RedisBroker(  # type: ignore[no-untyped-call]
    url=settings.VALKEY_URL,
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


def _send(to: dramatiq.Actor[..., None], args: tuple[int, ...]) -> None:
    try:
        to.send(*args)
    except (ConnectionClosed, RedisError):
        logger.warning("%s%s was not sent", to.actor_name, args, exc_info=True)

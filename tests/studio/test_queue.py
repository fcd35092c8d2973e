"""The queue when Valkey goes and comes: what is sent meanwhile arrives, or says that it did not."""

import time

import dramatiq
import pytest
import redis

from studio import queue
from tests.fixtures.valkey import Valkey

pytestmark = pytest.mark.django_db(transaction=True)
GONE_FOR = 4  # tries: about as long as a Valkey takes to start
NEVER_S = 3


@pytest.fixture
def sender(valkey: Valkey):
    """An actor on a queue in the test's own Valkey."""
    client = redis.Redis(unix_socket_path=str(valkey.socket), retry=queue.AWAY_FOR)
    broker = queue._Ringing(client=client, middleware=[])
    yield dramatiq.actor(lambda number: None, actor_name="sent", broker=broker)
    broker.close()


def test_what_is_sent_while_valkey_starts_again_arrives(valkey, sender, caplog, monkeypatch):
    queue.send(sender, 1)
    valkey.stop()
    waits: list[float] = []

    def wait(seconds: float) -> None:
        """It comes back between two tries, however long its start takes here."""
        waits.append(seconds)
        time.sleep(seconds)
        if len(waits) == GONE_FOR:
            valkey.start()

    monkeypatch.setattr("redis.retry.sleep", wait)
    queue.send(sender, 2)
    assert len(waits) == GONE_FOR
    assert valkey.client.llen("dramatiq:default") == 1
    assert not caplog.records


def test_what_cannot_be_sent_is_only_logged(valkey: Valkey, sender, caplog, monkeypatch):
    queue.send(sender, 1)
    valkey.stop()
    waits: list[float] = []
    monkeypatch.setattr("redis.retry.sleep", waits.append)
    queue.send(sender, 2)
    assert 0 < sum(waits) < NEVER_S
    assert "sent(2,) was not sent" in caplog.text

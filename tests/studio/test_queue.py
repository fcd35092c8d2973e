"""The queue when Valkey goes and comes: what is sent meanwhile arrives, or says that it did not."""

import threading
import time

import dramatiq
import pytest
import redis

from studio import queue
from tests.fixtures.valkey import Valkey

pytestmark = pytest.mark.django_db(transaction=True)
GONE_S = 0.3
NEVER_S = 3


@pytest.fixture
def sender(valkey: Valkey):
    """An actor on a queue in the test's own Valkey."""
    client = redis.Redis(unix_socket_path=str(valkey.socket), retry=queue.AWAY_FOR)
    broker = queue._Ringing(client=client, middleware=[])
    yield dramatiq.actor(lambda number: None, actor_name="sent", broker=broker)
    broker.close()


def test_what_is_sent_while_valkey_starts_again_arrives(valkey: Valkey, sender, caplog):
    queue.send(sender, 1)
    valkey.stop()
    back = threading.Timer(GONE_S, valkey.start)
    back.start()
    queue.send(sender, 2)
    back.join()
    assert valkey.client.llen("dramatiq:default") == 1
    assert not caplog.records


def test_what_cannot_be_sent_is_only_logged(valkey: Valkey, sender, caplog):
    queue.send(sender, 1)
    valkey.stop()
    began = time.monotonic()
    queue.send(sender, 2)
    assert time.monotonic() - began < NEVER_S
    assert "sent(2,) was not sent" in caplog.text

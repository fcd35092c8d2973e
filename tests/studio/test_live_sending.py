"""Live events go over one connection for each process, in order; without Valkey they are lost."""

import os

import pytest

from studio import live
from tests.fixtures.valkey import ANSWER_S, Valkey


def connections(valkey: Valkey) -> int:
    return int(valkey.client.info("stats")["total_connections_received"])


@pytest.mark.django_db(transaction=True)
def test_many_events_take_one_connection_and_are_heard_in_order(valkey):
    ear = valkey.client.pubsub()
    ear.subscribe("live__group__run.1")
    assert ear.get_message(timeout=ANSWER_S)["type"] == "subscribe"
    before = connections(valkey)
    for number in range(50):
        live.publish("run.1", "text", offset=number)
    assert connections(valkey) == before + 1
    offsets = [offset_in(ear.get_message(timeout=ANSWER_S)["data"]) for _ in range(50)]
    assert offsets == list(range(50))
    ear.close()


def offset_in(data: bytes) -> int:
    """The offset in a message: msgpack writes numbers below 128 as themselves."""
    return data[data.index(b"offset") + len(b"offset")]


@pytest.mark.django_db(transaction=True)
def test_without_valkey_an_event_is_one_line_of_the_log_and_the_next_one_is_sent(valkey, caplog):
    live.publish("run.1", "run-changed")
    valkey.stop()
    live.publish("run.1", "run-changed")
    [record] = caplog.records
    assert record.message.startswith("live event run-changed for run.1 was not sent: ")
    assert "\n" not in caplog.text.strip() and record.exc_info is None
    valkey.start()
    live.publish("run.1", "run-changed")
    assert len(caplog.records) == 1


@pytest.mark.django_db(transaction=True)
def test_a_forked_process_sends_by_itself(valkey):
    live.publish("run.1", "run-changed")
    before = connections(valkey)
    child = os.fork()
    if not child:
        try:
            live._send([live.Event("run.1", "run-changed", {})])
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert connections(valkey) == before + 1

"""HTTP to the studio: what is kept open, what is tried again, what an error becomes."""

import os
import time

import pytest
from trainyard import _errors
from trainyard._client import Client
from trainyard._transport import Transport

from tests.fixtures.studio_process import free_port
from tests.sdk.fake_studio import TOKEN


def beat(transport, **settings):
    path = "/api/v1/driver/heartbeat"
    return transport.request("POST", path, data={}, **settings).json()


def test_a_connection_is_kept_open(fake_studio):
    transport = Transport(fake_studio.url, TOKEN)
    assert [beat(transport) for _ in range(3)] == [{"cancel": False}] * 3
    assert len({address for _, _, address in fake_studio.calls}) == 1


def test_a_unix_socket_is_used_when_there_is_one(fake_studio, tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    assert beat(Transport(url, TOKEN, os.fspath(tmp_path / "s.sock"))) == {"cancel": False}
    with pytest.raises(_errors.Unreachable):
        beat(Transport(url, TOKEN, os.fspath(tmp_path / "none.sock"), patience_s=0))


def test_a_lost_answer_is_asked_for_again(fake_studio):
    transport = Transport(fake_studio.url, TOKEN)
    fake_studio.lose_answers = 2
    assert beat(transport) == {"cancel": False}
    assert fake_studio.heartbeats == 3


def test_a_call_that_must_not_be_repeated_is_made_once(fake_studio):
    transport = Transport(fake_studio.url, TOKEN)
    beat(transport)
    fake_studio.lose_answers = 1
    with pytest.raises(_errors.Unreachable, match="tried 1 time in"):
        beat(transport, repeatable=False)
    assert fake_studio.heartbeats == 2


def test_a_wrong_address_is_said_soon_with_what_was_tried():
    began = time.monotonic()
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(_errors.Unreachable, match=r"ConnectionRefusedError.*tried \d times"):
        beat(Transport(url, TOKEN))
    assert time.monotonic() - began < 60  # one that had answered before is waited for longer


def test_an_address_that_is_none_is_refused():
    with pytest.raises(_errors.UserErrorException, match="must look like http://"):
        Transport("localhost:8000", TOKEN)


def test_an_error_becomes_the_class_of_its_code(fake_studio):
    transport = Transport(fake_studio.url, TOKEN)
    with pytest.raises(_errors.WrongOffset) as caught:
        transport.request("POST", "/api/v1/driver/log", {"path": "logs/a", "offset": 5}, b"x")
    assert (caught.value.facts["at"], caught.value.status) == (0, 409)
    assert "Message: offset" in str(caught.value) and caught.value.message == "offset"
    transport.close()
    with pytest.raises(_errors.NotSignedIn):
        beat(Transport(fake_studio.url, "ty_other"))


def test_every_code_of_the_studio_has_its_class():
    for code, kind in _errors.BY_CODE.items():
        body = b'{"error": {"code": "%s", "message": "m", "fields": {}}}' % code.encode()
        assert type(_errors.from_answer(400, body)) is kind
    assert "HTTP 502" in _errors.from_answer(502, b"<html>").message


def test_a_download_is_whole_or_not_there(fake_studio, tmp_path):
    fake_studio.blobs["f" * 64] = b"x" * 3_000_000
    client = Client(fake_studio.url, TOKEN)
    target = tmp_path / "sub" / "copy"
    client.download("driver/blobs/" + "f" * 64, os.fspath(target), 3_000_000)
    assert target.read_bytes() == b"x" * 3_000_000
    with pytest.raises(_errors.Unreachable, match="has 5 bytes"):
        client.download("driver/blobs/" + "f" * 64, os.fspath(tmp_path / "b"), 5)
    with pytest.raises(_errors.NotFound):
        client.download("driver/blobs/none", os.fspath(tmp_path / "c"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.sock", "sub"]

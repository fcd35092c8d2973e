"""Who lies, hangs, races or deletes while others read is told why, and nobody else notices."""

import contextlib
import hashlib
import io
import os
import socket
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from trainyard import _errors
from trainyard._client import Client

from tests.fixtures.waiting import LONG_S, until

MIB = 2**20
BLOBS = "/api/v1/workspaces/default/blobs/"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def client(live_studio):
    found = Client(live_studio.url, live_studio.token)
    yield found
    found.close()


def left(live_studio) -> list[str]:
    """What uploads that did not end have left on the disk."""
    return [place.name for place in (live_studio.home / "blobs").rglob(".arriving-*")]


def sent(client, content: bytes, sha256: str = "") -> dict:
    path = BLOBS + (sha256 or sha(content))
    return client.transport().request("PUT", path, body=content, repeatable=False).json()


def stored(client, path: str, content: bytes) -> str:
    """Put a file into the store; its address."""
    sent(client, content)
    client.post("workspaces/default/store", {"files": [[path, sha(content)]]})
    return f"/api/v1/workspaces/default/store/{path}"


@contextlib.contextmanager
def line(live_studio, *head: str):
    with socket.create_connection(("127.0.0.1", live_studio.port), 60) as opened:
        token = f"Authorization: Bearer {live_studio.token}"
        lines = [head[0], "Host: 127.0.0.1", token, *head[1:]]
        opened.sendall("\r\n".join([*lines, "", ""]).encode())
        yield opened


def test_who_lies_about_the_hash_is_refused_and_nothing_is_left(live_studio, client):
    content, lie = os.urandom(3 * MIB), sha(os.urandom(8))
    with pytest.raises(_errors.StudioError) as refused:
        sent(client, content, lie)
    assert refused.value.status == 400 and sha(content)[:12] in refused.value.message
    for name in (lie, sha(content)):
        assert not (live_studio.home / "blobs" / name[:2] / name[2:]).exists()
    until(lambda: left(live_studio) == [])


def test_uploads_that_never_end_hold_nobody_up_and_leave_nothing(live_studio, client):
    """Twenty hang after a half; meanwhile others send and read. Then they go."""
    with contextlib.ExitStack() as hanging:
        for number in range(20):
            name = sha(b"half %d" % number)
            head = f"PUT {BLOBS}{name} HTTP/1.1"
            opened = hanging.enter_context(line(live_studio, head, "Content-Length: 4000000"))
            opened.sendall(bytes(MIB))
        until(lambda: len(left(live_studio)) == 20)
        content = os.urandom(3 * MIB)
        # Who is silent for a minute is given up: these were not, so nobody has waited for that.
        address = stored(client, "hostile/meanwhile.bin", content)
        assert client.transport().request("GET", address).body == content
        assert len(left(live_studio)) == 20
    until(lambda: left(live_studio) == [])


def test_many_who_send_one_content_at_once_all_succeed(live_studio):
    content = os.urandom(6 * MIB)

    def send(_) -> dict:
        own = Client(live_studio.url, live_studio.token)
        try:
            return sent(own, content)
        finally:
            own.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {answer["sha256"] for answer in answers} == {sha(content)}
    place = live_studio.home / "blobs" / sha(content)[:2] / sha(content)[2:]
    assert place.read_bytes() == content
    until(lambda: left(live_studio) == [])


def test_a_file_that_is_deleted_while_it_is_read_arrives_whole(live_studio, client):
    content = os.urandom(48 * MIB)
    address = stored(client, "hostile/read.bin", content)
    with line(live_studio, f"GET {address} HTTP/1.1", "Connection: close") as opened:
        came = bytearray(opened.recv(65536))
        client.delete(address.removeprefix("/api/v1/"))
        with pytest.raises(_errors.NotFound):
            client.transport().request("GET", address)
        while piece := opened.recv(MIB):
            came += piece
    assert bytes(came[came.index(b"\r\n\r\n") + 4 :]) == content


@pytest.mark.parametrize(
    ("name", "why"), [("../../../../tmp/slipped", "or"), ("two\nlines", "control character")]
)
def test_a_zip_with_names_that_leave_it_is_refused_and_writes_nothing(
    live_studio, client, name, why
):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("good.txt", "good")
        file.writestr(name, "evil")
    sent(client, packed.getvalue())
    begun = client.post("workspaces/default/fetches", {"zip": sha(packed.getvalue())})
    path = f"workspaces/default/fetches/{begun['id']}"
    until(lambda: client.get(path)["state"] in ("Failed", "Completed"))
    ended = client.get(path)
    assert ended["state"] == "Failed" and why in ended["error"], ended
    assert not os.path.exists("/tmp/slipped")
    assert not (live_studio.home / "blobs" / sha(b"good")[:2] / sha(b"good")[2:]).exists()


def test_what_is_asked_of_a_private_address_is_refused_before_it_is_connected(client):
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.settimeout(2 * LONG_S)

        def wait() -> None:
            with contextlib.suppress(OSError):
                inside.accept()[0].close()
                asked.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        url = f"http://127.0.0.1:{inside.getsockname()[1]}/secret"
        begun = client.post("workspaces/default/fetches", {"urls": [url]})
        path = f"workspaces/default/fetches/{begun['id']}"
        until(lambda: client.get(path)["state"] in ("Failed", "Completed"))
        ended = client.get(path)
        inside.shutdown(socket.SHUT_RDWR)
    waiting.join(LONG_S)
    assert ended["state"] == "Failed" and "STUDIO_FETCH_PRIVATE" in ended["error"], ended
    assert not asked.is_set()

"""Files go from the disk to the socket whole, in ranges, to slow readers and to those who leave."""

import contextlib
import hashlib
import os
import socket
import threading
import time

import psutil
import pytest
from trainyard._client import Client

from tests.fixtures.waiting import LONG_S, until

MIB = 2**20
SIZE = 40 * MIB + 7


@pytest.fixture(scope="module")
def stored(live_studio, tmp_path_factory):
    """A file in the workspace's store: its address, and its bytes."""
    place = tmp_path_factory.mktemp("file") / "large.bin"
    place.write_bytes(os.urandom(SIZE))
    client = Client(live_studio.url, live_studio.token)
    sha256 = client.put_file(str(place))
    listing = {"files": [["sending/large.bin", sha256]], "overwrite": True}
    client.post("workspaces/default/store", listing)
    client.close()
    return "/api/v1/workspaces/default/store/sending/large.bin", place.read_bytes()


@contextlib.contextmanager
def asked(live_studio, address: str, *more: str):
    with socket.create_connection(("127.0.0.1", live_studio.port), 60) as line:
        lines = [
            f"GET {address} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {live_studio.token}",
            *more,
        ]
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        yield line


def answer(file) -> tuple[int, bytes]:
    """Read one answer; the connection stays."""
    status, length = int(file.readline().split()[1]), 0
    while (head := file.readline().strip().lower()) != b"":
        if head.startswith(b"content-length:"):
            length = int(head.split(b":")[1])
    return status, file.read(length)


def test_answers_follow_each_other_on_one_connection(live_studio, stored):
    address, content = stored
    with asked(live_studio, address) as line, line.makefile("rb") as file:
        assert answer(file) == (200, content)
        for first, last in ((0, 0), (5, 3 * MIB), (SIZE - 9, SIZE - 1)):
            line.sendall(
                f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes={first}-{last}\r\n"
                f"Authorization: Bearer {live_studio.token}\r\n\r\n".encode()
            )
            assert answer(file) == (206, content[first : last + 1])


def test_many_who_read_slowly_hold_nobody_up(live_studio, stored):
    address, content = stored
    digests: list[str] = []
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow() -> None:
        with (
            asked(live_studio, address, "Connection: close") as line,
            line.makefile("rb", buffering=65536) as file,
        ):
            while file.readline().strip():
                continue
            digest = hashlib.sha256(file.read(4 * MIB))
            begun.release()
            assert go_on.wait(10 * LONG_S)
            while piece := file.read(4 * MIB):
                digest.update(piece)
                time.sleep(0.05)
            digests.append(digest.hexdigest())

    readers = [threading.Thread(target=slow) for _ in range(12)]
    for reader in readers:
        reader.start()
    try:
        assert all(begun.acquire(timeout=LONG_S) for _ in readers)
        client = Client(live_studio.url, live_studio.token, patience_s=0)
        for _ in range(10):  # they read nothing meanwhile: who waited for them got no answer
            client.get("me")
        client.close()
    finally:
        go_on.set()
    for reader in readers:
        reader.join(2 * LONG_S)
    assert digests == [hashlib.sha256(content).hexdigest()] * 12


def test_who_leaves_in_the_middle_leaves_nothing_open(live_studio, stored):
    address, content = stored
    before = live_studio.log.stat().st_size
    web = psutil.Process(live_studio.record.children["web"].pid)
    client = Client(live_studio.url, live_studio.token)
    client.get("me")
    for _ in range(10):
        with asked(live_studio, address) as line:
            assert line.recv(1000)
    until(lambda: not [file for file in web.open_files() if "/blobs/" in file.path])
    with asked(live_studio, address) as line, line.makefile("rb") as file:
        assert answer(file) == (200, content)
    client.close()
    assert b"Traceback" not in live_studio.log.read_bytes()[before:]

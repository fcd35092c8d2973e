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

    def slow() -> None:
        with (
            asked(live_studio, address, "Connection: close") as line,
            line.makefile("rb", buffering=65536) as file,
        ):
            while file.readline().strip():
                continue
            digest, came = hashlib.sha256(), 0
            while piece := file.read(4 * MIB):
                digest.update(piece)
                came += len(piece)
                time.sleep(0.2)
            digests.append(digest.hexdigest())

    readers = [threading.Thread(target=slow) for _ in range(12)]
    for reader in readers:
        reader.start()
    client = Client(live_studio.url, live_studio.token)
    began = time.monotonic()
    for _ in range(10):
        client.get("me")
    assert time.monotonic() - began < 10
    client.close()
    for reader in readers:
        reader.join(120)
    assert digests == [hashlib.sha256(content).hexdigest()] * 12


def test_who_leaves_in_the_middle_leaves_nothing_open(live_studio, stored):
    address, content = stored
    before = len(live_studio.said())
    web = psutil.Process(live_studio.record.children["web"].pid)
    client = Client(live_studio.url, live_studio.token)
    client.get("me")
    for _ in range(10):
        with asked(live_studio, address) as line:
            assert line.recv(1000)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        client.get("me")
        held = [file for file in web.open_files() if "/blobs/" in file.path]
        if not held:
            break
        time.sleep(0.1)
    assert held == []
    with asked(live_studio, address) as line, line.makefile("rb") as file:
        assert answer(file) == (200, content)
    client.close()
    assert "Traceback" not in live_studio.said()[before:]

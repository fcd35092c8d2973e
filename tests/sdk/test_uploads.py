"""Large files from the SDK to a real studio: in pieces, on after a cut, checked at the end."""

import contextlib
import hashlib
import os
import socket
import threading
from pathlib import Path

import psutil
import pytest
from trainyard import _errors, _uploads
from trainyard._client import Client, file_sha256
from trainyard._transport import FilePart

from tests.fixtures.waiting import until

MIB = 2**20
PIECE = 4 * MIB


@pytest.fixture
def client(live_studio):
    found = Client(live_studio.url, live_studio.token)
    yield found
    found.close()


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(_uploads, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(_uploads, "PAUSE_S", 0.05)


def file_of(tmp_path: Path, size: int, name: str = "large.bin") -> str:
    place = tmp_path / name
    place.write_bytes(os.urandom(size))
    return str(place)


def kept(live_studio, sha256: str) -> Path:
    return live_studio.home / "blobs" / sha256[:2] / sha256[2:]


def arriving(live_studio) -> list[str]:
    return [place.name for place in (live_studio.home / "blobs").glob(".arriving-*")]


def nothing_is_left(live_studio) -> None:
    """Of what came and is not kept: who hung up is noticed a moment later."""
    until(lambda: not arriving(live_studio), what="what had come is gone")


class Line:
    """A line to the studio that is cut, both ways, after so many bytes, as often as is said."""

    def __init__(self, port: int, cut_after: int, times: int):
        self._port, self._cut_after, self.cuts_left = port, cut_after, times
        self.sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """End it; whoever used it has closed its connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._through, args=(near,)))
                self._threads[-1].start()

    def _through(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._port)) as far:
            back = threading.Thread(target=self._back, args=(far, near))
            back.start()
            came = 0
            with contextlib.suppress(OSError):
                while piece := near.recv(65536):
                    far.sendall(piece)
                    came += len(piece)
                    self.sent += len(piece)
                    if came > self._cut_after and self.cuts_left:
                        self.cuts_left -= 1
                        break
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            back.join()

    def _back(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := far.recv(65536):
                near.sendall(piece)


def test_a_large_file_arrives_in_pieces_and_says_how_far_it_is(
    client, live_studio, tmp_path, small_pieces
):
    place = file_of(tmp_path, 10 * MIB + 3)
    said: list[tuple[int, int]] = []
    sha256 = client.put_file(place, progress=lambda done, size: said.append((done, size)))
    assert sha256 == file_sha256(place)
    assert hashlib.sha256(kept(live_studio, sha256).read_bytes()).hexdigest() == sha256
    assert [done for done, _ in said] == sorted(done for done, _ in said)
    assert said[-1] == (10 * MIB + 3, 10 * MIB + 3) and len(said) > 5
    nothing_is_left(live_studio)


def test_what_the_studio_has_is_not_sent_again(client, live_studio, tmp_path):
    place = file_of(tmp_path, 9 * MIB)
    client.put_file(place)
    line = Line(live_studio.port, 2**40, 0)
    with contextlib.closing(line):
        again = Client(line.url, live_studio.token)
        again.put_file(place)
        again.close()
    assert line.sent < 10_000


def test_a_small_file_goes_in_one_call(client, live_studio, tmp_path):
    said = []
    for size in (0, 1000):
        place = file_of(tmp_path, size)
        sha256 = client.put_file(place, progress=lambda *about: said.append(about))
        assert kept(live_studio, sha256).stat().st_size == size
    assert said == [(0, 0), (1000, 1000)]


def test_after_a_cut_only_what_is_missing_goes_again(live_studio, tmp_path, small_pieces):
    size = 24 * MIB
    place = file_of(tmp_path, size)
    line = Line(live_studio.port, cut_after=3 * MIB, times=4)
    with contextlib.closing(line):
        client = Client(line.url, live_studio.token)
        sha256 = client.put_file(place)
        client.close()
    assert line.cuts_left == 0
    assert hashlib.sha256(kept(live_studio, sha256).read_bytes()).hexdigest() == sha256
    # Of each cut piece at most what lay in buffers is lost: all again would be 48 MiB and more.
    assert line.sent < size + 4 * 3 * MIB
    nothing_is_left(live_studio)


def test_a_studio_that_is_killed_in_the_middle_goes_on_when_it_is_back(
    client, live_studio, tmp_path, small_pieces
):
    place, killed = file_of(tmp_path, 24 * MIB), []

    def kill_once(done: int, size: int) -> None:
        if done > size // 2 and not killed:
            killed.append(done)
            live_studio.kill("web")

    sha256 = client.put_file(place, progress=kill_once)
    assert killed
    assert hashlib.sha256(kept(live_studio, sha256).read_bytes()).hexdigest() == sha256


def test_a_file_that_changes_while_it_is_sent_is_refused(
    client, live_studio, tmp_path, small_pieces
):
    place, changed = file_of(tmp_path, 12 * MIB), []

    def change(done: int, size: int) -> None:
        if not changed:
            changed.append(done)
            with open(place, "r+b") as file:
                file.seek(11 * MIB)
                file.write(b"changed")

    with pytest.raises(_errors.BadInput, match="send it again"):
        client.put_file(place, progress=change)
    nothing_is_left(live_studio)


def test_a_file_that_becomes_shorter_is_refused_by_name(
    client, live_studio, tmp_path, small_pieces
):
    place = file_of(tmp_path, 12 * MIB)

    def cut(done: int, size: int) -> None:
        os.truncate(place, 9 * MIB)

    with pytest.raises(_errors.UserErrorException, match=r"large\.bin became shorter"):
        client.put_file(place, progress=cut)
    nothing_is_left(live_studio)
    assert client.get("me")["username"] == "admin", "the connection is good for the next call"


def test_one_call_with_a_large_body_needs_no_memory_and_no_second_copy(client, live_studio):
    """As curl sends it: 300 MiB under a hash, written once, while the process stays as it is."""
    piece = os.urandom(MIB)
    digest = hashlib.sha256()
    for _ in range(300):
        digest.update(piece)
    web = psutil.Process(live_studio.record.children["web"].pid)
    client.get("me")
    before, most = web.memory_info().rss, 0
    temporary = list((live_studio.home / "uploads").iterdir())

    class Body(FilePart):
        def __init__(self):
            self.size = 300 * MIB

        def by_kernel(self, line):
            nonlocal most
            for _ in range(300):
                line.sendall(piece)
                most = max(most, web.memory_info().rss)
            assert list((live_studio.home / "uploads").iterdir()) == temporary

    path = f"/api/v1/workspaces/default/blobs/{digest.hexdigest()}"
    reply = client.transport().request("PUT", path, body=Body(), repeatable=False)
    assert reply.json()["size_bytes"] == 300 * MIB
    assert most - before < 64 * MIB
    kept(live_studio, digest.hexdigest()).unlink()


def test_who_may_not_upload_is_told_before_he_sends(live_studio):
    """The body is not asked for: `Expect: 100-continue` is answered with 401."""
    with socket.create_connection(("127.0.0.1", live_studio.port), 60) as line:
        line.sendall(
            b"PUT /api/v1/workspaces/default/blobs/" + b"a" * 64 + b" HTTP/1.1\r\n"
            b"Host: 127.0.0.1\r\nContent-Length: 5000000000\r\nExpect: 100-continue\r\n"
            b"Authorization: Bearer ty_nobody\r\n\r\n"
        )
        answer = line.recv(65536)
    assert answer.startswith(b"HTTP/1.1 401"), answer


def test_a_body_that_is_cut_leaves_nothing(live_studio):
    with socket.create_connection(("127.0.0.1", live_studio.port), 60) as line:
        head = (
            f"PUT /api/v1/workspaces/default/blobs/{'a' * 64} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Length: 5000000\r\nAuthorization: Bearer {live_studio.token}\r\n\r\n"
        )
        line.sendall(head.encode() + b"x" * 2_000_000)
    nothing_is_left(live_studio)

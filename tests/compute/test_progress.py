"""What a builder does now is said to the page, and is no part of the log."""

import subprocess
import sys

import pytest

from compute.building import log, received, uv
from compute.building.sieve import Sieve


def test_progress_is_taken_out_of_the_output_wherever_the_pieces_end():
    said: list[str] = []
    sieve = Sieve(said.append)
    whole = b"one\n\x1esolving\ntwo\n\x1edownloading a: 1 of 2 MiB\n\x1e\nthree\n"
    for size in (1, 3, 7, len(whole)):
        said.clear()
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        assert b"".join(map(sieve.log_in, pieces)) == b"one\ntwo\nthree\n"
        assert said[-1] == ""
        assert size > 3 or said == ["solving", "downloading a: 1 of 2 MiB", ""]


def test_what_is_too_long_for_progress_is_log():
    sieve = Sieve(lambda _: None)
    noise = b"\x1e" + b"x" * 2**16
    assert len(sieve.log_in(noise) + sieve.log_in(b"y\n")) == 2**16 + 2


@pytest.mark.parametrize(
    ("names", "done", "total", "words"),
    [
        (["torch"], 112.4 * 2**20, 179.1 * 2**20, "downloading torch: 112 of 179 MiB"),
        (["a", "b", "c", "d"], 0, 5 * 2**20, "downloading a, b and 2 more: 0.0 of 5.0 MiB"),
        (["a", "b"], 9 * 2**30, 3 * 2**30, "downloading a, b: 3.0 of 3.0 GiB"),
    ],
)
def test_a_download_is_said_in_words(names, done, total, words):
    assert log.downloading(names, done, total) == words


def test_sizes_are_said_as_people_do():
    sizes = (48 * 2**10, 412 * 2**20, 3.1 * 2**30)
    assert [log.size(size) for size in sizes] == ["48 KiB", "412 MiB", "3.1 GiB"]


def test_lines_of_uv_become_lines_of_the_log(capsys):
    watch = uv._Watch(0, "installing 2 packages")
    assert watch.heard("Resolved 2 packages in 3ms") == ""
    assert watch.heard("Downloading torch (179.1MiB)") == "  Downloading torch (179.1MiB)"
    watch.look()
    assert watch.heard(" Downloaded torch") == "   Downloaded torch"
    assert watch.heard("Prepared 2 packages in 1m 02s") == "Downloaded 179 MiB in 62.0 s"
    assert watch.heard("Installed 2 packages in 59ms") == "Installed 2 packages in 0.1 s"
    assert "\x1edownloading torch: 0 of 179 MiB" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="the count is that of Linux")
def test_the_kernel_tells_what_another_process_received():
    code = (
        "import socket, sys\n"
        "s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)\n"
        "c, _ = s.accept(); c.recv(300_000, socket.MSG_WAITALL); print('came', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        port = int(other.stdout.readline())
        with received.socket.create_connection(("127.0.0.1", port)) as here:
            before = received.bytes_of(other.pid)
            here.sendall(bytes(300_000))
            assert other.stdout.readline() == "came\n"
            assert received.bytes_of(other.pid) - before == 300_000
        other.stdin.close()

"""An engine as one on another machine: behind a TCP port, which nothing of this machine's goes by.

`cut` breaks what goes through, as a network does.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Forwarder:
    """A port of 127.0.0.1 that leads to a Unix socket."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._door = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"tcp://127.0.0.1:{self._door.getsockname()[1]}"
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """End every connection there is; new ones are let in."""
        while self._open:
            with contextlib.suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.cut()

    def _serve(self) -> None:
        while True:
            try:
                here, _ = self._door.accept()
            except OSError:
                return
            self.connections += 1
            there = socket.socket(socket.AF_UNIX)
            there.connect(self._path)
            self._open += [here, there]
            ways = [threading.Thread(target=_pass, args=way) for way in _both(here, there)]
            threading.Thread(target=_end, args=(ways, here, there), daemon=True).start()


def _both(here: socket.socket, there: socket.socket) -> list[tuple[socket.socket, socket.socket]]:
    return [(here, there), (there, here)]


def _pass(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(2**16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)  # the other way may still say something


def _end(ways: list[threading.Thread], *sockets: socket.socket) -> None:
    for way in ways:
        way.start()
    for way in ways:
        way.join()
    for one in sockets:
        one.close()


@contextlib.contextmanager
def forwarding(path: str) -> Iterator[Forwarder]:
    """A forwarder to the Unix socket at `path`, for a while."""
    forwarder = Forwarder(path)
    try:
        yield forwarder
    finally:
        forwarder.close()

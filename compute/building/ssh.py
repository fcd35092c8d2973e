"""An engine behind ssh://: each connection is an `ssh` program that speaks to it over there.

By the program, so that its settings, keys and jump hosts hold; the library would do it by another
that keeps its own.
"""

import socket
import subprocess
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.transport import unixconn

HOST = "http://by-ssh:2375"
# Without anybody there to type a password.
OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10")
OVER_THERE = "docker system dial-stdio"
OLDEST_API = "1.41"


def client(url: str, timeout_s: float) -> Any:
    """Return a client of the engine at `url`, ssh://user@host:port; close it after use."""
    adapter = _Adapter(url, timeout_s)
    first = _client_by(adapter, timeout_s, OLDEST_API)
    return _client_by(adapter, timeout_s, first.version(api_version=False)["ApiVersion"])


def _client_by(adapter: "_Adapter", timeout_s: float, version: str) -> Any:
    made = docker.APIClient(base_url=HOST, version=version, timeout=timeout_s)
    made.mount(HOST, adapter)
    return made


class _Connection(unixconn.UnixHTTPConnection):  # type: ignore[misc]
    """One connection; `unix_socket` is the command line that makes it."""

    _program: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        self.sock, there = socket.socketpair()
        self.sock.settimeout(self.timeout)
        with there:
            end = there.fileno()
            self._program = subprocess.Popen(self.unix_socket, stdin=end, stdout=end)

    def close(self) -> None:
        super().close()
        if self._program:
            self._program.kill()
            self._program.wait()
            self._program = None


class _Pool(unixconn.UnixHTTPConnectionPool):  # type: ignore[misc]
    def _new_conn(self) -> _Connection:
        return _Connection(self.base_url, self.socket_path, self.timeout)


class _Adapter(unixconn.UnixHTTPAdapter):  # type: ignore[misc]
    def __init__(self, url: str, timeout_s: float) -> None:
        super().__init__("", timeout_s)
        there = urlsplit(url)
        who = ["-l", there.username] if there.username else []
        port = ["-p", str(there.port)] if there.port else []
        host = str(there.hostname)
        self._command = ["ssh", *OPTIONS, *who, *port, "--", host, OVER_THERE]

    def get_connection(self, url: str, proxies: Any = None) -> Any:
        with self.pools.lock:
            if not self.pools.get(HOST):
                self.pools[HOST] = _Pool(HOST, self._command, self.timeout)
            return self.pools[HOST]

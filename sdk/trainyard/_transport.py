"""HTTP to the studio: kept-alive connections over TCP or a Unix socket, and what to try again.

    Unix socket, else TCP or TLS ── one Transport per thread ── request() / download()

A call that may be repeated is repeated after a broken connection, a timeout or a 502–504, with
growing pauses, until `patience_s` is over; then Unreachable says what was tried.
"""

import http.client
import json
import os
import socket
import time
from typing import Any, BinaryIO, Callable, Dict, Iterable, Iterator, Optional, Tuple, Union
from urllib.parse import quote, urlencode, urlsplit

from trainyard import _errors, _version

TIMEOUT_S = 60.0
# A gigabyte has to be hashed by the studio before it answers.
UPLOAD_TIMEOUT_S = 900.0
# Before the first answer the address may simply be wrong: say so soon. Once it has answered, a
# silence is more likely a restart, which a training script or a waiting person should survive.
FIRST_PATIENCE_S = 4.0
PATIENCE_S = 90.0
LONGEST_PAUSE_S = 2.0
PIECE_BYTES = 256 * 1024
SEND_BYTES = 1024 * 1024
AWAY = (502, 503, 504)
BYTES = "application/octet-stream"


class FilePart:
    """Bytes `start` to `start + size` of an open file, as the body of a call; may be sent again.

    said: called with the bytes of the file that were given to the line so far, if it is given.
    """

    def __init__(
        self,
        file: BinaryIO,
        start: int,
        size: int,
        said: Optional[Callable[[int], Any]] = None,
    ):
        self._file = file
        self._start = start
        self.size = size
        self._said = said

    def by_kernel(self, line: socket.socket) -> None:
        """Send it over a plain socket, from the file's own pages: half the work of reading it."""
        at, end = self._start, self._start + self.size
        while at < end:
            sent = line.sendfile(self._file, at, min(SEND_BYTES, end - at))
            if not sent:
                raise self._shorter()
            at += sent
            if self._said is not None:
                self._said(at)

    def _shorter(self) -> Exception:
        return _errors.UserErrorException(
            "{} became shorter while it was sent".format(self._file.name)
        )

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._start)
        left = self.size
        while left:
            piece = self._file.read(min(left, SEND_BYTES))
            if not piece:
                raise self._shorter()
            left -= len(piece)
            yield piece
            if self._said is not None:
                self._said(self._start + self.size - left)


Body = Union[None, bytes, BinaryIO, FilePart]


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket given by path; the Host header stays the URL's."""

    def __init__(self, socket_path: str, host: str, timeout: float):
        super().__init__(host, timeout=timeout)
        self._socket_path = socket_path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(self._socket_path)
        except OSError:
            self.close()
            raise


class Answer:
    """What came back: `status`, `headers` (lower case), `body`."""

    def __init__(self, status: int, headers: Dict[str, str], body: bytes):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """Return the body read as JSON; {} for an empty one. Raises StudioError."""
        if not self.body:
            return {}
        try:
            return json.loads(self.body.decode("utf-8"))
        except ValueError:
            raise _errors.from_answer(self.status, self.body) from None


class Transport:
    """One kept-alive connection to a studio, with a bearer token. Not for two threads at once.

    url: as in config.json.   socket_path: a Unix socket to use instead of TCP, when it exists.
    patience_s: how long a repeatable call is tried; None for the two constants above.
    """

    def __init__(
        self,
        url: str,
        token: str,
        socket_path: Optional[str] = None,
        patience_s: Optional[float] = None,
    ):
        self._connection: Optional[http.client.HTTPConnection] = None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _errors.UserErrorException(
                'the studio\'s address "{}" must look like http://127.0.0.1:8000'.format(url)
            )
        self.url = url.rstrip("/")
        self._parts = parts
        self._token = token
        self._socket_path = socket_path
        self._patience_s = patience_s
        self._pid = os.getpid()
        self._has_answered = False

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        self.close()

    # --- calls ------------------------------------------------------------
    def request(
        self,
        method: str,
        path: str,
        query: Optional[Dict[str, Any]] = None,
        body: Body = None,
        *,
        data: Any = None,
        repeatable: bool = True,
        size: Optional[int] = None,
        timeout_s: float = TIMEOUT_S,
        content_type: str = BYTES,
    ) -> Answer:
        """Make one call and return its 2xx answer.

        path: below the studio's URL, already quoted.   data: sent as JSON, instead of `body`.
        body: bytes, a FilePart, or an open file of `size` bytes, read again from its start at
        each try; of what type is `content_type`.
        Raises the StudioError of an error answer, Unreachable.
        """
        headers: Dict[str, str] = {}
        if data is not None:
            body = json.dumps(data, allow_nan=False).encode("ascii")
            headers["Content-Type"] = "application/json"
        elif body is not None:
            headers["Content-Type"] = content_type
        if isinstance(body, FilePart):
            size = body.size
        if size is not None:
            headers["Content-Length"] = str(size)

        def once() -> Answer:
            if body is not None and not isinstance(body, (bytes, FilePart)):
                body.seek(0)
            reply = self._send(method, target, body, headers, timeout_s=timeout_s)
            answer = Answer(reply.status, _lower(reply), reply.read())
            self._after(reply)
            return answer

        if not repeatable:
            # A kept connection may be closed under us with the call half done: nobody could tell.
            self.close()
        target = with_query(path, query)
        answer = self._trying(method, target, once, repeatable)
        too_new = _version.too_new(answer.headers.get("x-trainyard", ""), self.url)
        if too_new:
            raise _errors.WrongVersion(too_new, status=answer.status)
        if answer.status >= 300:
            raise _errors.from_answer(answer.status, answer.body)
        return answer

    def download(
        self,
        path: str,
        write: Callable[[bytes], Any],
        query: Optional[Dict[str, Any]] = None,
        *,
        start: int = 0,
    ) -> int:
        """Pass the bytes at `path` to `write`, from byte `start` on; return where they end.

        A cut one goes on by Range. Raises the StudioError of an error answer, Unreachable.
        """
        done = [start]
        target = with_query(path, query)

        def once() -> Answer:
            headers = {"Range": "bytes={}-".format(done[0])} if done[0] else {}
            reply = self._send("GET", target, None, headers, timeout_s=TIMEOUT_S)
            if reply.status == 416 and done[0]:
                reply.read()
                return Answer(200, {}, b"")
            if reply.status >= 300:
                answer = Answer(reply.status, _lower(reply), reply.read())
                self._after(reply)
                return answer
            skip = done[0] if reply.status == 200 else 0
            for piece in _pieces(reply):
                kept = piece[skip:]
                skip = max(0, skip - len(piece))
                if kept:
                    write(kept)
                    done[0] += len(kept)
            if reply.length:
                raise http.client.IncompleteRead(b"", reply.length)
            self._after(reply)
            return Answer(200, {}, b"")

        answer = self._trying("GET", target, once, repeatable=True)
        if answer.status >= 300:
            raise _errors.from_answer(answer.status, answer.body)
        return done[0]

    # --- below ------------------------------------------------------------
    def _trying(
        self, method: str, target: str, once: Callable[[], Answer], repeatable: bool
    ) -> Answer:
        """Call `once` until it answers, the patience is over, or repeating would not be safe."""
        began = time.monotonic()
        pause, tries = 0.1, 0
        while True:
            tries += 1
            was_kept = self._connection is not None
            try:
                answer = once()
                self._has_answered = True
                if answer.status not in AWAY:
                    return answer
                trouble = "it answered HTTP {}".format(answer.status)
                said = _said_by_the_studio(answer)
                never_sent = False
            except (OSError, http.client.HTTPException) as error:
                self.close()
                trouble, said = _words(error), None
                never_sent = isinstance(error, (ConnectionRefusedError, FileNotFoundError))
            if was_kept and repeatable and tries == 1:
                continue  # A kept connection that the studio closed meanwhile: no reason to wait.
            waited = time.monotonic() - began
            if not (repeatable or never_sent) or waited + pause > self._patience():
                if said is not None:
                    return said
                raise _errors.Unreachable(
                    "{} {}{} got no answer: {}; tried {} time{} in {:.1f} s. Is the studio up at"
                    " that address?".format(
                        method, self.url, target, trouble, tries, "s" * (tries > 1), waited
                    )
                )
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _patience(self) -> float:
        if self._patience_s is not None:
            return self._patience_s
        return PATIENCE_S if self._has_answered else FIRST_PATIENCE_S

    def _send(
        self, method: str, target: str, body: Body, headers: Dict[str, str], *, timeout_s: float
    ) -> http.client.HTTPResponse:
        if self._pid != os.getpid():
            # A forked child must not speak into its parent's connection.
            self._connection, self._pid = None, os.getpid()
        if self._connection is None:
            self._connection = self._connect(timeout_s)
            # Files are read by 8 KiB otherwise, which takes longer than sending them.
            self._connection.blocksize = SEND_BYTES
        elif self._connection.sock is not None:
            self._connection.sock.settimeout(timeout_s)
        self._connection.timeout = timeout_s
        headers = dict(headers, Authorization="Bearer " + self._token, Accept="application/json")
        headers["X-Trainyard-Client"] = _version.__version__
        path = self._parts.path.rstrip("/") + target
        try:
            if isinstance(body, FilePart) and self._parts.scheme == "http":
                _by_kernel(self._connection, (method, path), body, headers)
            else:
                self._connection.request(method, path, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            # A server that refuses a large body answers and closes before it has read it all.
            if self._connection.sock is None:
                raise
        return self._connection.getresponse()

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        host = self._parts.hostname or ""
        if self._socket_path and os.path.exists(self._socket_path):
            return _UnixConnection(self._socket_path, host, timeout_s)
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, self._parts.port, timeout=timeout_s)
        return http.client.HTTPConnection(host, self._parts.port, timeout=timeout_s)

    def _after(self, reply: http.client.HTTPResponse) -> None:
        if reply.will_close:
            self.close()


def _said_by_the_studio(answer: Answer) -> Optional[Answer]:
    """Return the answer if it is the studio's own, which names the cause; a proxy's is no use."""
    return answer if "json" in answer.headers.get("content-type", "") else None


def _by_kernel(
    connection: http.client.HTTPConnection,
    line: Tuple[str, str],
    body: FilePart,
    headers: Dict[str, str],
) -> None:
    """Make a call whose body goes past Python."""
    connection.putrequest(*line)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    body.by_kernel(connection.sock)


def with_query(path: str, query: Optional[Dict[str, Any]]) -> str:
    """Return `path` with the query's pairs that are not None; a list repeats its key."""
    pairs = {key: value for key, value in (query or {}).items() if value is not None}
    return path + "?" + urlencode(pairs, doseq=True) if pairs else path


def quoted(path: str) -> str:
    """Return a file's path as part of a URL."""
    return quote(path, safe="/")


def _lower(reply: http.client.HTTPResponse) -> Dict[str, str]:
    return {name.lower(): value for name, value in reply.getheaders()}


def _pieces(reply: http.client.HTTPResponse) -> Iterable[bytes]:
    while True:
        piece = reply.read(PIECE_BYTES)
        if not piece:
            return
        yield piece


def _words(error: BaseException) -> str:
    return "{}: {}".format(type(error).__name__, error) if str(error) else type(error).__name__

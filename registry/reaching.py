"""Answers from addresses that people name: public hosts only, by the address connected to.

A name is resolved once and the socket goes to an address that was looked at, so a name server that
gives another answer a moment later changes nothing; every redirect goes the same way.
"""

import fnmatch
import ipaddress
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from studio.errors import BadInput
from studio.texts import checked

MOST_URL_CHARACTERS = 2000
MOST_REDIRECTS = 8
REDIRECTS = (301, 302, 303, 307, 308)
CONNECT_S, READ_S = 10.0, 30.0
# For all of an answer's head, redirects apart, with the connection and its encryption.
HEAD_S = 60.0
SCHEMES = ("http", "https")
# Each holds an IPv4 address that such a packet ends at: what that one may not be, they may not.
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class _Asking(threading.local):
    """The connections that this thread has made and whose answers have no head yet."""

    def __init__(self) -> None:
        self.held: list[socket.socket] = []


_asking = _Asking()


class Unreached(Exception):
    """Nobody answered, or the answer broke off: worth another try."""


def check_url(url: str) -> str:
    """Return `url` when the studio may ask it at all. Raises BadInput with the way out."""
    checked("url", url, MOST_URL_CHARACTERS, empty=False)
    trouble = None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        raise _refused(url, "it is no URL") from None
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        trouble = "it holds a space or a control character; write %20 for a space"
    elif parts.scheme.lower() not in SCHEMES:
        trouble = "only http and https are fetched"
    elif not host or port == 0:
        trouble = "it names no host"
    elif parts.username is not None or parts.password is not None:
        trouble = "it holds a user or a password, which everybody here could read; leave them out"
    elif not _host_allowed(host):
        names = ", ".join(settings.FETCH_HOSTS)
        trouble = f"this studio fetches from {names} only (STUDIO_FETCH_HOSTS)"
    if trouble:
        raise _refused(url, trouble)
    return url


def _refused(url: str, trouble: str) -> BadInput:
    return BadInput(f"{url[:200]} cannot be fetched: {trouble}", fields={"urls": trouble})


def _host_allowed(host: str) -> bool:
    hosts = settings.FETCH_HOSTS
    return not hosts or any(fnmatch.fnmatchcase(host.lower(), name.lower()) for name in hosts)


def is_allowed(address: str) -> bool:
    """Whether a socket may go to `address`: a public one, or in a network of STUDIO_FETCH_PRIVATE.

    An IPv6 address that carries an IPv4 one is judged by that.
    """
    found: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is None and found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        found = inner or found
    networks = [ipaddress.ip_network(text) for text in settings.FETCH_PRIVATE]
    if any(found.version == network.version and found in network for network in networks):
        return True
    return found.is_global and not found.is_multicast and not found.is_reserved


def _connect(host: str, port: int, timeout_s: float) -> socket.socket:
    """Connect to an address of `host` that may be reached. Raises BadInput, OSError."""
    name = host.strip("[]")
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    allowed = [entry for entry in found if is_allowed(str(entry[4][0]))]
    if not allowed:
        raise BadInput(
            f"{name} cannot be fetched from: its address {found[0][4][0]} is not a public one;"
            " whoever keeps the studio may allow its network (STUDIO_FETCH_PRIVATE)"
        )
    trouble: OSError | None = None
    for family, kind, protocol, _, address in allowed:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(timeout_s)
            sock.connect(address)
            _asking.held.append(sock.dup())
            return sock
        except OSError as error:
            sock.close()
            trouble = error
    raise trouble or OSError("no address")


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self._dns_host, self.port, CONNECT_S)


class _Encrypted(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self._dns_host, self.port, CONNECT_S)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Cut the connections that are made in the block when it takes longer: each piece of an
    answer's head in time is not all of it in time. Raises TimeoutError then."""
    held, was_cut = _asking.held, threading.Event()

    def cut() -> None:
        was_cut.set()
        for sock in held:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
        # A head that ends early passes for a whole one, of an answer with nothing in it.
        if was_cut.is_set():
            raise TimeoutError("the head of its answer did not come in time")
    finally:
        timer.cancel()
        while held:
            held.pop().close()


@contextmanager
def answer(url: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
    """Ask `url` and yield the answer, its body unread, after up to 8 redirects.

    Raises BadInput for an address that may not be asked, here or where it redirects to; Unreached.
    """
    certificates: dict[str, Any] = (
        {"ca_certs": settings.CERTIFICATES} if settings.CERTIFICATES else {}
    )
    with urllib3.PoolManager(num_pools=2, **certificates) as pools:
        pools.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
        response = _after_redirects(pools, url, headers)
        try:
            yield response
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreached(_words(error)) from error
        finally:
            response.close()


def _after_redirects(
    pools: urllib3.PoolManager, url: str, headers: Mapping[str, str]
) -> urllib3.BaseHTTPResponse:
    asked = url
    for _ in range(MOST_REDIRECTS + 1):
        check_url(asked)
        try:
            response = _head(pools, asked, headers)
        except urllib3.exceptions.LocationParseError:
            raise _refused(asked, "it is no URL") from None
        except (urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
            raise Unreached(_words(error)) from error
        where = response.headers.get("Location")
        if response.status not in REDIRECTS or not where:
            return response
        response.close()
        asked = urljoin(asked, where)
    raise BadInput(f"{url[:200]} cannot be fetched: it redirects more than {MOST_REDIRECTS} times")


def _head(
    pools: urllib3.PoolManager, url: str, headers: Mapping[str, str]
) -> urllib3.BaseHTTPResponse:
    """Ask, and return the answer once its head is there."""
    with _at_most(HEAD_S):
        return pools.request(
            "GET",
            url,
            headers={"User-Agent": "trainyard", "Accept-Encoding": "identity", **headers},
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
        )


def _words(error: BaseException) -> str:
    """What went wrong, without the addresses of objects."""
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, TimeoutError) or isinstance(error, urllib3.exceptions.TimeoutError):
        return "it did not answer in time"
    if isinstance(error, socket.gaierror):
        return "its host is not known"
    if isinstance(cause, OSError) and cause.strerror:
        return str(cause.strerror)
    return type(error).__name__

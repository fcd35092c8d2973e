"""The Docker engine of STUDIO_DOCKER_URL: calls to it, whether it answers, and what it is."""

import contextlib
import os
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from django.conf import settings
from docker.errors import APIError, DockerException

from compute.backends.base import Refused, Unreachable
from compute.building.engine import connect, knock

ANSWERS_WITHIN_S = 3
ENGINE_WAIT_S = 30
MOST_KEPT = 16
AWAY = (requests.RequestException, urllib3.exceptions.HTTPError, DockerException, OSError)
# Connections that no call uses now, by process and engine: making one costs two calls more, and by
# ssh a sign-in.
_kept: defaultdict[tuple[int, str], deque[Any]] = defaultdict(deque)


@dataclass(frozen=True)
class Engine:
    """An engine that answers: its version, and what the machine that it is on has."""

    version: str
    cpus: int
    memory_gib: float
    has_gpus: bool


def look() -> Engine | None:
    """Ask the engine at STUDIO_DOCKER_URL; None where none answers. Takes 3 s at most a call."""
    try:
        with contextlib.closing(connect(settings.DOCKER_URL, ANSWERS_WITHIN_S)) as api:
            info = api.info()
    except AWAY:
        return None
    return Engine(
        version=str(info["ServerVersion"]),
        cpus=int(info["NCPU"]),
        memory_gib=info["MemTotal"] / 2**30,
        has_gpus="nvidia" in info.get("Runtimes", {}),
    )


@contextlib.contextmanager
def asking() -> Iterator[Any]:
    """The engine's API for some calls. Raises Unreachable when it does not answer them."""
    url: str = settings.DOCKER_URL
    kept = _kept[os.getpid(), url]
    api = _one_of(kept, url)
    is_good = False
    try:
        yield api
        is_good = True
    except APIError as error:
        is_good = True
        if error.is_server_error():
            raise Unreachable(f"the Docker engine could not do it: {words(error)}") from error
        raise Refused(f"the Docker engine refused: {words(error)}") from error
    except AWAY as error:
        raise Unreachable(f"the Docker engine at {url} went away: {error}") from error
    finally:
        if is_good and len(kept) < MOST_KEPT:
            kept.append(api)
        else:
            api.close()


def close_kept() -> None:
    """Close the connections that no call uses now."""
    for kept in _kept.values():
        while kept:
            kept.pop().close()


def _one_of(kept: deque[Any], url: str) -> Any:
    try:
        knock(url)
        with contextlib.suppress(IndexError):
            return kept.pop()
        return connect(url, ENGINE_WAIT_S)
    except AWAY as error:
        raise Unreachable(f"the Docker engine at {url} does not answer") from error


def words(error: APIError) -> str:
    """What the engine said when it refused."""
    return str(error.explanation or error)[:500]

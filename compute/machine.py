"""What machines have: CPUs, memory and GPUs; this one as far as this process may use it."""

import os
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil
from django.conf import settings

from compute.backends import engine, gpus
from compute.models import Cluster
from compute.states import Backend

HERE = "here"
ASK_AGAIN_S = 60

LIMITS = (  # cgroup v2, then v1: a studio in a container has what its container has
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Machine:
    """`gpus` holds a name for each. doubt: why it may have something else than this, in words."""

    cpus: int
    memory_bytes: int
    gpus: tuple[str, ...] = ()
    name: str = "this machine"
    doubt: str = ""

    @property
    def memory_gib(self) -> float:
        return self.memory_bytes / 2**30


@dataclass(frozen=True)
class _Answer:
    engine: engine.Engine | None
    asked_at: float
    is_old: bool = False


_answers: dict[str, _Answer] = {}
_asking = threading.Lock()


def place_of(cluster: Cluster) -> str:
    """Return a key of the machine that a cluster's nodes are on: same key, same machine."""
    url: str = settings.DOCKER_URL
    is_here = cluster.backend == Backend.LOCAL or url.startswith("unix:")
    return HERE if is_here else url


def name_of(cluster: Cluster) -> str:
    """Return how people call the machine of a cluster, in a sentence."""
    url = place_of(cluster)
    return "this machine" if url == HERE else f"the machine of the Docker engine {url}"


def of(cluster: Cluster) -> Machine:
    """Return what the machine of a cluster has. That may ask a Docker engine: up to some seconds.

    Of an engine that does not answer it is what it said before, and else next to nothing: the
    machine's `doubt` says so.
    """
    url = place_of(cluster)
    if url != HERE:
        return _of_engine(url, name_of(cluster))
    here = this()
    if here.gpus and cluster.backend == Backend.DOCKER:
        answer = _ask(settings.DOCKER_URL)
        if answer.engine is not None and not answer.engine.has_gpus:
            return Machine(here.cpus, here.memory_bytes)
    return here


def _of_engine(url: str, name: str) -> Machine:
    answer = _ask(url)
    silent = f"the Docker engine {url} does not answer"
    if answer.engine is None:
        return Machine(1, 2**30, (), name, f"{silent}: 1 vCPU and 1 GiB are supposed")
    return Machine(
        cpus=answer.engine.cpus,
        memory_bytes=round(answer.engine.memory_gib * 2**30),
        # It says that there are some, not how many.
        gpus=("GPU",) if answer.engine.has_gpus else (),
        name=name,
        doubt=f"{silent}: this is what it said before" if answer.is_old else "",
    )


def _ask(url: str) -> _Answer:
    """What the engine says it has, asked once a minute; meanwhile everybody else has the last."""
    known = _answers.get(url)
    if known and time.monotonic() - known.asked_at < ASK_AGAIN_S:
        return known
    if not _asking.acquire(blocking=known is None):
        assert known is not None
        return known
    try:
        newest = _answers.get(url)
        if newest is known:  # else another asked while this one waited
            said = engine.look()
            last = known.engine if known else None
            newest = _Answer(said or last, time.monotonic(), is_old=said is None)
            _answers[url] = newest
        assert newest is not None
        return newest
    finally:
        _asking.release()


@cache
def this() -> Machine:
    """Return what this machine has; it does not change while the studio runs."""
    return Machine(
        cpus=_cpus(),
        memory_bytes=min([psutil.virtual_memory().total, *_limits()]),
        gpus=gpus.names(),
    )


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):  # fewer, where somebody gave us a part of the machine
        return len(os.sched_getaffinity(0))
    return psutil.cpu_count() or 1


def _limits() -> list[int]:
    found = []
    for path in LIMITS:
        try:
            found.append(int(path.read_text()))
        except (OSError, ValueError):  # none, or "max"
            continue
    return found

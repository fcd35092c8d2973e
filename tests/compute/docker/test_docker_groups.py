"""Containers of one group have a network of their own, which comes and goes with them."""

import contextlib
import ipaddress
import socket
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import pytest

from compute.backends import networks
from compute.backends.base import Handle, NoCapacity, Refused
from compute.backends.docker import Docker
from compute.tasks import Sighting, Task
from tests.compute.contract import MEETS
from tests.compute.docker.conftest import BASE, comes
from tests.fixtures.own_engine import OwnEngine

NAP = "import time; time.sleep(600)"
KNOCKS = """
import socket, sys, time
heard, slowest = [], 0
for place in sys.argv[2:]:
    host, port = place.split(":")
    began = time.monotonic()
    try:
        with socket.create_connection((host, int(port)), float(sys.argv[1])) as there:
            heard.append(there.recv(5).decode())
    except OSError as error:
        heard.append(type(error).__name__)
    slowest = max(slowest, time.monotonic() - began)
open("slowest", "w").write(str(slowest))
open("heard", "w").write(" ".join(heard))
"""
# So long they wait for who never answers, and for who does.
NOBODY_S, SOMEBODY_S = "2", "60"


@pytest.fixture
def api(base) -> Iterator[Any]:
    with contextlib.closing(docker.from_env()) as client:
        yield client.api


@pytest.fixture
def start(base, tmp_path) -> Iterator[Any]:
    """Start Python code as a task of a group; what still runs is ended after the test."""
    handles: list[Handle] = []

    def start_one(code: str, *words: str, group: str, rank: int = 0, **fields: Any) -> Handle:
        task_id = uuid.uuid4().hex
        handle = Docker().start(
            Task(
                id=task_id,
                command=["/usr/bin/python3", "-c", code, *words],
                folder=str(tmp_path / "tasks" / task_id),
                group=group,
                rank=rank,
                **{"image": BASE, **fields},
            )
        )
        handles.append(handle)
        return handle

    yield start_one
    for handle in handles:
        Docker().stop(handle, 0)
        Docker().forget(handle)


@pytest.fixture
def group() -> str:
    return uuid.uuid4().hex


def networks_of(api: Any, group: str) -> list[str]:
    return [one["Id"] for one in api.networks(filters={"label": f"{networks.GROUP}={group}"})]


def heard(handle: Handle, tmp_path: Any) -> str:
    file = tmp_path / "tasks" / handle["task_id"] / "heard"
    assert comes(lambda: file.exists() and file.read_text() != "")
    return str(file.read_text())


def address(api: Any, handle: Handle) -> str:
    (found,) = api.inspect_container(handle["container"])["NetworkSettings"]["Networks"].values()
    return str(found["IPAddress"])


@pytest.mark.parametrize("has_network", [True, False])
def test_a_task_is_reached_by_its_own_group_and_by_no_other(
    api, start, group, tmp_path, has_network
):
    host, port = Docker().meeting_point(group)
    first = start(MEETS, host, str(port), "0", group=group, has_network=has_network)
    place = f"{address(api, first)}:{port}"
    assert comes((tmp_path / "tasks" / first["task_id"] / "up").exists)
    stranger = start(KNOCKS, NOBODY_S, place, f"{host}:{port}", group=f"{group}-2", rank=1)
    alone = start(KNOCKS, NOBODY_S, place, group="")
    second = start(KNOCKS, SOMEBODY_S, place, group=group, rank=1, has_network=has_network)
    assert "hello" not in heard(stranger, tmp_path)
    assert "hello" not in heard(alone, tmp_path)
    assert heard(second, tmp_path) == "hello"


def test_a_group_without_a_network_reaches_nothing_else(api, start, group, tmp_path):
    """Not even the machine that it is on, which has an address in other groups' networks."""
    (subnet,) = api.inspect_network("bridge")["IPAM"]["Config"]
    gateway = str(next(ipaddress.ip_network(subnet["Subnet"]).hosts()))
    with socket.create_server((gateway, 0)) as server:
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
        port = server.getsockname()[1]
        words = (NOBODY_S, f"{gateway}:{port}", f"node-7:{port}")
        cut_off = start(KNOCKS, *words, group=group, has_network=False)
        assert "hello" not in heard(cut_off, tmp_path)
        # A name that is not there is soon known not to be; who asks in vain, asks for ten seconds.
        slowest = tmp_path / "tasks" / cut_off["task_id"] / "slowest"
        assert float(slowest.read_text()) < 9
        other = start(KNOCKS, SOMEBODY_S, f"{gateway}:{port}", group=f"{group}-2")
        assert heard(other, tmp_path) == "hello"


def _greet(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            there, _ = server.accept()
            with there:
                there.sendall(b"hello")


def test_many_that_start_at_once_are_in_one_network(api, start, group):
    gate = threading.Barrier(8)

    def begin(rank: int) -> Handle:
        gate.wait()
        return start(NAP, group=group, rank=rank)

    with ThreadPoolExecutor(8) as pool:
        handles = list(pool.map(begin, range(8)))
    (network,) = networks_of(api, group)
    inside = api.inspect_network(network)["Containers"]
    assert set(inside) == {handle["container"] for handle in handles}


def test_the_network_goes_with_the_last_task(api, start, group):
    first, second = (start(NAP, group=group, rank=rank) for rank in range(2))
    backend = Docker()
    backend.forget(first)  # which runs
    backend.stop(first, 0)
    backend.forget(first)
    backend.forget(first)
    assert len(networks_of(api, group)) == 1
    assert backend.look(second) == Sighting("running")
    backend.stop(second, 0)
    backend.forget(second)
    assert networks_of(api, group) == []
    backend.forget(second)


def test_a_network_that_was_left_behind_goes_with_a_later_forget(api, start, group):
    """The worker was killed between the container's end and its network's."""
    handle = start(NAP, group=group)
    api.remove_container(handle["container"], force=True)
    assert len(networks_of(api, group)) == 1
    Docker().forget(handle)
    assert networks_of(api, group) == []


def test_a_task_that_cannot_be_made_leaves_no_network(api, start, group):
    with pytest.raises(Refused, match="no-such:image"):
        start(NAP, group=group, image="no-such:image")
    with pytest.raises(Refused, match="/no/such/folder"):
        start(NAP, group=group, reads=("/no/such/folder\0",))
    assert networks_of(api, group) == []


def test_when_addresses_run_out_a_task_waits_and_old_networks_go(
    own_engine: OwnEngine, settings, start, group
):
    """On an engine that has addresses for few networks."""
    own_engine.stop()
    own_engine.start("--default-address-pool", "base=10.99.0.0/24,size=26")
    settings.DOCKER_URL = own_engine.url
    handles, left = [], 0
    with pytest.raises(NoCapacity, match="default-address-pools"):
        for left in range(9):
            handles.append(start("pass", group=f"{group}-{left}"))
    assert left >= 2
    with contextlib.closing(own_engine.client()) as client:
        client.api.remove_container(handles[0]["container"], force=True)
    again = start("pass", group=f"{group}-again")
    assert Docker().look(again).state in ("running", "exited")

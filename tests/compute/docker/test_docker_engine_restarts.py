"""An engine that is stopped, killed and started again: said, and no task is lost or doubled."""

import contextlib
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from compute.backends import docker as docker_backend
from compute.backends.base import Handle, Unreachable
from compute.backends.docker import Docker
from compute.backends.engine import asking
from compute.tasks import Sighting, Task
from tests.compute.contract import STUBBORN
from tests.compute.docker.conftest import BASE, comes
from tests.fixtures.own_engine import OwnEngine

COUNTS = "open('count', 'a').write('x'); import time; time.sleep(600)"
ENDS_WELL = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
    "print('up', file=open('count', 'w'), flush=True)\ntime.sleep(600)"
)


@pytest.fixture
def engine(own_engine: OwnEngine, settings: Any) -> OwnEngine:
    settings.DOCKER_URL = own_engine.url
    return own_engine


@pytest.fixture
def task(tmp_path: Path) -> Any:
    def make(code: str, **fields: Any) -> Task:
        task_id = uuid.uuid4().hex
        folder = str(tmp_path / "tasks" / task_id)
        command = ["/usr/bin/python3", "-c", code]
        return Task(id=task_id, command=command, folder=folder, image=BASE, **fields)

    return make


@pytest.fixture
def backend() -> Docker:
    return Docker()


def counted(task: Task) -> str:
    file = Path(task.folder) / "count"
    return file.read_text() if file.exists() else ""


def containers(engine: OwnEngine) -> list[str]:
    with contextlib.closing(engine.client()) as client:
        return [one.name for one in client.containers.list(all=True)]


def started(backend: Docker, task: Task) -> Handle:
    handle = backend.start(task)
    assert comes(lambda: counted(task) != "")
    return handle


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_an_engine_that_is_away_is_unreachable_and_loses_nothing(engine, backend, task, how):
    engine.stop()
    engine.start("--live-restore")
    first, second = task(COUNTS), task(COUNTS)
    handle = started(backend, first)
    getattr(engine, how)()
    for verb in (
        lambda: backend.start(first),
        lambda: backend.start(second),
        lambda: backend.find(first.id, first.folder),
        lambda: backend.look(handle),
        lambda: backend.stop(handle, 1),
        lambda: backend.forget(handle),
    ):
        with pytest.raises(Unreachable, match=r"engine\.sock"):
            verb()
    engine.start("--live-restore")
    assert backend.look(handle) == Sighting("running")
    assert backend.start(first) == handle
    assert counted(first) == "x"
    started(backend, second)
    assert len(containers(engine)) == 2


@pytest.mark.parametrize(
    ("code", "sighting"),
    [(COUNTS, Sighting("exited", signal=15)), (ENDS_WELL, Sighting("exited", exit_code=7))],
)
def test_a_task_is_asked_to_end_when_its_engine_is_stopped(engine, backend, task, code, sighting):
    one = task(code)
    handle = started(backend, one)
    engine.stop()
    engine.start()
    assert backend.look(handle) == sighting
    assert backend.start(one) == handle  # it has run: not again
    assert counted(one).strip() in ("x", "up")
    backend.forget(handle)
    assert containers(engine) == []


def test_an_engine_that_was_killed_ends_its_tasks_when_it_is_started(engine, backend, task):
    handle = started(backend, task(COUNTS))
    engine.kill()
    engine.start()
    assert backend.look(handle) == Sighting("exited", signal=15)


def test_a_machine_that_lost_its_power_says_so_of_its_tasks(engine, backend, task):
    one = task(COUNTS)
    handle = started(backend, one)
    engine.cut_power()
    with pytest.raises(Unreachable):
        backend.look(handle)
    engine.start()
    assert backend.look(handle).state in ("exited", "gone")
    assert backend.look(handle).exit_code != 0
    assert counted(one) == "x"
    backend.forget(handle)


@pytest.mark.parametrize("group", ["", "g1"])
def test_a_start_that_was_cut_off_is_done_again(engine, backend, task, group):
    """The engine was killed when it had made the container and not started it."""
    one = task(COUNTS, group=group)
    docker_backend._make_folders(one)
    with asking() as api:
        made, is_new = docker_backend._made(api, one)
    assert is_new
    engine.kill()
    with pytest.raises(Unreachable):
        backend.start(one)
    engine.start()
    assert started(backend, one)["container"] == made
    assert len(containers(engine)) == 1
    assert counted(one) == "x"


def test_an_engine_that_goes_away_in_a_call_is_unreachable(engine, backend, task):
    handle = started(backend, task(f"{STUBBORN}; open('count', 'w').write('x'); time.sleep(600)"))
    said: list[BaseException] = []

    def stop() -> None:
        try:
            backend.stop(handle, 600)
        except Unreachable as error:
            said.append(error)

    thread = threading.Thread(target=stop)
    thread.start()
    time.sleep(0.5)
    engine.kill()
    thread.join(60)
    assert [type(error) for error in said] == [Unreachable]


def test_a_container_that_is_paused_can_be_stopped(engine, backend, task):
    handle = started(backend, task(COUNTS))
    with contextlib.closing(engine.client()) as client:
        client.containers.get(handle["container"]).pause()
    assert backend.look(handle) == Sighting("running")
    backend.stop(handle, 1)
    assert backend.look(handle).state == "exited"
    backend.forget(handle)
    assert containers(engine) == []

"""A Docker engine on another machine: the contract, and what is copied since nothing is shared."""

import contextlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any, ClassVar

import docker
import pytest
from docker.errors import NotFound

from compute.backends import engine
from compute.backends.base import Refused, Unreachable
from compute.backends.docker import NOBODY, Docker
from compute.tasks import Sighting, Task
from tests.compute.contract import Contract
from tests.compute.docker.conftest import BASE, Ask, comes, says
from tests.compute.docker.forwarding import forwarding
from tests.compute.packages import make_wheel


@pytest.fixture
def remote(base, settings):
    """This machine's engine behind a TCP port: as for the studio, it is elsewhere."""
    with forwarding(settings.DOCKER_URL.removeprefix("unix://")) as forwarder:
        settings.DOCKER_URL = forwarder.url
        yield forwarder


def inside(path: Path) -> bytes | None:
    """A file, or a folder as a tar, in the container of the task whose folder it is in."""
    name = path.parts[path.parts.index("tasks") + 1]
    with contextlib.closing(docker.from_env().api) as api:
        try:
            pieces, _ = api.get_archive(f"trainyard-{name}", str(path))
        except NotFound:
            return None
        data = b"".join(pieces)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        file = tar.extractfile(tar.getmembers()[0])
        return file.read() if file else data


class TestRemoteDocker(Contract):
    python = "/usr/bin/python3"
    fields: ClassVar[dict[str, Any]] = {"image": BASE}

    @pytest.fixture
    def backend(self, remote) -> Docker:
        return Docker()

    def text(self, path: Path) -> str:
        return (inside(path) or b"").decode()

    def go(self, folder: Path) -> None:
        empty = io.BytesIO()
        with tarfile.open(fileobj=empty, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("go"))
        with contextlib.closing(docker.from_env().api) as api:
            assert api.put_archive(f"trainyard-{folder.name}", str(folder), empty.getvalue())

    def is_there(self, folder: Path) -> bool:
        return inside(folder) is not None

    def alive(self, path: Path) -> bool:
        with contextlib.closing(docker.from_env().api) as api:
            name = f"trainyard-{path.parent.name}"
            return bool(api.inspect_container(name)["State"]["Running"])

    def test_what_a_task_may_read_is_copied_and_its_variables_name_the_copy(
        self, backend, started, tmp_path
    ):
        shelf = tmp_path / "shelf"
        (shelf / "sub").mkdir(parents=True)
        (shelf / "book.py").write_text("words = 'copied'")
        (shelf / "sub" / "more").symlink_to(shelf / "book.py")
        (tmp_path / "ca.pem").write_text("certificates")
        run = tmp_path / "run"
        run.mkdir()
        code = (
            "import json, os, book\n"
            "def may(path):\n"
            "    try: return bool(open(path, 'w'))\n"
            "    except OSError: return False\n"
            "seen = [book.words, open(os.environ['SSL_CERT_FILE']).read(), os.getuid(),\n"
            "    may(book.__file__), may(os.path.dirname(book.__file__) + '/new'),\n"
            "    open(os.path.dirname(book.__file__) + '/sub/more').read(),\n"
            "    os.environ['PYTHONPATH'].endswith(':/elsewhere'),\n"
            "    'TRAINYARD_SOCKET' in os.environ, os.path.exists(os.environ['SOCKETS']),\n"
            "    may('/tmp/x'), may('/var/tmp/x'), may('x'), may(os.path.expanduser('~/x')),\n"
            "    may('/etc/x')]\n"
            "json.dump(seen, open('seen', 'w'))"
        )
        env = {
            "PYTHONPATH": f"{shelf}:/elsewhere",
            "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
            "TRAINYARD_SOCKET": str(run / "web.sock"),
            "TRAINYARD_URL": "http://studio.example:8000",
            "SOCKETS": str(run),
        }
        reads = (str(shelf), str(run), str(tmp_path / "ca.pem"))
        handle, folder = started(code, reads=reads, env=env)
        sighting = self.ends(backend, handle)
        assert sighting.exit_code == 0, sighting
        assert json.loads(self.text(folder / "seen")) == [
            "copied", "certificates", NOBODY, False, False, "words = 'copied'", True,
            False, False, True, True, True, True, False,
        ]  # fmt: skip

    def test_nothing_of_a_task_is_left_there(self, backend, started):
        with contextlib.closing(docker.from_env().api) as api:
            handle, _ = started("open('x', 'w').write('x')")
            mounts = api.inspect_container(handle["container"])["Mounts"]
            own = {one["Name"] for one in mounts if one["Type"] == "volume"}
            during = {one["Name"] for one in api.volumes()["Volumes"] or ()}
            self.ends(backend, handle)
            backend.forget(handle)
            after = {one["Name"] for one in api.volumes()["Volumes"] or ()}
        assert own and own <= during
        assert not own & after

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"])
    def test_a_studio_that_cannot_be_reached_from_there_is_refused(self, backend, tmp_path, host):
        env = {"TRAINYARD_URL": f"http://{host}:8000"}
        task = Task(id="x", command=["x"], folder=str(tmp_path / "t"), image=BASE, env=env)
        with pytest.raises(Refused, match=r"leads nowhere there\. Set STUDIO_URL") as refused:
            backend.start(task)
        assert f"//{host}:8000" in str(refused.value)

    def test_a_task_without_a_network_is_refused(self, backend, tmp_path):
        task = Task(
            id="x", command=["x"], folder=str(tmp_path / "t"), image=BASE, has_network=False
        )
        with pytest.raises(Refused, match="reports over the network"):
            backend.start(task)

    def test_a_network_that_breaks_is_unreachable_and_comes_back(self, backend, started, remote):
        handle, _ = started("import time; time.sleep(600)")
        remote.cut()
        for _ in range(3):
            with contextlib.suppress(Unreachable):
                assert backend.look(handle) == Sighting("running")
        assert backend.look(handle) == Sighting("running")

    def test_connections_are_used_again(self, backend, started, remote):
        handle, _ = started("import time; time.sleep(600)")
        before = remote.connections
        for _ in range(20):
            backend.look(handle)
        assert remote.connections - before <= 1


def test_an_image_is_built_by_a_remote_engine(docker: Ask, remote, shelf):
    """What is sent is sent over the connection: the builder, the job, wheels of this machine."""
    make_wheel(shelf, "alpha")
    build = docker("alpha")
    assert says(build.made.place, "import alpha; print('there')") == "there"


def test_an_engine_is_spoken_to_by_the_ssh_program(base, settings, tmp_path, monkeypatch):
    """Its other end is the engine's own; the program here only skips the way."""
    url = settings.DOCKER_URL
    (tmp_path / "ssh").write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nexec docker -H {url} system dial-stdio\n'
    )
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    settings.DOCKER_URL = "ssh://somebody@elsewhere"
    code = "import sys; sys.exit(3)"
    folder = str(tmp_path / "tasks" / "by-ssh")
    task = Task(id="by-ssh", command=["/usr/bin/python3", "-c", code], folder=folder, image=BASE)
    handle = Docker().start(task)
    try:
        assert comes(lambda: Docker().look(handle) == Sighting("exited", exit_code=3))
        assert Docker().start(task) == handle
    finally:
        Docker().forget(handle)
        engine.close_kept()
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) <= 2  # a sign-in is slow: connections are kept
    assert "somebody" in asked[0]
    assert "elsewhere" in asked[0]

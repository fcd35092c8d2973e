"""An engine that dies or runs full in the middle of a build: said, and nothing is half made.

On an engine of the test's own: the one of this machine is others' too.
"""

import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from compute.building.engine import Engine, EngineAway
from compute.building.faults import BuildFault
from tests.compute.docker.conftest import Ask, Build, comes

DISK_MB = 160
PROGRAMS = ("sh", "sleep", "dd", "cat", "ls")


# Namespaces of its own. Without them a second engine takes away the bridge of this machine's, and
# leaves mounts and containers behind when it is killed.
ALONE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose sockets have short paths: they may have 107 bytes, containerd's included."""
    folder = Path(tempfile.mkdtemp(prefix="tye-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def small_engine(base, settings, short_folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An engine on a small disk, with one image `tiny`: a shell and little more."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    if os.geteuid() or not shutil.which("dockerd", path=path):
        pytest.skip("needs root and dockerd, for an engine of its own")
    disk = short_folder / "disk"
    disk.mkdir()
    settings.DOCKER_URL = f"unix://{short_folder}/engine.sock"
    start = (
        f"mount -t tmpfs -o size={DISK_MB}m tmpfs {disk} && exec dockerd --iptables=false"
        f" --host {settings.DOCKER_URL} --data-root {disk} --exec-root {short_folder}/run"
        f" --pidfile {short_folder}/dockerd.pid"
    )
    with (short_folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(
            [*ALONE, "sh", "-c", start], stdout=log, stderr=log, env={**os.environ, "PATH": path}
        )
    try:
        assert comes(answers, 120), (short_folder / "dockerd.log").read_text()[-2000:]
        load_tiny(short_folder)
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the engine and so all that runs in its namespaces; `unshare` buries it and ends."""
    for engine in psutil.Process(process.pid).children() if process.poll() is None else ():
        engine.kill()
    process.wait()


def answers() -> bool:
    try:
        Engine().image("x")
    except EngineAway:
        return False
    return True


def load_tiny(tmp_path: Path) -> None:
    """Import an image of this machine's shell and what it needs to start."""
    tar = tmp_path / "tiny.tar"
    needed = set()
    for name in PROGRAMS:
        path = str(shutil.which(name))
        said = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
        needed |= {(path, f"/bin/{name}")}
        needed |= {(one, one) for one in said.split() if one.startswith("/")}
    with tarfile.open(tar, "w") as image:
        for path, inside in sorted(needed):
            image.add(Path(path).resolve(), inside, recursive=False)
    subprocess.run(
        ["docker", "-H", f"unix://{tmp_path}/engine.sock", "import", tar, "tiny"],
        check=True, capture_output=True,
    )  # fmt: skip


def test_an_engine_that_dies_in_a_build_is_said_with_the_way_out(docker: Ask, small_engine):
    def die(build: Build) -> None:
        if "RUN sleep 150" in build.log:
            kill(small_engine)

    began = time.monotonic()
    with pytest.raises(EngineAway) as raised:
        docker(dockerfile="FROM tiny\nRUN sleep 150\n", on_tick=die)
    assert time.monotonic() - began < 60
    assert "went away during the build" in raised.value.message
    assert "try again" in raised.value.message
    assert raised.value.guilty == ""


def test_a_full_disk_is_said_and_the_next_build_is_clean(docker: Ask, small_engine):
    text = f"FROM tiny\nRUN dd if=/dev/zero of=/big bs=1M count={DISK_MB}\n"
    with pytest.raises(BuildFault, match="disk of the Docker engine is full") as raised:
        docker(dockerfile=text)
    assert "no space left on device" in str(raised.value).lower()
    with pytest.raises(BuildFault, match="has no Python"):  # so it was built
        docker(dockerfile="FROM tiny\nRUN cat /bin/ls > /little\n")

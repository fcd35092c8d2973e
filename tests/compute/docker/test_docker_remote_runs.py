"""A whole run on a Docker engine elsewhere: code and results go over the network, both ways."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.exceptions import ActivityFailedException

from tests.compute.docker.conftest import BASE
from tests.compute.docker.forwarding import forwarding
from tests.fixtures.studio_process import StudioProcess

DOOR_PORT = 8000
# The studio's address in the network of containers: leads to its Unix socket.
DOOR = """
import socket, threading
def both(one, other):
    while data := one.recv(2**16):
        other.sendall(data)
    other.shutdown(socket.SHUT_WR)
def serve(here):
    there = socket.socket(socket.AF_UNIX)
    there.connect("/door/web/web.sock")
    threading.Thread(target=both, args=(here, there)).start()
    both(there, here)
with socket.create_server(("", 8000), backlog=100) as door:
    while True:
        threading.Thread(target=serve, args=(door.accept()[0],)).start()
"""
TRAINS = """
import os, six
from azureml.core import Run
run = Run.get_context()
for step in range(3):
    run.log("loss", 1 / (step + 1))
open("outputs/model.txt", "w").write("a model")
print("uid", os.getuid(), "socket", "TRAINYARD_SOCKET" in os.environ)
"""


@contextlib.contextmanager
def door_to(sockets: Path) -> Iterator[str]:
    """The address of a container that leads to the studio's Unix socket, for a while."""
    with contextlib.closing(docker.from_env()) as client:
        container = client.containers.run(
            BASE,
            ["python3", "-c", DOOR],
            volumes={str(sockets): {"bind": "/door", "mode": "ro"}},
            detach=True,
        )
        try:
            container.reload()
            (network,) = container.attrs["NetworkSettings"]["Networks"].values()
            yield f"http://{network['IPAddress']}:{DOOR_PORT}"
        finally:
            container.remove(force=True)


@pytest.fixture(scope="module")
def studio(base: str) -> Iterator[StudioProcess]:
    folder = Path(tempfile.mkdtemp(prefix="ty-"))
    sockets = folder / "home" / "run"
    sockets.mkdir(parents=True, mode=0o700)
    engine = os.environ["DOCKER_HOST"].removeprefix("unix://")
    with door_to(sockets) as url, forwarding(engine) as forwarder:
        studio = StudioProcess(
            folder,
            STUDIO_DOCKER_BASE_IMAGE=base,
            STUDIO_DOCKER_URL=forwarder.url,
            STUDIO_URL=url,
        )
        try:
            yield studio.start()
        finally:
            studio.remove()


@pytest.fixture(scope="module")
def workspace(studio: StudioProcess) -> Iterator[Any]:
    found = Workspace.from_config(os.fspath(studio.config_folder))
    for name, has_network in (("far", True), ("far-and-shut", False)):
        shape = AmlCompute.provisioning_configuration(
            "0.5cpu-0.5gib", max_nodes=1, backend="docker", has_network=has_network
        )
        ComputeTarget.create(found, name, shape).wait_for_completion()
    yield found
    found.client.close()


@pytest.fixture
def submit(workspace: Any, tmp_path: Path) -> Any:
    (tmp_path / "requirements.txt").write_text("six\n")
    environment = Environment.from_pip_requirements("far", os.fspath(tmp_path / "requirements.txt"))
    (tmp_path / "code").mkdir()

    def send(script: str, target: str) -> Any:
        (tmp_path / "code" / "train.py").write_text(script)
        config = ScriptRunConfig(
            os.fspath(tmp_path / "code"), "train.py", compute_target=target, environment=environment
        )
        return Experiment(workspace, "far").submit(config)

    return send


def test_a_run_on_an_engine_elsewhere_reports_everything_over_the_network(submit, tmp_path):
    run = submit(TRAINS, "far")
    run.wait_for_completion()
    assert run.get_metrics()["loss"] == [1.0, 0.5, 1 / 3]
    run.download_file("outputs/model.txt", os.fspath(tmp_path / "model.txt"))
    assert (tmp_path / "model.txt").read_text() == "a model"
    run.download_file("azureml-logs/70_driver_log.txt", os.fspath(tmp_path / "log.txt"))
    assert (tmp_path / "log.txt").read_text() == "uid 10001 socket False\n"


def test_a_run_that_could_not_report_from_there_says_why(submit):
    run = submit(TRAINS, "far-and-shut")
    with pytest.raises(ActivityFailedException, match="reports over the network"):
        run.wait_for_completion()

"""A studio with a cluster of containers, and the same container started by the bare command."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from trainyard import AmlCompute, ComputeTarget, Environment, Workspace

from benchmarks.images import BASE, has_engine
from benchmarks.runs import workspace_of
from tests.fixtures.studio_process import StudioProcess

CLUSTER = "boxes"
ENVIRONMENT = "AzureML-Minimal"
NOBODY = "10001:10001"


@dataclass(frozen=True)
class Boxes:
    """image: the tag of the environment's image, and `python` in it."""

    studio: StudioProcess
    workspace: Workspace
    environment: Environment
    image: str
    python: str


@contextmanager
def boxes(node_size: str, max_nodes: int) -> Iterator[Boxes | None]:
    """A studio of its own with the cluster `boxes` and its image ready; None without an engine."""
    if not has_engine():
        print(f"no Docker engine with the image {BASE}: no figures of containers")
        yield None
        return
    with ExitStack() as stack:
        studio = StudioProcess(STUDIO_DOCKER_BASE_IMAGE=BASE)
        stack.callback(studio.remove)
        studio.start()
        workspace = stack.enter_context(workspace_of(studio))
        shape = AmlCompute.provisioning_configuration(
            node_size, max_nodes=max_nodes, backend="docker"
        )
        ComputeTarget.create(workspace, CLUSTER, shape).wait_for_completion()
        environment = Environment.get(workspace, ENVIRONMENT)
        image = _built(workspace, environment)
        yield Boxes(studio, workspace, environment, image["place"], image["python"])


def _built(workspace: Workspace, environment: Environment) -> dict[str, str]:
    place = f"environments/{environment.name}/versions/{environment.version}/build?kind=docker"
    client, place = workspace.client, workspace.api(place)
    build = client.post(place, {})
    while build["state"] not in ("Ready", "Failed", "Canceled"):
        time.sleep(0.1)
        build = client.get(place)
    if build["state"] != "Ready":
        raise RuntimeError(f"the image of {environment.name}: {build['error']}")
    image: dict[str, str] = build["image"]
    return image


def docker_run(
    image: str, folder: Path, command: list[str], *, cpus: str, memory: str
) -> list[str]:
    """The words that start `command` as a task of a Docker cluster is: same limits, same mounts."""
    user = NOBODY if os.geteuid() == 0 else str(os.geteuid())
    return [
        *("docker", "run", "--rm", "--init", "--read-only", "--user", user),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", "4096"),
        *("--cpus", cpus, "--memory", memory, "--memory-swap", memory, "--shm-size", "2g"),
        *("--volume", f"{folder}:{folder}:ro", "--tmpfs", "/tmp", "--workdir", str(folder)),
        *("--env", "LANG=C.UTF-8", image, *command),
    ]

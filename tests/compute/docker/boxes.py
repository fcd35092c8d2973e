"""A studio of its own with one Docker cluster, `boxes`, whose containers have no network."""

import contextlib
import os
from collections.abc import Iterator

from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget

from tests.fixtures.studio_process import StudioProcess


@contextlib.contextmanager
def workspace_with_boxes(base: str, size: str, *, max_nodes: int) -> Iterator[Workspace]:
    """Yield the studio's workspace. base: the image that its images start from."""
    studio = StudioProcess(STUDIO_DOCKER_BASE_IMAGE=base)
    try:
        studio.start()
        found = Workspace.from_config(os.fspath(studio.config_folder))
        shape = AmlCompute.provisioning_configuration(
            size, max_nodes=max_nodes, backend="docker", has_network=False
        )
        ComputeTarget.create(found, "boxes", shape).wait_for_completion()
        yield found
        found.client.close()
    finally:
        studio.remove()

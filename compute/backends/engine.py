"""Whether a Docker engine answers, and what it is: for people who choose a backend."""

from dataclasses import dataclass

import docker
import requests
from django.conf import settings
from docker.errors import DockerException

ANSWERS_WITHIN_S = 3


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
        api = docker.APIClient(settings.DOCKER_URL, timeout=ANSWERS_WITHIN_S, version="auto")
    except DockerException:
        return None
    try:
        info = api.info()
    except (DockerException, requests.RequestException):
        return None
    finally:
        api.close()
    return Engine(
        version=str(info["ServerVersion"]),
        cpus=int(info["NCPU"]),
        memory_gib=info["MemTotal"] / 2**30,
        has_gpus="nvidia" in info.get("Runtimes", {}),
    )

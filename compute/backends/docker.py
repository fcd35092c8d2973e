"""Tasks as containers of a Docker engine: hardened, limited, reporting through a mounted socket.

A container is named after its task, so the engine itself keeps a task from being started twice and
whoever looks for it finds it, whatever became of the worker that started it. Its only writable
place is the task's folder, at the same path inside as outside, and it runs as nobody in particular.
"""

import contextlib
import math
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import docker
import requests
from django.conf import settings
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from compute import environ
from compute.backends.base import Handle, NoCapacity, Refused, Unreachable
from compute.tasks import Sighting, Task

LABEL = "io.trainyard.task"
MARK = "TRAINYARD_TASK"
# Who a task is inside: nobody of the image. A studio that is not root cannot give files away, so
# its tasks are its own user.
NOBODY = 10001
SHARED_MEMORY_BYTES = 2 * 2**30  # data loader workers pass tensors through /dev/shm
MOST_PROCESSES = 4096
LOG = {"type": "json-file", "config": {"max-size": "10m", "max-file": "1"}}
SIGNALED = 128  # exit codes above it say the signal, as in a shell
ENGINE_WAIT_S = 30
CONFLICT = 409
LOOKS, LOOK_AGAIN_S = 100, 0.02
# A container's own, on the disk that the task's folder is on: memory is for the script.
SCRATCH = "scratch"
TMP, MORE_TMP = (str(PurePosixPath("/", *parts)) for parts in (["tmp"], ["var", "tmp"]))


class Docker:
    """The Docker engine of STUDIO_DOCKER_URL."""

    def start(self, task: Task) -> Handle:
        folder = Path(task.folder)
        with _engine() as api:
            found = _inspect(api, _name(task.id))
            if found is None:
                _make_folders(folder)
                found = _create(api, task)
            handle = {"container": found["Id"], "task_id": task.id, "folder": str(folder)}
            if found["State"]["Status"] == "created":
                _begin(api, handle, task)
        return handle

    def look(self, handle: Handle) -> Sighting:
        with _engine() as api:
            found = _inspect(api, handle["container"])
            if found is None:
                return Sighting("gone")
            state = found["State"]
            if state["Status"] not in ("exited", "dead"):
                return Sighting("running")
            said = _last_line(api, handle)
        return _ended(state, said)

    def stop(self, handle: Handle, grace_s: float) -> None:
        wait_s = grace_s + ENGINE_WAIT_S  # it answers when the container has ended
        with _engine(wait_s) as api, contextlib.suppress(NotFound):
            # The engine's clock has whole seconds.
            api.stop(handle["container"], timeout=math.ceil(grace_s))

    def forget(self, handle: Handle) -> None:
        if self.look(handle).state == "running":
            return
        with _engine() as api, contextlib.suppress(NotFound):
            api.remove_container(handle["container"], v=True)
        shutil.rmtree(handle["folder"], ignore_errors=True)


@contextlib.contextmanager
def _engine(wait_s: float = ENGINE_WAIT_S) -> Iterator[Any]:
    """The engine's API for some calls. Raises Unreachable when it does not answer them."""
    try:
        api = docker.APIClient(base_url=settings.DOCKER_URL, timeout=wait_s, version="auto")
    except DockerException as error:
        raise Unreachable(f"the Docker engine at {settings.DOCKER_URL} does not answer") from error
    try:
        yield api
    except APIError as error:  # a RequestException as well
        if error.is_server_error():
            raise Unreachable(f"the Docker engine could not do it: {_words(error)}") from error
        raise Refused(f"the Docker engine refused: {_words(error)}") from error
    except requests.RequestException as error:
        raise Unreachable(f"the Docker engine went away: {error}") from error
    finally:
        api.close()


def _words(error: APIError) -> str:
    return str(error.explanation or error)[:500]


def _name(task_id: str) -> str:
    return f"trainyard-{task_id}"


def _inspect(api: Any, container: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = api.inspect_container(container)
    except NotFound:
        return None
    return found


def _make_folders(folder: Path) -> None:
    for place in (folder, folder / "home", folder / SCRATCH):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            os.chown(place, NOBODY, NOBODY)


def _create(api: Any, task: Task) -> dict[str, Any]:
    try:
        api.create_container_from_config(_config(api, task), name=_name(task.id))
    except ImageNotFound as error:
        raise Refused(f"the Docker engine has no image {task.image}") from error
    except APIError as error:
        if error.status_code != CONFLICT:
            raise
    # Where another worker makes it at this moment, its name is taken before it can be seen.
    for _ in range(LOOKS):
        if found := _inspect(api, _name(task.id)):
            return found
        time.sleep(LOOK_AGAIN_S)
    raise Unreachable(f"the Docker engine does not show the container {_name(task.id)} it has made")


def _config(api: Any, task: Task) -> dict[str, Any]:
    user = NOBODY if os.geteuid() == 0 else os.geteuid()
    places = {"HOME": f"{task.folder}/home", "TMPDIR": TMP, "USER": "trainyard"}
    variables = environ.for_containers({**places, **task.env, MARK: task.id})
    return {
        "Image": task.image,
        "Entrypoint": [],
        "Cmd": task.command,
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "User": f"{user}:{user}",
        "WorkingDir": task.folder,
        "Labels": {LABEL: task.id},
        "HostConfig": _limits(api, task),
    }


def _limits(api: Any, task: Task) -> dict[str, Any]:
    scratch = f"{task.folder}/{SCRATCH}"
    own = [(task.folder, task.folder), (scratch, TMP), (scratch, MORE_TMP)]
    binds = [":".join(pair) for pair in own] + [f"{place}:{place}:ro" for place in task.reads]
    gpus = [{"Driver": "", "Count": task.gpus, "Capabilities": [["gpu"]]}]
    config: dict[str, Any] = api.create_host_config(
        binds=binds,
        init=True,  # a bare Python as process 1 ignores TERM, and leaves zombies
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        pids_limit=MOST_PROCESSES,
        nano_cpus=round(task.cpus * 1e9) if task.cpus else None,
        mem_limit=task.memory_bytes,
        # Without swap: a task that needs more memory ends, instead of slowing the machine down.
        memswap_limit=task.memory_bytes,
        shm_size=SHARED_MEMORY_BYTES,
        network_mode="bridge" if task.has_network else "none",
        device_requests=gpus if task.gpus else None,
        log_config=LOG,
    )
    return config


def _begin(api: Any, handle: Handle, task: Task) -> None:
    try:
        api.start(handle["container"])
    except APIError as error:
        words = _words(error)
        with contextlib.suppress(NotFound):
            api.remove_container(handle["container"], v=True, force=True)
        if "cannot allocate memory" in words or "no space left" in words.lower():
            raise NoCapacity(f"the machine has no room for the container: {words}") from error
        raise Refused(f"the container could not be started: {words}") from error


def _ended(state: dict[str, Any], said: str) -> Sighting:
    code = int(state["ExitCode"])
    killed = bool(state.get("OOMKilled"))
    if code > SIGNALED:
        return Sighting("exited", signal=code - SIGNALED, out_of_memory=killed, said=said)
    return Sighting("exited", code, out_of_memory=killed, said=said)


def _last_line(api: Any, handle: Handle) -> str:
    with contextlib.suppress(NotFound):
        lines = api.logs(handle["container"], tail=1).decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""
    return ""

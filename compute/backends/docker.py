"""Tasks as containers of a Docker engine: hardened, limited, reporting through a mounted socket.

A container is named after its task, so the engine itself keeps a task from being started twice and
whoever looks for it finds it, whatever became of the worker that started it. Its only writable
place is the task's folder, at the same path inside as outside, and it runs as nobody in particular.
"""

import contextlib
import fcntl
import math
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from docker.errors import APIError, ImageNotFound, NotFound

from compute import environ
from compute.backends import networks, remote
from compute.backends.base import Handle, NoCapacity, Refused, Unreachable
from compute.backends.engine import asking, words
from compute.tasks import Sighting, Task

REMOVED = "the run's container is not there any more: somebody removed it, or its engine lost it"
LABEL = "io.trainyard.task"
MARK = "TRAINYARD_TASK"
# Who a task is inside: nobody of the image. A studio that is not root cannot give files away, so
# its tasks are its own user.
NOBODY = 10001
SHARED_MEMORY_BYTES = 2 * 2**30  # data loader workers pass tensors through /dev/shm
MOST_PROCESSES = 4096
LOG = {"type": "json-file", "config": {"max-size": "10m", "max-file": "1"}}
SIGNALED = range(129, 193)  # exit codes that say the signal, as in a shell
CONFLICT = 409
LOOKS, LOOK_AGAIN_S = 100, 0.02
# A container's own, on the disk that the task's folder is on: memory is for the script.
SCRATCH = "scratch"
TMP, MORE_TMP = (str(PurePosixPath("/", *parts)) for parts in (["tmp"], ["var", "tmp"]))
MEETING_PORT = 29500  # as torch.distributed has it
# An image may say that it sees every GPU; the engine writes over it where some are granted.
NO_GPUS = {"NVIDIA_VISIBLE_DEVICES": "void"}
LOCKS = 16
# What an engine says of a start that it could not do because it is itself going down.
HICCUP = re.compile(
    r"shutting down|context canceled|ttrpc: closed|transport is closing|connection refused"
    r"|connection reset|broken pipe|unavailable|\bEOF\b|deadline exceeded",
    re.IGNORECASE,
)
HALF_STARTED = re.compile(r"task [0-9a-f]{64}: already exists")
FULL = re.compile(r"cannot allocate memory|no space left", re.IGNORECASE)


class Docker:
    """The Docker engine of STUDIO_DOCKER_URL."""

    def start(self, task: Task) -> Handle:
        is_away = remote.is_remote(settings.DOCKER_URL)
        if is_away:
            task = remote.fitted(task)
        else:
            _make_folders(task)
        with asking() as api, _alone(task) if is_away else contextlib.nullcontext():
            container, is_new = _made(api, task)
            handle = _handle(container, task.id, task.folder, task.group)
            if is_new:
                if is_away:
                    remote.lay(api, container, task, folders=_folders(task), user=NOBODY)
                _begin(api, handle)
        return handle

    def find(self, task_id: str, folder: str) -> Handle | None:
        with asking() as api:
            found = _inspect(api, _name(task_id))
        return _handle(found["Id"], task_id, folder, _group_of(found)) if found else None

    def meeting_point(self, group: str, ports: int = 1) -> tuple[str, int]:
        return networks.host_name(0), MEETING_PORT

    def hosts(self, count: int) -> list[str]:
        return [networks.host_name(rank) for rank in range(count)]

    def look(self, handle: Handle) -> Sighting:
        with asking() as api:
            found = _inspect(api, handle["container"])
            # A task was started when it got its handle: an engine that lost its power forgot that.
            if found is None or found["State"]["Status"] == "created":
                return Sighting("gone", said=REMOVED)
            state = found["State"]
            if state["Status"] not in ("exited", "dead"):
                return Sighting("running")
            said = _last_line(api, handle)
        return _ended(state, said)

    def stop(self, handle: Handle, grace_s: float) -> None:
        with asking() as api, contextlib.suppress(NotFound):
            # The engine's clock has whole seconds. It answers when the container has ended.
            api.stop(handle["container"], timeout=math.ceil(grace_s))

    def forget(self, handle: Handle) -> None:
        if self.look(handle).state == "running":
            return
        with asking() as api:
            with contextlib.suppress(NotFound):
                api.remove_container(handle["container"], v=True)
            if "group" in handle:
                networks.leave(api, handle["group"])
        shutil.rmtree(handle["folder"], ignore_errors=True)


def _handle(container: str, task_id: str, folder: str, group: str) -> Handle:
    handle = {"container": container, "task_id": task_id, "folder": folder}
    return {**handle, "group": group} if group else handle


def _group_of(found: dict[str, Any]) -> str:
    return str(found["Config"]["Labels"].get(networks.GROUP, ""))


def _name(task_id: str) -> str:
    return f"trainyard-{task_id}"


def _inspect(api: Any, container: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = api.inspect_container(container)
    except NotFound:
        return None
    return found


def _folders(task: Task) -> list[str]:
    return [task.folder, f"{task.folder}/home", f"{task.folder}/{SCRATCH}"]


def _make_folders(task: Task) -> None:
    for place in map(Path, _folders(task)):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            os.chown(place, NOBODY, NOBODY)


@contextlib.contextmanager
def _alone(task: Task) -> Iterator[None]:
    """Hold a task that is laid out and started: of two workers the second finds it started."""
    folder = Path(settings.TASKS) / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    # A few files that stay: one that is removed may be held by somebody still.
    with (folder / str(zlib.crc32(task.id.encode()) % LOCKS)).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made(api: Any, task: Task) -> tuple[str, bool]:
    """Return the id of the task's container, and whether it has not been started."""
    network = networks.join(api, task) if task.group else ""
    try:
        made = api.create_container_from_config(_config(api, task, network), name=_name(task.id))
        return made["Id"], True
    except APIError as error:
        if error.status_code != CONFLICT:
            _give_up(api, task, error)
    # Where another worker makes it at this moment, its name is taken before it can be seen.
    for _ in range(LOOKS):
        if found := _inspect(api, _name(task.id)):
            return found["Id"], found["State"]["Status"] == "created"
        time.sleep(LOOK_AGAIN_S)
    raise Unreachable(f"the Docker engine does not show the container {_name(task.id)} it has made")


def _give_up(api: Any, task: Task, error: APIError) -> None:
    if task.group:
        networks.leave(api, task.group)
    if isinstance(error, ImageNotFound):
        raise Refused(f"the Docker engine has no image {task.image}") from error
    raise error


def _config(api: Any, task: Task, network: str) -> dict[str, Any]:
    places = {"HOME": f"{task.folder}/home", "TMPDIR": TMP, "USER": "trainyard"}
    gpus = {} if task.gpus else NO_GPUS
    variables = environ.for_containers({**places, **task.env, **gpus, MARK: task.id})
    is_away = remote.is_remote(settings.DOCKER_URL)
    user = NOBODY if is_away or os.geteuid() == 0 else os.geteuid()
    labels = {LABEL: task.id} | ({networks.GROUP: task.group} if task.group else {})
    own = _volumes(task, labels) if is_away else {"binds": _binds(task)}
    return {
        "Image": task.image,
        "Entrypoint": [],
        "Cmd": task.command,
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "User": f"{user}:{user}",
        "WorkingDir": task.folder,
        "Labels": labels,
        "HostConfig": api.create_host_config(
            **_limits(task), **networks.host_config(task, network), **own
        ),
        **networks.container_config(task, network),
    }


def _volumes(task: Task, labels: dict[str, str]) -> dict[str, Any]:
    return {"mounts": remote.mounts(task, (TMP, MORE_TMP), labels)}


def _binds(task: Task) -> list[str]:
    scratch = f"{task.folder}/{SCRATCH}"
    own = [(task.folder, task.folder), (scratch, TMP), (scratch, MORE_TMP)]
    return [":".join(pair) for pair in own] + [f"{place}:{place}:ro" for place in task.reads]


def _limits(task: Task) -> dict[str, Any]:
    numbers = [str(number) for number in task.gpus]
    gpus = [{"Driver": "", "DeviceIDs": numbers, "Capabilities": [["gpu"]]}]
    return {
        "init": True,  # a bare Python as process 1 ignores TERM, and leaves zombies
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": MOST_PROCESSES,
        "nano_cpus": round(task.cpus * 1e9) if task.cpus else None,
        "mem_limit": task.memory_bytes,
        # Without swap: a task that needs more memory ends, instead of slowing the machine down.
        "memswap_limit": task.memory_bytes,
        "shm_size": SHARED_MEMORY_BYTES,
        "device_requests": gpus if numbers else None,
        "log_config": LOG,
    }


def _begin(api: Any, handle: Handle) -> None:
    try:
        api.start(handle["container"])
    except APIError as error:
        said = words(error)
        if HICCUP.search(said):  # the container stays, to be started by the next try
            raise Unreachable(f"the Docker engine could not do it: {said}") from error
        with contextlib.suppress(NotFound):
            api.remove_container(handle["container"], v=True, force=True)
        if "group" in handle:
            networks.leave(api, handle["group"])
        # It, or its network, was removed at this moment; or an engine that was killed while it
        # started the container stumbles over what it left. The next try makes another.
        if isinstance(error, NotFound) or HALF_STARTED.search(said):
            raise Unreachable(f"the container was lost while it was started: {said}") from error
        if FULL.search(said):
            raise NoCapacity(f"the machine has no room for the container: {said}") from error
        raise Refused(f"the container could not be started: {said}") from error


def _ended(state: dict[str, Any], said: str) -> Sighting:
    code = int(state["ExitCode"])
    killed = bool(state.get("OOMKilled"))
    if code in SIGNALED:
        return Sighting("exited", signal=code - 128, out_of_memory=killed, said=said)
    return Sighting("exited", code, out_of_memory=killed, said=said)


def _last_line(api: Any, handle: Handle) -> str:
    with contextlib.suppress(NotFound):
        lines = api.logs(handle["container"], tail=1).decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""
    return ""

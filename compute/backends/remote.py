"""Tasks of a Docker engine on another machine, which sees no file and no socket of this one.

The task's folder is a volume of its container there. What the task may read of this machine is
copied into it before the start, and its variables name the copies; it reports over the network.
"""

import io
import ipaddress
import tarfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from compute.backends.base import Refused
from compute.tasks import Task

URL, SOCKET = "TRAINYARD_URL", "TRAINYARD_SOCKET"
COPIES = "given"
LEFT_OUT = ("__pycache__",)


def is_remote(url: str) -> bool:
    """Whether the engine at `url` may be on another machine."""
    return not url.startswith("unix:")


def fitted(task: Task) -> Task:
    """Return the task as it can run there: no socket, and its variables name the copies.

    Raises Refused where it could not report.
    """
    _check(task)
    socket = task.env.get(SOCKET, "")
    reads = tuple(one for one in task.reads if not socket or not _lies_in(socket, one))
    places = {one: _copy_of(task, number, one) for number, one in enumerate(reads)}
    env = {name: _moved(value, places) for name, value in task.env.items() if name != SOCKET}
    return replace(task, reads=reads, env=env)


def mounts(task: Task, others: tuple[str, ...], labels: dict[str, str]) -> list[dict[str, Any]]:
    """Volumes without names, which go with their container: around the task's folder, `others`.

    The outer one is the folder above the task's: only what lies in a volume can be given away.
    """
    options = {"Labels": labels}
    return [
        {"Type": "volume", "Target": place, "VolumeOptions": options}
        for place in (_above(task), *others)
    ]


def lay(api: Any, container: str, task: Task, *, folders: list[str], user: int) -> None:
    """Put the task's folders, and copies of what it may read, into a container not started yet."""
    api.put_archive(container, _above(task), _archive(task, folders, user))


def _check(task: Task) -> None:
    if not task.has_network:
        raise Refused(
            "the Docker engine is on another machine, where a task reports over the network: a"
            " cluster without one cannot work there. Give the cluster a network, or use an engine"
            " on the studio's machine (STUDIO_DOCKER_URL)"
        )
    host = urlsplit(task.env.get(URL, "")).hostname
    if host and _is_loopback(host):
        raise Refused(
            f"the Docker engine is on another machine, and {task.env[URL]} leads nowhere there."
            " Set STUDIO_URL to an address under which that machine reaches the studio, and"
            " STUDIO_HOST so that it listens there"
        )


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _above(task: Task) -> str:
    return str(PurePosixPath(task.folder).parent)


def _copy_of(task: Task, number: int, path: str) -> str:
    return f"{_above(task)}/{COPIES}/{number}/{PurePosixPath(path).name}"


def _lies_in(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def _moved(value: str, places: dict[str, str]) -> str:
    """Return a variable's value, one path or several between colons, with the copies' paths."""
    return ":".join(_moved_path(part, places) for part in value.split(":"))


def _moved_path(path: str, places: dict[str, str]) -> str:
    for old, new in places.items():
        if path.startswith("/") and _lies_in(path, old):
            return str(PurePosixPath(new, PurePosixPath(path).relative_to(old)))
    return path


def _archive(task: Task, folders: list[str], user: int) -> bytes:
    """A tar of the task's own folders, and of the copies, which belong to root."""
    data = io.BytesIO()
    # Of a link that leads out of what is copied its target is needed, and not its name.
    with tarfile.open(fileobj=data, mode="w", dereference=True) as tar:
        for folder in folders:
            own = tarfile.TarInfo(str(PurePosixPath(folder).relative_to(_above(task))))
            own.type, own.mode, own.uid, own.gid = tarfile.DIRTYPE, 0o700, user, user
            tar.addfile(own)
        for number, path in enumerate(task.reads):
            name = PurePosixPath(_copy_of(task, number, path)).relative_to(_above(task))
            tar.add(Path(path), str(name), filter=_as_root)
    return data.getvalue()


def _as_root(file: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if PurePosixPath(file.name).name in LEFT_OUT or not (file.isfile() or file.isdir()):
        return None
    file.uid = file.gid = 0
    file.uname = file.gname = ""
    file.mode = 0o755 if file.isdir() or file.mode & 0o100 else 0o644
    return file

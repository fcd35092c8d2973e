"""The network of a group: its tasks reach each other by name, and are reached by no other.

A group has one network. The engine allows two of one name, but never two of one bridge: whoever
comes second is refused and takes the first.
"""

import contextlib
import hashlib
import time
from typing import Any

from docker.errors import APIError, NotFound

from compute.backends.base import NoCapacity, Unreachable
from compute.backends.engine import words
from compute.building.dockerfiles import STUDIO, studio
from compute.tasks import Task

GROUP = "io.trainyard.group"
BRIDGE = "com.docker.network.bridge."
CONFLICTS = (403, 409)
BRIDGES, SEEN_WITHIN_S, LOOK_AGAIN_S = 3, 5.0, 0.02
# In a network that leads nowhere nobody answers for names that are not there (yet).
IMPATIENT = ["timeout:1", "attempts:2"]
# Asked in the container, where nothing listens: the engine would ask the machine's own name server,
# and a name can carry a message.
NO_NAME_SERVER = ["127.0.0.1"]


def host_name(rank: int) -> str:
    """The name under which the other tasks of its group find a task."""
    return f"node-{rank}"


def join(api: Any, task: Task) -> str:
    """Return the id of the network of the task's group, which is made where there is none."""
    for number in range(BRIDGES):
        ends = time.monotonic() + SEEN_WITHIN_S
        while time.monotonic() < ends:
            if found := _of_group(api, task.group):
                return found[0]
            if _make(api, task, number):
                continue
            time.sleep(LOOK_AGAIN_S)
    raise Unreachable(f"the Docker engine does not show the network of {task.group} it has made")


def _make(api: Any, task: Task, number: int) -> bool:
    """Make a network for the task's group on the bridge `number` of those it may have.

    False where another makes it at this moment: it is seen soon. An engine that was killed while it
    made one may never show it, and keep its bridge: then the next is taken.
    """
    try:
        api.create_network(**_config(task, number))
    except APIError as error:
        if "address pool" in words(error):
            _make_room(api, error)
        elif error.status_code not in CONFLICTS:
            raise
        return False
    return True


def leave(api: Any, group: str) -> None:
    """Remove the network of a group that has no containers any more. Safe to repeat."""
    if api.containers(all=True, quiet=True, filters={"label": f"{GROUP}={group}"}):
        return
    for network in _of_group(api, group):
        _remove(api, network)


def host_config(task: Task, network: str) -> dict[str, Any]:
    """What a container's host configuration says of its network."""
    if not task.group:
        return {"network_mode": "bridge" if task.has_network else "none"}
    nowhere = {} if task.has_network else {"dns": NO_NAME_SERVER, "dns_opt": IMPATIENT}
    return {"network_mode": network, **nowhere}


def container_config(task: Task, network: str) -> dict[str, Any]:
    """What a container's configuration says of its network."""
    if not task.group:
        return {}
    name = host_name(task.rank)
    endpoint = {"Aliases": [name]}
    return {"Hostname": name, "NetworkingConfig": {"EndpointsConfig": {network: endpoint}}}


def _config(task: Task, number: int) -> dict[str, Any]:
    name = hashlib.sha256(f"{task.group}/{number}".encode()).hexdigest()[:12]
    options = {f"{BRIDGE}name": f"ty-{name}"}  # an interface's name may have 15 characters
    if not task.has_network:
        # Without it the machine has an address in there, and all that listens on it is reached.
        options[f"{BRIDGE}inhibit_ipv4"] = "true"
    return {
        "name": f"trainyard-{task.group}",
        "driver": "bridge",
        "options": options,
        "check_duplicate": True,
        "internal": not task.has_network,
        "labels": {GROUP: task.group, STUDIO: studio()},
    }


def _of_group(api: Any, group: str) -> list[str]:
    found = api.networks(filters={"label": f"{GROUP}={group}"})
    return [one["Id"] for one in sorted(found, key=lambda one: (one["Created"], one["Id"]))]


def _make_room(api: Any, error: APIError) -> None:
    """Remove networks that this studio left behind. Raises NoCapacity when there is none."""
    ours = api.networks(filters={"label": f"{STUDIO}={studio()}"})
    holders = api.containers(all=True, filters={"label": GROUP})
    used = {one["Labels"][GROUP] for one in holders}
    left = [one["Id"] for one in ours if one["Labels"][GROUP] not in used]
    if not any(_remove(api, network) for network in left):
        raise NoCapacity(
            "the Docker engine has no addresses for another network of nodes: it waits until"
            " another run on several nodes ends. More of them: default-address-pools in the"
            f" engine's daemon.json ({words(error)})"
        ) from error


def _remove(api: Any, network: str) -> bool:
    """Whether the network was removed: not one that is in use."""
    with contextlib.suppress(NotFound):
        # An engine that was killed may remember containers that are gone.
        for container in api.inspect_network(network).get("Containers") or {}:
            with contextlib.suppress(APIError):
                api.inspect_container(container)
                return False
            with contextlib.suppress(APIError):
                api.disconnect_container_from_network(container, network, force=True)
        try:
            api.remove_network(network)
        except APIError as error:
            if error.status_code not in CONFLICTS:
                raise
            return False
    return True

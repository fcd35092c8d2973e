"""ComputeTarget and AmlCompute: the clusters of a workspace, to look at, make and change."""

import time
from typing import Any, Dict, Iterator, List, Optional, Union

from trainyard import _errors, _nodes
from trainyard._amlcompute import (
    AmlComputeProvisioningConfiguration,
    AmlComputeStatus,
    ScaleSettings,
    whole_number,
)
from trainyard._place import Place
from trainyard._transport import quoted

Number = Union[None, int, str]
LOOKS_EVERY_S = 1.0
FINISHED = "\nAmlCompute wait for completion finished\n\n"
NODES_THERE = "Minimum number of nodes requested have been provisioned"
TIMEOUT = (
    "Wait timeout has been reached\n"
    'Current provisioning state of AmlCompute is "{}" and current node count is "{}"'
)


class ComputeTarget:
    """A cluster of the workspace. ComputeTarget(ws, name) returns the class of its kind.

    Raises ComputeTargetException for one that is not there.
    """

    def __new__(cls, workspace: Place, name: str, **unused: Any) -> "ComputeTarget":
        return object.__new__(AmlCompute if cls is ComputeTarget else cls)

    def __init__(self, workspace: Place, name: str, *, _facts: Optional[Dict[str, Any]] = None):
        self.workspace = workspace
        self.name = name
        self.type = "AmlCompute"
        self.tags = None
        self.description = None
        self.provisioning_errors = None
        self.provisioning_state = "Succeeded"
        self._facts = _facts if _facts is not None else _read(workspace, name)

    @staticmethod
    def create(workspace: Place, name: str, provisioning_configuration: Any) -> "AmlCompute":
        """Make the cluster `name`, or change the one that is there, and return at once.

        Raises ComputeTargetException for what cannot be.
        """
        if not isinstance(provisioning_configuration, AmlComputeProvisioningConfiguration):
            raise _errors.not_built(
                "ComputeTarget.create with a {}".format(type(provisioning_configuration).__name__),
                "AmlCompute.provisioning_configuration(...)",
            )
        provisioning_configuration.validate_configuration()
        wanted = provisioning_configuration.order()
        try:
            facts = workspace.client.post(
                workspace.api("clusters"), dict(wanted, name=name), repeatable=False
            )
        except _errors.Conflict:
            facts = _change(workspace, name, wanted)
        except _errors.BadInput as error:
            raise _errors.ComputeTargetException(error.message) from None
        made = AmlCompute(workspace, name, _facts=facts)
        made.provisioning_state = "Creating"
        return made

    @staticmethod
    def attach(workspace: Place, name: str, attach_configuration: Any) -> "ComputeTarget":
        """Not here: nothing of another place is attached. Raises NotImplementedError."""
        raise _errors.not_built(
            "ComputeTarget.attach", "AmlCompute.provisioning_configuration and ComputeTarget.create"
        )

    @staticmethod
    def list(workspace: Place) -> List["ComputeTarget"]:
        """Return the clusters of the workspace, by name."""
        return [found for _, found in sorted(all_of(workspace).items())]

    def delete(self) -> None:
        """Take the cluster away: running runs finish, waiting ones are canceled, past ones stay.

        Raises ComputeTargetException for one that is gone already.
        """
        try:
            self.workspace.client.delete(_path(self.workspace, self.name))
        except _errors.NotFound as error:
            raise _not_found(self.name, error) from None
        self.provisioning_state = "Deleting"

    def detach(self) -> None:
        """Not here, as in v1: delete() it. Raises ComputeTargetException."""
        raise _errors.ComputeTargetException(
            "Detach is not supported for {} object. Try to use delete instead.".format(self.type)
        )

    def refresh_state(self) -> None:
        """Ask the studio again. Raises ComputeTargetException for one that is gone."""
        self._facts = _read(self.workspace, self.name)
        self.provisioning_state = "Succeeded"

    def facts(self) -> Dict[str, Any]:
        """Return backend, node size, limits and how many nodes are idle and running, now."""
        self._facts = _read(self.workspace, self.name)
        return dict(self._facts)

    @property
    def id(self) -> str:
        """The v1 SDK's long path of it, from the workspace down to its name."""
        return (
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices"
            "/workspaces/{}/computes/{}"
        ).format(
            self.workspace.subscription_id,
            self.workspace.resource_group,
            self.workspace.name,
            self.name,
        )

    @property
    def location(self) -> str:
        """Where it is: this studio's host."""
        return "local"

    cluster_location = location

    def __repr__(self) -> str:
        return (
            "{}(workspace={!r}, name={}, id={}, type={}, provisioning_state={}, location={},"
            " tags={})"
        ).format(
            type(self).__name__,
            self.workspace,
            self.name,
            self.id,
            self.type,
            self.provisioning_state,
            self.location,
            self.tags,
        )


class AmlCompute(ComputeTarget):
    """A cluster whose nodes come when a run needs them and go when they are idle."""

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: Number = 0,
        max_nodes: Number = None,
        idle_seconds_before_scaledown: Number = 1800,
        admin_username: Optional[str] = None,
        admin_user_password: Optional[str] = None,
        admin_user_ssh_key: Optional[str] = None,
        vnet_resourcegroup_name: Optional[str] = None,
        vnet_name: Optional[str] = None,
        subnet_name: Optional[str] = None,
        tags: Optional[Dict[str, str]] = None,
        description: Optional[str] = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: Optional[str] = None,
        identity_id: Any = None,
        location: Optional[str] = None,
        enable_node_public_ip: bool = True,
        *,
        backend: Optional[str] = None,
        require_gpu: bool = False,
        has_network: bool = True,
    ) -> AmlComputeProvisioningConfiguration:
        """Return what ComputeTarget.create makes. Numbers may be strings of digits.

        vm_size: a name such as STANDARD_D2_V2, or one's own as "2cpu-4gib-1gpu".
        max_nodes: must be said.   backend: "local" (programs of the studio's machine, the usual)
        or "docker".   require_gpu: runs wait for a GPU.   has_network: whether containers have one.
        Users, keys and networks of a cloud (admin_username, vnet_name, …) mean nothing here.
        """
        return AmlComputeProvisioningConfiguration(
            vm_size,
            vm_priority,
            min_nodes,
            max_nodes,
            idle_seconds_before_scaledown,
            backend=backend,
            require_gpu=require_gpu,
            has_network=has_network,
        )

    @property
    def vm_size(self) -> str:
        """The size of its nodes, as it was asked for: STANDARD_D2_V2, 2cpu-4gib, …"""
        return str(self._facts["node_size"])

    @property
    def vm_priority(self) -> str:
        """Its nodes' priority: "dedicated" or "lowpriority"."""
        return str(self._facts["priority"])

    @property
    def scale_settings(self) -> ScaleSettings:
        """Fewest and most nodes, and the seconds after which an idle one goes."""
        return ScaleSettings.of(self._facts)

    @property
    def status(self) -> AmlComputeStatus:
        """The status as of the last time that the studio was asked."""
        return AmlComputeStatus.of(self._facts, self.provisioning_state)

    def get_status(self) -> AmlComputeStatus:
        """Ask the studio, and return node counts, scale settings and states."""
        self.refresh_state()
        return self.status

    def serialize(self) -> Dict[str, Any]:
        """Return name, id, type, states and settings as a dict."""
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "tags": self.tags,
            "properties": {
                "computeType": self.type,
                "description": self.description,
                "provisioningState": self.provisioning_state,
                "provisioningErrors": self.provisioning_errors,
                "status": self.status.serialize(),
            },
        }

    def update(
        self,
        min_nodes: Number = None,
        max_nodes: Number = None,
        idle_seconds_before_scaledown: Number = None,
    ) -> None:
        """Change how many nodes there may be; None leaves a number as it is.

        What runs goes on. Raises ComputeTargetException for numbers that cannot be.
        """
        given = {
            "min_nodes": min_nodes,
            "max_nodes": max_nodes,
            "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
        }
        wanted = {key: whole_number(key, value) for key, value in given.items()}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        self._facts = _change(self.workspace, self.name, wanted)

    def add_identity(self, identity_type: str, identity_id: Any = None) -> None:
        """Not here: nodes have no identity of a cloud. Raises NotImplementedError."""
        raise _errors.not_built(
            "AmlCompute.add_identity",
            "nothing: nodes are processes or containers of the studio's machine, without a"
            " cloud's identity",
        )

    def list_nodes(self) -> "List[Dict[str, Any]]":
        """Return the nodes that are up: dicts with nodeId, nodeState (idle, running), runId, …"""
        return _nodes.listed(self.workspace, self.facts())

    def get_active_runs(
        self,
        type: Optional[str] = None,
        tags: _nodes.Marks = None,
        properties: _nodes.Marks = None,
        status: Optional[str] = None,
    ) -> Iterator[Any]:
        """Yield the runs on this cluster, or waiting for it, newest first; with these marks."""
        return _nodes.active_runs(self.workspace, self.name, type, tags, properties, status)

    def wait_for_completion(
        self,
        show_output: bool = False,
        min_node_count: Optional[int] = None,
        timeout_in_minutes: float = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Wait until the cluster has `min_node_count` nodes (None: those that it keeps up).

        More nodes than it keeps up come only when runs wait for them. Says on the way what it
        sees where show_output is set; returns when the time is over. is_delete_operation: wait
        until it is gone instead. Raises ComputeTargetException for more nodes than it may have.
        """
        say = _say if show_output else _silent
        end = time.time() + 60 * float(timeout_in_minutes)
        say(self.provisioning_state)
        if is_delete_operation:
            self._wait_until_gone(say, end)
            return
        before, has_said = self.provisioning_state, False
        while True:
            self.refresh_state()
            if self.provisioning_state != before:
                say("\n" + self.provisioning_state)
                before = self.provisioning_state
            wanted = whole_number("min_node_count", min_node_count)
            if wanted is None:
                wanted = int(self._facts["min_nodes"])
            most = int(self._facts["max_nodes"])
            if wanted > most:
                raise _errors.ComputeTargetException(
                    "min_node_count {} can never be reached: cluster {} has at most {} nodes;"
                    " ask for fewer, or update(max_nodes={})".format(
                        wanted, self.name, most, wanted
                    )
                )
            there = sum(self._facts["nodes"].values())
            if there >= wanted:
                say(FINISHED + NODES_THERE + "\n")
                return
            if time.time() >= end:
                say(FINISHED + TIMEOUT.format(before, there) + "\n")
                return
            if not has_said:
                has_said = True
                say(_waits(there, wanted, int(self._facts["min_nodes"])))
            time.sleep(min(LOOKS_EVERY_S, max(0.0, end - time.time())))
            say(".")

    def _wait_until_gone(self, say: Any, end: float) -> None:
        while time.time() < end:
            try:
                _read(self.workspace, self.name)
            except _errors.ComputeTargetException:
                say('\nProvisioning operation finished, operation "Succeeded"\n')
                return
            time.sleep(LOOKS_EVERY_S)
            say(".")
        say('\nProvisioning operation finished, operation "Running"\n')

    @staticmethod
    def supported_vmsizes(
        workspace: Place, location: Optional[str] = None
    ) -> "List[Dict[str, Any]]":
        """Return the node sizes that have names: [{"name", "vCPUs", "gpus", "memoryGB", …}]."""
        return _nodes.sizes(workspace)

    @staticmethod
    def list_usages(
        workspace: Place, show_all: bool = False, location: Optional[str] = None
    ) -> "List[Dict[str, Any]]":
        """Return what busy nodes take of the studio's machine, as quotas are told."""
        return _nodes.usages(workspace)


def _say(words: str) -> None:
    print(words, end="", flush=True)


def _silent(words: str) -> None:
    pass


def _waits(there: int, wanted: int, kept: int) -> str:
    line = "\nWaiting for cluster to scale. {} out of {} nodes ready.\n".format(there, wanted)
    if wanted > kept:
        line += "(It keeps {} up; more come when runs wait for them.)\n".format(kept)
    return line


def _path(workspace: Place, name: str) -> str:
    return workspace.api("clusters/{}".format(quoted(name)))


def _not_found(name: str, error: _errors.NotFound) -> _errors.ComputeTargetException:
    return _errors.ComputeTargetException(
        "ComputeTargetNotFound: Compute Target with name {} not found in provided"
        " workspace: {}".format(name, error.message)
    )


def _read(workspace: Place, name: str) -> Dict[str, Any]:
    if not isinstance(name, str) or not name:
        raise _errors.ComputeTargetException(
            "Invalid compute target name {!r}: it must be text, the name of a cluster".format(name)
        )
    try:
        return dict(workspace.client.get(_path(workspace, name)))
    except _errors.NotFound as error:
        raise _not_found(name, error) from None


def _change(workspace: Place, name: str, wanted: Dict[str, Any]) -> Dict[str, Any]:
    try:
        return dict(workspace.client.patch(_path(workspace, name), wanted))
    except _errors.NotFound as error:
        raise _not_found(name, error) from None
    except _errors.BadInput as error:
        raise _errors.ComputeTargetException(error.message) from None


def all_of(workspace: Place) -> Dict[str, ComputeTarget]:
    """Return name → cluster of the workspace."""
    found = workspace.client.items(workspace.api("clusters"))
    return {item["name"]: ComputeTarget(workspace, item["name"], _facts=item) for item in found}

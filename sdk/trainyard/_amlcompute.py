"""What an AmlCompute cluster is asked to be, and the status that it reports, as plain values."""

import re
from datetime import datetime, timezone
from typing import Any, Dict, Optional, Union

from trainyard import _errors

WHOLE = re.compile(r"[+-]?[0-9]{1,100}$")
MOST_NODES = 1000
PRIORITIES = {"dedicated": "Dedicated", "lowpriority": "LowPriority"}


def whole_number(name: str, given: Union[None, int, str]) -> Optional[int]:
    """Return a number that may be written as a string. Raises ComputeTargetException."""
    if given is None:
        return None
    try:
        if isinstance(given, str) and not WHOLE.match(given.strip()):
            raise ValueError(given)  # int() reads "1_0", and digits of any script
        number = int(given)
        if isinstance(given, float) and number != given:
            raise ValueError(given)
        return number
    except (TypeError, ValueError, OverflowError):
        raise _errors.ComputeTargetException(
            "Invalid configuration, {} must be a whole number, not {!r}".format(name, given)
        ) from None


class AmlComputeProvisioningConfiguration:
    """A cluster to make; ComputeTarget.create takes it."""

    def __init__(
        self,
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: Union[None, int, str] = 0,
        max_nodes: Union[None, int, str] = None,
        idle_seconds_before_scaledown: Union[None, int, str] = None,
        *,
        backend: Optional[str] = None,
        require_gpu: bool = False,
        has_network: bool = True,
    ):
        self.vm_size = vm_size
        self.vm_priority = vm_priority
        self.min_nodes = min_nodes
        self.max_nodes = max_nodes
        self.idle_seconds_before_scaledown = idle_seconds_before_scaledown
        self.backend = backend
        self.require_gpu = require_gpu
        self.has_network = has_network

    def validate_configuration(self) -> None:
        """Raise ComputeTargetException for what cannot be."""
        least = whole_number("min_nodes", self.min_nodes) or 0
        most = whole_number("max_nodes", self.max_nodes)
        whole_number("idle_seconds_before_scaledown", self.idle_seconds_before_scaledown)
        if most is None:
            raise _errors.ComputeTargetException(
                "Invalid provisioning configuration, max nodes count is mandatory"
            )
        for name, count in (("min_nodes", least), ("max_nodes", most)):
            if not 0 <= count <= MOST_NODES:
                raise _errors.ComputeTargetException(
                    "Invalid configuration, {} must be from 0 to {}, not {}".format(
                        name, MOST_NODES, count
                    )
                )
        if least > most:
            raise _errors.ComputeTargetException(
                "Invalid configuration, min nodes count ({}) is more than max nodes count"
                " ({})".format(least, most)
            )
        if str(self.vm_priority or "dedicated").lower() not in PRIORITIES:
            raise _errors.ComputeTargetException(
                "Invalid configuration, vm_priority must be dedicated or lowpriority, not"
                " {!r}".format(self.vm_priority)
            )

    def order(self) -> Dict[str, Any]:
        """Return the fields for the studio; what was not said is left to it."""
        fields = {
            "node_size": self.vm_size or None,
            "priority": str(self.vm_priority or "dedicated").lower(),
            "min_nodes": whole_number("min_nodes", self.min_nodes),
            "max_nodes": whole_number("max_nodes", self.max_nodes),
            "idle_seconds_before_scaledown": whole_number(
                "idle_seconds_before_scaledown", self.idle_seconds_before_scaledown
            ),
            "backend": self.backend,
            "require_gpu": self.require_gpu,
            "has_network": self.has_network,
        }
        return {key: value for key, value in fields.items() if value is not None}


class _Values:
    """Attributes with the names that the v1 SDK serializes them under."""

    def __init__(self, **values: Any):
        self.__dict__.update(values)

    def __repr__(self) -> str:
        pairs = ", ".join("{}={!r}".format(*pair) for pair in self.__dict__.items())
        return "{}({})".format(type(self).__name__, pairs)


class ScaleSettings(_Values):
    """minimum_node_count, maximum_node_count, idle_seconds_before_scaledown."""

    minimum_node_count: int
    maximum_node_count: int
    idle_seconds_before_scaledown: int

    @staticmethod
    def of(facts: Dict[str, Any]) -> "ScaleSettings":
        """Return those of a cluster that the studio told of."""
        return ScaleSettings(
            minimum_node_count=facts["min_nodes"],
            maximum_node_count=facts["max_nodes"],
            idle_seconds_before_scaledown=facts["idle_seconds_before_scaledown"],
        )

    def serialize(self) -> Dict[str, Any]:
        """Return them as the v1 SDK writes them; the time is ISO 8601, as PT120S."""
        return {
            "minNodeCount": self.minimum_node_count,
            "maxNodeCount": self.maximum_node_count,
            "nodeIdleTimeBeforeScaleDown": "PT{}S".format(self.idle_seconds_before_scaledown),
        }


class NodeStateCounts(_Values):
    """How many nodes are in each state; here they run or are idle."""

    running_node_count: int
    idle_node_count: int

    def serialize(self) -> Dict[str, int]:
        """Return state → how many nodes are in it, for six states."""
        return {
            "preparingNodeCount": 0,
            "runningNodeCount": self.running_node_count,
            "idleNodeCount": self.idle_node_count,
            "unusableNodeCount": 0,
            "leavingNodeCount": 0,
            "preemptedNodeCount": 0,
        }

    preparing_node_count = 0
    unusable_node_count = 0
    leaving_node_count = 0
    preempted_node_count = 0


class AmlComputeStatus(_Values):
    """A cluster's status; `serialize()` gives the 13 keys that scripts of the v1 SDK read."""

    current_node_count: int
    target_node_count: int
    node_state_counts: NodeStateCounts
    allocation_state: str
    allocation_state_transition_time: datetime
    errors: Any
    creation_time: datetime
    modified_time: datetime
    provisioning_state: str
    provisioning_state_transition_time: Optional[datetime]
    scale_settings: ScaleSettings
    vm_priority: str
    vm_size: str

    @staticmethod
    def of(facts: Dict[str, Any], provisioning_state: str) -> "AmlComputeStatus":
        """Return that of a cluster that the studio told of."""
        nodes = facts["nodes"]
        current = sum(nodes.values())
        changed = _time(facts["nodes_changed_at"])
        return AmlComputeStatus(
            current_node_count=current,
            target_node_count=min(max(current, facts["min_nodes"]), facts["max_nodes"]),
            node_state_counts=NodeStateCounts(
                running_node_count=nodes["Running"], idle_node_count=nodes["Idle"]
            ),
            allocation_state=facts["state"],
            allocation_state_transition_time=changed,
            errors=None,
            creation_time=_time(facts["created_at"]),
            modified_time=changed,
            provisioning_state=provisioning_state,
            provisioning_state_transition_time=None,
            scale_settings=ScaleSettings.of(facts),
            vm_priority=PRIORITIES.get(facts["priority"], facts["priority"]),
            vm_size=facts["node_size"],
        )

    def serialize(self) -> Dict[str, Any]:
        """Return the status as a dict; times as ISO 8601 with an offset."""
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": self.node_state_counts.serialize(),
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": self.allocation_state_transition_time.isoformat(),
            "errors": self.errors,
            "creationTime": self.creation_time.isoformat(),
            "modifiedTime": self.modified_time.isoformat(),
            "provisioningState": self.provisioning_state,
            "provisioningStateTransitionTime": self.provisioning_state_transition_time,
            "scaleSettings": self.scale_settings.serialize(),
            "vmPriority": self.vm_priority,
            "vmSize": self.vm_size,
        }


def _time(text: str) -> datetime:
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ"
    return datetime.strptime(text, form).replace(tzinfo=timezone.utc)

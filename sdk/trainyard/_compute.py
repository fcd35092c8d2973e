"""ComputeTarget and AmlCompute: the clusters of a workspace, to look at."""

from typing import Any, Dict, Optional

from trainyard import _errors
from trainyard._place import Place

INSTEAD = "use a cluster that the studio has (ws.compute_targets lists them), such as cpu-cluster"


class ComputeTarget:
    """A cluster of the workspace. ComputeTarget(ws, name) returns the class of its kind.

    Raises ComputeTargetException for one that is not there.
    """

    def __new__(cls, workspace: Place, name: str) -> "ComputeTarget":
        return object.__new__(AmlCompute if cls is ComputeTarget else cls)

    def __init__(self, workspace: Place, name: str):
        self.workspace = workspace
        self.name = name
        self.type = "AmlCompute"
        self._facts = _facts(workspace, name)

    @staticmethod
    def create(workspace: Place, name: str, provisioning_configuration: Any) -> "ComputeTarget":
        raise _errors.not_built("ComputeTarget.create", INSTEAD)

    def delete(self) -> None:
        raise _errors.not_built("ComputeTarget.delete", "leave the cluster; it scales to 0 nodes")

    @property
    def provisioning_state(self) -> str:
        return "Succeeded"

    def wait_for_completion(
        self,
        show_output: bool = False,
        min_node_count: Optional[int] = None,
        timeout_in_minutes: int = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Return at once: nodes of this studio come up when a run needs them."""
        if show_output:
            print(
                "Succeeded\nAmlCompute wait for completion finished\n\n"
                "Minimum number of nodes requested have been provisioned"
            )

    def get_status(self) -> Dict[str, Any]:
        raise _errors.not_built("ComputeTarget.get_status", "ComputeTarget(ws, name).facts()")

    def facts(self) -> Dict[str, Any]:
        """Return backend, node size, limits and how many nodes are idle and running, now."""
        self._facts = _facts(self.workspace, self.name)
        return dict(self._facts)

    def __repr__(self) -> str:
        return "{}(workspace={!r}, name={}, type={}, provisioning_state={})".format(
            type(self).__name__, self.workspace, self.name, self.type, self.provisioning_state
        )


class AmlCompute(ComputeTarget):
    """A cluster whose nodes come when a run needs them and go when they are idle."""

    @staticmethod
    def provisioning_configuration(*args: Any, **kwargs: Any) -> Any:
        raise _errors.not_built("AmlCompute.provisioning_configuration", INSTEAD)


def _facts(workspace: Place, name: str) -> Dict[str, Any]:
    try:
        found = workspace.client.get(workspace.api("clusters/{}".format(name)))
    except _errors.NotFound as error:
        raise _errors.ComputeTargetException(
            "ComputeTargetNotFound: Compute Target with name {} not found in provided"
            " workspace: {}".format(name, error.message)
        ) from None
    return dict(found)


def all_of(workspace: Place) -> Dict[str, ComputeTarget]:
    """Return name → cluster of the workspace."""
    names = [item["name"] for item in workspace.client.items(workspace.api("clusters"))]
    return {name: ComputeTarget(workspace, name) for name in names}

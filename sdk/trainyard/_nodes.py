"""The nodes of a cluster one by one, their sizes, and the runs on them or waiting for them."""

from typing import Any, Dict, Iterator, List, Union

from trainyard import _errors
from trainyard._place import Place

TYPE = "azureml.scriptrun"
Marks = Union[None, str, Dict[str, Any]]


def listed(workspace: Place, facts: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Return a cluster's nodes with the v1 SDK's keys. `facts`: the cluster, as just read.

    A node is a part of the studio's machine, so there is no address or port to sign in to.
    """
    on = {
        node["node_number"]: answer["run_id"]
        for answer in _active(workspace, facts["name"])
        for node in answer["nodes"]
    }
    return [
        {
            "nodeId": "node-{}".format(node["number"]),
            "port": None,
            "publicIpAddress": None,
            "privateIpAddress": None,
            "nodeState": node["state"].lower(),
            "runId": on.get(node["number"]) if node["state"] == "Running" else None,
        }
        for node in facts["node_list"]
    ]


def active_runs(
    workspace: Place, cluster: str, type: Any, tags: Marks, properties: Marks, status: Any
) -> Iterator[Any]:
    """Yield the Runs that are on a cluster or wait for it; only those that have what is said.

    tags, properties: a name that a run must have, or names with their values.
    """
    if type not in (None, TYPE):
        return
    for answer in _active(workspace, cluster):
        if (
            status in (None, answer["state"])
            and _has("tags", answer, tags)
            and _has("properties", answer, properties)
        ):
            yield workspace._run_of(answer)


def sizes(workspace: Place) -> List[Dict[str, Any]]:
    """Return the node sizes that have names, with the v1 SDK's keys."""
    return [
        {
            "name": size["name"],
            "vCPUs": size["cpus"],
            "gpus": size["gpus"],
            "memoryGB": size["memory_gib"],
            "maxResourceVolumeMB": None,
        }
        for size in workspace.client.get(workspace.api("sizes"))["items"]
    ]


def usages(workspace: Place) -> List[Dict[str, Any]]:
    """Return what busy nodes take of the studio's machine, with the v1 SDK's keys of quotas."""
    here = workspace.client.get(workspace.api("sizes"))["machine"]
    limits = {"cpus": here["cpus"], "memory_gib": here["memory_gib"], "gpus": len(here["gpus"])}
    names = {"cpus": "vCPUs", "memory_gib": "Memory, GiB", "gpus": "GPUs"}
    return [
        {
            "name": {"value": key, "localized_value": names[key]},
            "current_value": here["taken"][key],
            "limit": limit,
            "unit": "Count",
        }
        for key, limit in limits.items()
    ]


def _active(workspace: Place, cluster: str) -> Iterator[Dict[str, Any]]:
    return workspace.client.items(workspace.api("runs"), cluster=cluster, active=1)


def _has(name: str, answer: Dict[str, Any], wanted: Marks) -> bool:
    there = answer[name]
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in there
    if isinstance(wanted, dict):
        return all(there.get(key) == str(value) for key, value in wanted.items())
    raise _errors.UserErrorException(
        "{} must be a name or a dict of names and values, not {!r}".format(name, wanted)
    )

"""A submission read: everything in it is checked here, before anything is made."""

import re
from dataclasses import dataclass
from typing import Any

from compute.access import check_may_run, cluster_for
from compute.clusters import MOST_NODES, ensure_default
from compute.models import Cluster
from registry import environments
from registry.models import Version
from runs import inputs, names, output_datasets
from runs.models import RunOutput
from runs.states import Distribution
from studio.errors import BadInput, NotFound
from studio.files import blobs, trees
from studio.files.trees import safe_path
from studio.models import Tree, Workspace
from studio.texts import WHOLE, checked, mapping

EXPERIMENT = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}", re.ASCII)
CONDA_NAME = re.compile(r"^name:[ \t]*([\w.-]{1,255})[ \t]*$", re.MULTILINE)
MOST_ARGUMENTS_CHARACTERS = 100_000
MOST_SECONDS = 366 * 24 * 3600
MOST_PROCESSES = 64
MOST_RETRIES = 10


@dataclass(frozen=True)
class Order:
    """What a run is asked to be (docs/api.md, Submit), with its parts found."""

    experiment: str
    name: str
    script: str
    arguments: list[str]
    inputs: list[inputs.Wanted]
    output_datasets: list[RunOutput]
    snapshot: Tree
    environment: Version | None
    environment_name: str
    definition: dict[str, Any]
    cluster: Cluster
    node_count: int
    processes_per_node: int
    distribution: str
    parameter_servers: int
    max_retries: int
    max_seconds: int | None
    tags: dict[str, str]
    properties: dict[str, str]


def read(workspace: Workspace, given: dict[str, Any]) -> Order:
    """Return the order. Raises BadInput, NotFound, UnknownCluster, NotAllowed."""
    snapshot = _snapshot(given.get("snapshot"))
    environment, definition, environment_name = _environment(workspace, given.get("environment"))
    cluster, node_count = _cluster(workspace, given)
    arguments = _arguments(given.get("arguments") or [])
    read = inputs.read(workspace, given.get("inputs"), arguments)
    processes = _count(given, "process_count_per_node", 1, most=MOST_PROCESSES, least=1)
    return Order(
        experiment=experiment_name(given.get("experiment") or ""),
        name=checked("name", given.get("name") or names.friendly(), 100),
        script=_script(snapshot, given.get("script") or ""),
        arguments=arguments,
        inputs=read,
        output_datasets=output_datasets.read(
            given.get("output_datasets"), arguments, [one.name for one in read]
        ),
        snapshot=snapshot,
        environment=environment,
        environment_name=environment_name,
        definition=definition,
        cluster=cluster,
        node_count=node_count,
        processes_per_node=processes,
        distribution=_distribution(given.get("distribution"), node_count * processes),
        parameter_servers=_parameter_servers(given, node_count),
        max_retries=_count(given, "max_retries", 0, most=MOST_RETRIES),
        max_seconds=_max_seconds(given.get("max_run_duration_seconds")),
        tags=mapping("tags", given.get("tags")),
        properties=mapping("properties", given.get("properties")),
    )


def experiment_name(name: Any) -> str:
    """Return `name` when an experiment may be called so. Raises BadInput."""
    if not isinstance(name, str) or not EXPERIMENT.fullmatch(name):
        raise BadInput(
            f"experiment name {str(name)[:100]!r} is not allowed: between 1 and 255 characters, the"
            " first a letter or number, the rest letters, numbers, hyphens and underscores",
            fields={"experiment": "letters, numbers, - and _; no spaces"},
        )
    return name


def _snapshot(sha256: Any) -> Tree:
    known = isinstance(sha256, str) and blobs.SHA256.fullmatch(sha256)
    tree = trees.find(sha256) if known else None
    if tree is None:
        raise NotFound(
            "the code was not sent: there is no such snapshot; send the files first",
            fields={"snapshot": "unknown"},
        )
    return tree


def _script(snapshot: Tree, given: Any) -> str:
    script = checked("script", given, 1000).removeprefix("./")
    if not script:
        raise BadInput("say which script to run", fields={"script": "missing"})
    safe_path(script)
    if not snapshot.files.filter(path=script).exists():
        scripts = snapshot.files.filter(path__endswith=".py").values_list("path", flat=True)
        shown = ", ".join(scripts[:10]) or "none"
        raise BadInput(
            f"{script} script path doesn't exist in the code that was sent."
            f" The script should be inside the project folder; Python files there: {shown}",
            fields={"script": f"not in the code; there are: {shown}"},
        )
    return script


def _environment(workspace: Workspace, wanted: Any) -> tuple[Version | None, dict[str, Any], str]:
    try:
        version, definition = environments.find(workspace, wanted)
        named = checked("name", (wanted or {}).get("name") or _own_name(definition), 255)
    except (BadInput, NotFound) as error:
        error.fields.setdefault("environment", error.message)
        raise
    return version, definition, version.asset.name if version else named


def _own_name(definition: dict[str, Any]) -> str:
    """What to call a definition that was given without a name: as its conda file says."""
    if definition == environments.DEFAULT:
        return environments.DEFAULT_NAME
    said = CONDA_NAME.search(definition.get("conda", ""))
    return said[1] if said else "unnamed"


def _cluster(workspace: Workspace, given: dict[str, Any]) -> tuple[Cluster, int]:
    """The cluster, and how many of its nodes the run gets: refused where it never could."""
    name = given.get("cluster")
    if name:
        cluster = cluster_for(workspace, checked("cluster", name, 255))
    else:
        clusters = list(Cluster.objects.there().filter(workspace=workspace)[:2])
        cluster = clusters[0] if len(clusters) == 1 else ensure_default(workspace)
    node_count = _count(given, "node_count", 1, most=MOST_NODES, least=1)
    most = cluster.max_nodes
    if most == 0:
        raise BadInput(
            f"{cluster.name} may have no node (max_nodes is 0): resize it, or choose another"
            " cluster",
            fields={"cluster": "may have no node"},
        )
    if node_count > most:
        raise BadInput(
            f"{cluster.name} has at most {most} node{'s' if most > 1 else ''}: ask for {most}"
            f"{' or fewer' if most > 1 else ''}, or resize it (max_nodes)",
            fields={"node_count": f"at most {most}"},
        )
    check_may_run(cluster, node_count)
    return cluster, node_count


def _distribution(given: Any, processes: int) -> str:
    """How the processes of a run find each other: as PyTorch does where several are asked for."""
    if given is None or given == "":
        return Distribution.PYTORCH if processes > 1 else ""
    if given not in Distribution.values:
        known = ", ".join(Distribution.values)
        raise BadInput(
            f"distribution {str(given)[:60]!r} is not known; it is one of {known}, or nothing",
            fields={"distribution": f"one of {known}"},
        )
    return str(given)


def _parameter_servers(given: dict[str, Any], node_count: int) -> int:
    """How many serve parameters to the workers of TensorFlow: beside them, on the same node."""
    name = "parameter_server_count"
    count = _count(given, name, 0, most=MOST_PROCESSES)
    why = ""
    if count and given.get("distribution") != Distribution.TENSORFLOW:
        why = "are of runs whose distribution is TensorFlow"
    elif count and node_count > 1:
        why = f"run on the node of all workers: ask for 1 node, not {node_count}"
    if why:
        raise BadInput(f"parameter servers {why}", fields={name: why})
    return count


def _count(given: dict[str, Any], name: str, usual: int, *, most: int, least: int = 0) -> int:
    value = given.get(name)
    if value is None:
        return usual
    count = _whole(value)
    if count is None or not least <= count <= most:
        raise BadInput(
            f"{name} is a whole number from {least} to {most:,}",
            fields={name: f"{least} to {most:,}"},
        )
    return count


def _max_seconds(given: Any) -> int | None:
    if given is None:
        return None
    seconds = _whole(given)
    if seconds is None or not 1 <= seconds <= MOST_SECONDS:
        raise BadInput(
            f"max_run_duration_seconds is a whole number of seconds from 1 to {MOST_SECONDS:,}",
            fields={"max_run_duration_seconds": "seconds, at least 1"},
        )
    return seconds


def _whole(given: Any) -> int | None:
    """A whole number, sent as one, as text or as 2.0; None for everything else."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    if isinstance(given, str) and not WHOLE.fullmatch(given):
        return None  # int() reads "1_0", and digits of any script
    try:
        number = int(given)
    except (ValueError, OverflowError):
        return None
    return None if isinstance(given, float) and given != number else number


def _arguments(given: Any) -> list[str]:
    if not isinstance(given, list) or any(isinstance(a, dict | list) for a in given):
        raise BadInput('"arguments" is a list of texts and numbers', fields={"arguments": "a list"})
    most = MOST_ARGUMENTS_CHARACTERS
    words = [checked("arguments", str(argument), most) for argument in given]
    if sum(map(len, words)) > most:
        raise BadInput(
            f"arguments hold at most {most:,} characters altogether; put more into a file",
            fields={"arguments": "too long"},
        )
    return words

"""What a script is started with: its command, and the variables of its environment."""

import json
import os
import sys
from typing import Any, Dict, List

from trainyard._driver.part import HERE, Part

LOCALES, UTF_8 = ("LC_ALL", "LC_CTYPE", "LANG"), "C.UTF-8"
LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"


def command(job: Dict[str, Any]) -> List[str]:
    """Return the words that start the job's script."""
    program = "bash" if job["script"].endswith(".sh") else sys.executable
    return [program, job["script"]] + [str(word) for word in job["arguments"]]


def of_script(
    environ: Dict[str, str], job: Dict[str, Any], code: str, spool: str
) -> Dict[str, str]:
    """Return the environment that all processes of a node share.

    environ: the driver's own; the job's variables come over it.
    """
    variables = job.get("variables") or {}
    found = dict(environ, **variables)
    # The code first, then the client; what the environment adds must not take them away.
    more = [environ.get("PYTHONPATH", ""), variables.get("PYTHONPATH", "")]
    paths = [code] + [path for text in more for path in text.split(os.pathsep) if path]
    found.update(
        AZUREML_RUN_ID=job["run_id"],
        AZUREML_ARM_SUBSCRIPTION=job.get("subscription_id", "trainyard"),
        AZUREML_ARM_RESOURCEGROUP=job.get("resource_group", "trainyard"),
        AZUREML_ARM_WORKSPACE_NAME=job["workspace"],
        AZUREML_ARM_PROJECT_NAME=job["experiment"],
        AZUREML_EXPERIMENT_ID=job["experiment"],
        AZUREML_WORKSPACE_ID=job["workspace"],
        AZUREML_SERVICE_ENDPOINT=environ["TRAINYARD_URL"],
        AZUREML_OUTPUT_DIRECTORY=os.path.join(code, "outputs"),
        TRAINYARD_SPOOL=spool,
        PYTHONPATH=os.pathsep.join(sorted(set(paths), key=paths.index)),
        PYTHONUNBUFFERED="1",
    )
    if all(found.get(name) in (None, "", "C", "POSIX") for name in LOCALES):
        # Without one, Python 3.6 takes ASCII for what it prints and for names of files.
        found["LC_ALL"] = UTF_8
    return found


def of_rank(shared: Dict[str, str], part: Part, local: int) -> Dict[str, str]:
    """Return the environment of a node's process number `local`, counted from 0.

    A run of one plain process is told nothing of ranks: frameworks would wait for others.
    """
    if not part.distribution:
        return shared
    found = dict(
        shared,
        MASTER_ADDR=part.host,
        MASTER_PORT=str(part.port),
        WORLD_SIZE=str(part.world),
        RANK=str(part.first + local),
        LOCAL_RANK=str(local),
        LOCAL_WORLD_SIZE=str(part.processes),
        NODE_RANK=str(part.node),
        AZUREML_NODE_COUNT=str(part.nodes),
    )
    if part.distribution == "Mpi":
        found.update(
            OMPI_COMM_WORLD_SIZE=found["WORLD_SIZE"],
            OMPI_COMM_WORLD_RANK=found["RANK"],
            OMPI_COMM_WORLD_LOCAL_SIZE=found["LOCAL_WORLD_SIZE"],
            OMPI_COMM_WORLD_LOCAL_RANK=found["LOCAL_RANK"],
            # Open MPI's name for the number of a process on its node, of whichever job.
            OMPI_COMM_WORLD_NODE_RANK=found["LOCAL_RANK"],
            AZ_BATCH_MASTER_NODE="{}:{}".format(part.host, part.port),
            AZ_BATCHAI_MPI_MASTER_NODE=part.host,
        )
    if part.distribution == "TensorFlow":
        found["TF_CONFIG"] = _tf_config(part, "worker", part.first + local)
    if part.host == HERE:
        # Gloo would take the address that the machine's name stands for, which may lead nowhere.
        found.setdefault("GLOO_SOCKET_IFNAME", LOOPBACK)
    return found


def of_server(shared: Dict[str, str], part: Part, number: int) -> Dict[str, str]:
    """Return the environment of parameter server `number`, counted from 0. It has no rank."""
    return dict(shared, TF_CONFIG=_tf_config(part, "ps", number))


def _tf_config(part: Part, kind: str, index: int) -> str:
    task = {"type": kind, "index": index}
    return json.dumps({"cluster": part.cluster(), "task": task, "environment": "cloud"})


def in_words(words: List[str]) -> str:
    """Return a command as a line of a log."""
    return " ".join("'{}'".format(word) if " " in word or not word else word for word in words)

"""How many processes a run has on how many nodes, and what they find one another by."""

from typing import Any, Dict, Optional

from trainyard import _errors
from trainyard._settings import Settings, TensorflowConfiguration

# What the v1 SDK calls a communicator → what the studio sets the variables of.
DISTRIBUTIONS = {
    "none": "",
    "openmpi": "Mpi",
    "intelmpi": "Mpi",
    "mpi": "Mpi",
    "nccl": "PyTorch",
    "gloo": "PyTorch",
    "parameterserver": "TensorFlow",
}
ON_ONE_NODE = (
    "run_config.node_count=1, workers and servers on one node; or parameter_server_count=0, workers"
    " that find each other by TF_CONFIG on several (tf.distribute.MultiWorkerMirroredStrategy)"
)
USUAL = {"": "None", "Mpi": "IntelMpi", "PyTorch": "Nccl", "TensorFlow": "ParameterServer"}
COMMUNICATOR = "azureml.communicator"  # the property of a run that names another than the usual


class MpiConfiguration(Settings):
    """So many processes on each of so many nodes, as mpirun would start them.

    Each has RANK, LOCAL_RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, and the variables of Open
    MPI (OMPI_COMM_WORLD_RANK, …). Code that makes connections of MPI itself is not served.
    """

    def __init__(self, process_count_per_node: int = 1, node_count: int = 1):
        self.process_count_per_node = process_count_per_node
        self.node_count = node_count
        self._close()


class PyTorchConfiguration(Settings):
    """Processes for torch.distributed: init_process_group() finds all it needs in the variables.

    process_count: of all nodes together; None is one on each. Raises UserErrorException when it
    is no multiple of node_count. communication_backend: "Nccl" or "Gloo"; the script says it to
    init_process_group itself, and where there are no GPUs it must be "gloo".
    """

    def __init__(
        self,
        communication_backend: str = "Nccl",
        process_count: Optional[int] = None,
        node_count: int = 1,
    ):
        self.communication_backend = communication_backend
        self.process_count = process_count
        self.node_count = node_count
        self._close()
        self.per_node(node_count)

    def per_node(self, node_count: Any) -> int:
        """Return how many processes each of so many nodes has. Raises UserErrorException."""
        nodes = count("node_count", node_count)
        if self.process_count is None:
            return 1
        processes = count("process_count", self.process_count)
        if processes % nodes:
            below = processes // nodes * nodes
            fitting = [str(number) for number in (below, below + nodes) if number]
            raise _errors.UserErrorException(
                "process_count={} counts the processes of all nodes and must be a multiple of"
                " node_count={}: {}".format(processes, nodes, " or ".join(fitting))
            )
        return processes // nodes


def count(name: str, given: Any, least: int = 1) -> int:
    """Return a whole number that may be written as a string. Raises UserErrorException."""
    try:
        number = int(given)
        if number < least or isinstance(given, bool) or (number != given and float(given) % 1):
            raise ValueError(given)
        return number
    except (TypeError, ValueError, OverflowError):
        raise _errors.UserErrorException(
            "{} must be a whole number, at least {}, not {!r}".format(name, least, given)
        ) from None


def spread(run_config: Any) -> Dict[str, Any]:
    """Return how the studio is told the nodes and processes of a run configuration.

    Raises UserErrorException for numbers or a communicator that cannot be.
    """
    nodes = count("node_count", run_config.node_count)
    kind = _distribution(run_config.communicator)
    processes = 1
    if kind == "Mpi":
        processes = count("process_count_per_node", run_config.mpi.process_count_per_node)
    elif kind == "TensorFlow":
        processes = _workers_per_node(run_config.tensorflow, nodes)
    elif kind == "PyTorch" or str(run_config.framework).lower() == "pytorch":
        processes = run_config.pytorch.per_node(nodes)
    if nodes * processes > 1:
        kind = kind or "PyTorch"
    order: Dict[str, Any] = {
        "node_count": nodes,
        "process_count_per_node": processes,
        "distribution": kind,
    }
    if kind == "TensorFlow":
        order["parameter_server_count"] = _servers(run_config.tensorflow)
    if kind == "PyTorch" and str(run_config.communicator).lower() == "gloo":
        order["properties"] = {COMMUNICATOR: "Gloo"}
    return order


def put_into(run_config: Any, distributed_job_config: Any) -> None:
    """Set what `distributed_job_config` says in a run configuration. Raises UserErrorException."""
    if isinstance(distributed_job_config, PyTorchConfiguration):
        run_config.framework = "PyTorch"
        run_config.communicator = distributed_job_config.communication_backend
        run_config.pytorch = distributed_job_config
    elif isinstance(distributed_job_config, MpiConfiguration):
        run_config.framework = "Python"
        run_config.communicator = USUAL["Mpi"]
        run_config.mpi = distributed_job_config
    elif isinstance(distributed_job_config, TensorflowConfiguration):
        workers = count("worker_count", distributed_job_config.worker_count)
        run_config.framework = "TensorFlow"
        run_config.communicator = USUAL["TensorFlow"]
        run_config.tensorflow = distributed_job_config
        # Servers stand beside their workers; workers alone have a node each.
        run_config.node_count = 1 if _servers(distributed_job_config) else workers
        return
    else:
        raise _errors.UserErrorException(
            "distributed_job_config must be a PyTorchConfiguration(...), a"
            " TensorflowConfiguration(...) or a MpiConfiguration(...), not {!r}".format(
                distributed_job_config
            )
        )
    run_config.node_count = distributed_job_config.node_count


def _servers(config: TensorflowConfiguration) -> int:
    return count("parameter_server_count", config.parameter_server_count, 0)


def _workers_per_node(config: TensorflowConfiguration, nodes: int) -> int:
    """Return how many workers each node has. Raises NotImplementedError for servers on several."""
    if _servers(config) and nodes > 1:
        raise _errors.not_built(
            "TensorFlow with parameter servers on {} nodes".format(nodes), ON_ONE_NODE
        )
    workers = count("worker_count", config.worker_count)
    if workers % nodes:
        raise _errors.UserErrorException(
            "worker_count={} counts the workers of all nodes and must be a multiple of"
            " node_count={}".format(workers, nodes)
        )
    return workers // nodes


def definition(facts: Dict[str, Any]) -> Dict[str, Any]:
    """Return the part of a run's definition that says its nodes and processes, as v1 shapes it."""
    kind = facts["distribution"]
    nodes, each = facts["node_count"], facts["process_count_per_node"]
    communicator = facts["properties"].get(COMMUNICATOR) or USUAL[kind]
    is_pytorch, is_tensorflow = kind == "PyTorch", kind == "TensorFlow"
    return {
        "framework": kind if kind in ("PyTorch", "TensorFlow") else "Python",
        "communicator": communicator,
        "nodeCount": nodes,
        "mpi": {"processCountPerNode": each if kind == "Mpi" else 1},
        "tensorflow": {
            "workerCount": nodes * each if is_tensorflow else 1,
            "parameterServerCount": facts.get("parameter_server_count", 0) if is_tensorflow else 1,
        },
        "pyTorch": {
            "communicationBackend": communicator if is_pytorch else None,
            "processCount": nodes * each if is_pytorch else None,
        },
    }


def _distribution(communicator: Any) -> str:
    name = str(communicator or "None").lower()
    if name not in DISTRIBUTIONS:
        raise _errors.UserErrorException(
            "there is no communicator {!r}; there are None, IntelMpi, OpenMpi, Mpi, Nccl, Gloo"
            " and ParameterServer".format(communicator)
        )
    return DISTRIBUTIONS[name]

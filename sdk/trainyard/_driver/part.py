"""The part of a run that one node has: which of its ranks, and what their logs are called.

    run of 2 nodes × 3 processes     node 0: ranks 0 1 2       node 1: ranks 3 4 5

A rank counts the run's processes from 0 on. Nodes write at the same time, and a log is added to at
its end only: so no two nodes ever write a log of the same name.
"""

import re
import socket
from typing import Any, Dict, List

DRIVER = "azureml-logs/70_driver_log{}.txt"
NODE = "azureml-logs/55_azureml-execution{}.txt"
PREPARATION = "azureml-logs/65_job_prep{}.txt"
END = "azureml-logs/75_job_post{}.txt"
HERE = "127.0.0.1"
# ./logs of a node k > 0 is logs/node-<k>/: what node 0 calls so itself must lie elsewhere.
OF_A_NODE = re.compile(r"node-\d+(/|$)")


class Part:
    """Read from what the studio answers as the job; a studio that says none of it has one process.

    node: the node's rank among the run's.   first: the rank of its first process.
    world: how many processes the run has.   host, port: where rank 0 is to be met.
    hosts: of each node, in the order of their ranks.
    servers: how many parameter servers stand beside the workers of TensorFlow; as processes they
    are counted behind these.
    """

    def __init__(self, job: Dict[str, Any]):
        self.node = int(job.get("node_rank") or 0)
        self.nodes = int(job.get("node_count") or 1)
        self.processes = int(job.get("processes_per_node") or 1)
        self.world = self.nodes * self.processes
        self.first = self.node * self.processes
        self.distribution = str(job.get("distribution") or ("PyTorch" if self.world > 1 else ""))
        master = job.get("master") or {}
        self.host = str(master.get("host") or HERE)
        self.port = int(master.get("port") or (_free_port() if self.distribution else 0))
        self.servers = int(job.get("parameter_servers") or 0)
        self.hosts = [str(host) for host in job.get("hosts") or [self.host] * self.nodes]

    def workers(self) -> List[str]:
        """Return where each process is met by the others, "host:port" in the order of ranks."""
        ranks = range(self.world)
        return ["{}:{}".format(self.hosts[r // self.processes], self.port + r) for r in ranks]

    def cluster(self) -> Dict[str, List[str]]:
        """Return where the processes of each kind are met, as TensorFlow wants to know it."""
        ports = range(self.port + self.world, self.port + self.world + self.servers)
        servers = ["{}:{}".format(self.host, port) for port in ports]
        return dict({"worker": self.workers()}, **({"ps": servers} if servers else {}))

    @property
    def is_several(self) -> bool:
        """Whether the run has more than one process."""
        return self.world + self.servers > 1

    @property
    def numbers(self) -> range:
        """The numbers of all processes of this node."""
        return range(self.first, self.first + self.processes + self.servers)

    @property
    def node_log(self) -> str:
        """The name of the node's own log."""
        return NODE.format(self._of_node())

    @property
    def preparation(self) -> str:
        """The name of the log of what comes before the script."""
        return PREPARATION.format(self._of_node())

    @property
    def end(self) -> str:
        """The name of the log of what comes behind the script."""
        return END.format(self._of_node())

    def _of_node(self) -> str:
        return "_{}".format(self.node) if self.nodes > 1 else ""

    def log(self, rank: int) -> str:
        """Return the name of the log of what a process prints."""
        return DRIVER.format("_{}".format(rank) if self.is_several else "")

    def own_log(self, name: str) -> str:
        """Return the name of the log that a file in this node's ./logs becomes."""
        if self.nodes > 1 and (self.node or OF_A_NODE.match(name)):
            name = "node-{}/{}".format(self.node, name)
        return "logs/" + name

    def called(self, rank: int) -> str:
        """Name a process: "the script" where it is the run's only one."""
        if rank >= self.world:
            return "parameter server {}".format(rank - self.world)
        return "rank {}".format(rank) if self.is_several else "the script"

    def in_words(self) -> str:
        """Say which part it is, for whoever reads the log."""
        ranks = self.called(self.first)
        if self.processes > 1:
            ranks = "ranks {} to {}".format(self.first, self.first + self.processes - 1)
        return "node {} of {} (counted from 0), {} of {} by {}; rank 0 is met at {}:{}".format(
            self.node, self.nodes, ranks, self.world, self.distribution, self.host, self.port
        )


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HERE, 0))
        return int(one.getsockname()[1])

"""Send a script with the folder you are in (or --source), and run it.

    trainyard submit train.py --lr 0.1
    trainyard submit --cluster cpu-cluster --env sklearn:2 --follow train.py --epochs 5
    trainyard submit --conda env.yml --input data=mnist:1:mount train.py --data-folder input:data

What follows SCRIPT goes to the script. There, input:NAME becomes the path of the input NAME.
Prints the run's id. With --follow, the logs: the exit code says how the run ended, and Ctrl-C ends
the watching, never the run.
"""

import argparse
import os
import re
from typing import Any, Dict, List

from trainyard import _errors
from trainyard._cli.logs import follow, stopped_watching
from trainyard._cli.output import Output, pairs_of
from trainyard._cli.studio import Studio
from trainyard._dataset import Dataset
from trainyard._distributed import MpiConfiguration, PyTorchConfiguration
from trainyard._environment import Environment
from trainyard._experiment import Experiment
from trainyard._runconfig import ScriptRunConfig

MODES = ("mount", "download", "direct")
INPUT = "input:"


class WithInputs(ScriptRunConfig):
    """A script that may read its inputs by their variables, without naming them as arguments."""

    inputs: Dict[str, Any]

    def order(self, workspace: Any = None) -> Dict[str, Any]:
        """Return the order of the run, with every input."""
        order = super().order(workspace)
        read = order.setdefault("inputs", [])
        named = {one["name"] for one in read}
        read += [one.order(workspace) for name, one in self.inputs.items() if name not in named]
        return order


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument("script", metavar="SCRIPT", help="the script, by its path in the folder")
    parser.add_argument("arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER)
    parser.add_argument("-e", "--experiment", help="default: the name of the folder")
    parser.add_argument("-s", "--source", default=".", help="the folder to send (default: here)")
    parser.add_argument("-c", "--cluster", help="default: the workspace's only one, or cpu-cluster")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--env", metavar="NAME[:VERSION]", help="a registered environment")
    kinds.add_argument("--conda", metavar="FILE", help="a conda file")
    kinds.add_argument("--pip-requirements", metavar="FILE", help="a requirements.txt")
    parser.add_argument(
        "-i", "--input", action="append", metavar="NAME=DATASET[:VERSION[:MODE]]",
        help="a dataset that the script reads; modes: " + ", ".join(MODES),
    )  # fmt: skip
    parser.add_argument("--name", help="what the run is called (default: a made-up name)")
    parser.add_argument("-t", "--tag", action="append", metavar="NAME=VALUE")
    parser.add_argument("--nodes", type=int, default=1, help="how many nodes (default 1)")
    parser.add_argument("--processes", type=int, default=1, help="processes on each node")
    parser.add_argument("--mpi", action="store_true", help="tell them about each other as MPI does")
    parser.add_argument("-f", "--follow", action="store_true", help="print the logs to the end")


def run(studio: Studio, given: Any, output: Output) -> int:
    workspace = studio.workspace()
    tags = pairs_of(given.tag, "--tag")
    inputs = {
        name: _input(workspace, name, words)
        for name, words in pairs_of(given.input, "--input").items()
    }
    config = WithInputs(
        given.source,
        given.script,
        arguments=_arguments(given.arguments, inputs),
        compute_target=given.cluster,
        environment=_environment(workspace, given),
        distributed_job_config=_distribution(given),
    )
    config.inputs = inputs
    experiment = given.experiment or _experiment_of(given.source)
    made = Experiment(workspace, experiment).submit(
        config, tags=tags, _bar=lambda size, count: output.bar("Sending the code", size, count)
    )
    try:
        return _submitted(studio, made.id, given, output)
    except KeyboardInterrupt:
        return stopped_watching(made.id, output)


def _submitted(studio: Studio, run_id: str, given: Any, output: Output) -> int:
    """Name the run and tell of it; with --follow to its end."""
    facts: Dict[str, Any] = studio.run(run_id)
    if given.name:
        facts = studio.client.patch("runs/" + run_id, {"name": given.name})
    if given.follow:
        output.note("run {}: {}".format(run_id, facts["url"]))
        return follow(studio, run_id, output)
    if output.is_json:
        output.json(facts)
    else:
        output.line(run_id)
        output.note("follow it: trainyard logs -f {}\n{}".format(run_id, facts["url"]))
    return 0


def _experiment_of(source: str) -> str:
    """Return the folder's name as the name of an experiment."""
    base = os.path.basename(os.path.abspath(os.path.expanduser(source)))
    return re.sub(r"[^A-Za-z0-9_-]+", "-", base).strip("-_")[:255] or "default"


def _input(workspace: Any, name: str, words: str) -> Any:
    parts = words.split(":")
    version, mode = (parts + ["", ""])[1:3]
    if len(parts) > 3 or (version and version != "latest" and not version.isdigit()):
        raise _errors.UserErrorException(
            "--input {}={}: write NAME=DATASET, NAME=DATASET:VERSION or"
            " NAME=DATASET:VERSION:MODE".format(name, words)
        )
    if mode and mode not in MODES:
        raise _errors.UserErrorException(
            "--input {}={}: there is no mode {!r}; modes: {}".format(
                name, words, mode, ", ".join(MODES)
            )
        )
    number: Any = int(version) if version.isdigit() else "latest"
    named = Dataset.get_by_name(workspace, parts[0], version=number).as_named_input(name)
    if mode == "direct":
        return named
    return named.as_download() if mode == "download" else named.as_mount()


def _arguments(words: List[str], inputs: Dict[str, Any]) -> List[Any]:
    """Return the script's arguments, with inputs in the places where they are named."""
    if words[:1] == ["--"]:
        words = words[1:]
    found: List[Any] = []
    for word in words:
        name = word[len(INPUT) :] if word.startswith(INPUT) else None
        if name is not None and name not in inputs:
            raise _errors.UserErrorException(
                "the argument {} names an input that is not given; add --input {}=DATASET,"
                " inputs: {}".format(word, name, ", ".join(inputs) or "none")
            )
        found.append(word if name is None else inputs[name])
    return found


def _environment(workspace: Any, given: Any) -> Any:
    if given.env:
        name, _, version = given.env.partition(":")
        return Environment.get(workspace, name, version or None)
    label = re.sub(r"[^A-Za-z0-9_-]+", "-", given.experiment or _experiment_of(given.source))
    if given.conda:
        return Environment.from_conda_specification(label, given.conda)
    if given.pip_requirements:
        return Environment.from_pip_requirements(label, given.pip_requirements)
    return None


def _distribution(given: Any) -> Any:
    if given.nodes == 1 and given.processes == 1:
        return None
    if given.mpi:
        return MpiConfiguration(process_count_per_node=given.processes, node_count=given.nodes)
    return PyTorchConfiguration(process_count=given.nodes * given.processes, node_count=given.nodes)

"""From submit to the first line of the script, the image being ready: local, and in a container.

The script prints the clock as its first line. It is readable when the studio's API answers with it,
or when the reader of the bare command's pipe has it; it began at the time that it says.
"""

import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

from trainyard import Workspace
from trainyard._errors import NotFound

from benchmarks.boxes import CLUSTER, Boxes, boxes, docker_run
from benchmarks.figures import Figure, middle
from benchmarks.runs import DRIVER_LOG, SCRIPTS, said_by, submit, workspace_of
from tests.fixtures.studio_process import StudioProcess

SCRIPT = "first_line.py"
TURNS = 12
ASK_EVERY_S = 0.02
CPUS, MEMORY_GIB = 1, 1


@dataclass
class Times:
    """Seconds since the submit, or since the command, of each turn."""

    began: list[float] = field(default_factory=list)
    readable: list[float] = field(default_factory=list)

    def add(self, since: float, line: str) -> None:
        """Note a first line that was read just now."""
        self.readable.append(time.time() - since)
        self.began.append(float(line.split()[0]) - since)


def measure(studio: StudioProcess) -> list[Figure]:
    """Every submit has its bare command in the same second."""
    with workspace_of(studio) as workspace:
        python = said_by(submit(workspace, SCRIPT))[0].split()[1]  # builds the image
        command = [python, str(SCRIPTS / SCRIPT)]
        says = "subprocess.run of the script"
        figures = [_figure("local", workspace, command, says=says, target="≤ 0.5 s")]
    with boxes(f"{CPUS}cpu-{MEMORY_GIB}gib", 1) as there:
        return figures if there is None else [*figures, _in_containers(there)]


def _in_containers(there: Boxes) -> Figure:
    script = [there.python, str(SCRIPTS / SCRIPT)]
    command = docker_run(there.image, SCRIPTS, script, cpus=str(CPUS), memory=f"{MEMORY_GIB}g")
    says = "docker run of the script, same image and limits"
    more = {"compute_target": CLUSTER, "environment": there.environment}
    said_by(submit(there.workspace, SCRIPT, **more))  # the node comes up
    return _figure("docker", there.workspace, command, says=says, target="≤ 1.2 ×", **more)


def _figure(
    kind: str, workspace: Workspace, command: list[str], *, says: str, target: str, **settings: Any
) -> Figure:
    ours, bare = Times(), Times()
    for _ in range(TURNS):
        _bare(command, bare)
        _submitted(workspace, ours, **settings)
    more = (
        f"{_spread(ours.readable)}, bare {_spread(bare.readable)} in {TURNS} turns;"
        f" the script itself began after {_spread(ours.began)}, bare {_spread(bare.began)}"
    )
    what = f"submit → first line read, {kind}"
    return Figure(what, middle(ours.readable), middle(bare.readable), "s", says, target, more)


def _spread(seconds: list[float]) -> str:
    return f"{middle(seconds):.3f} (worst {max(seconds):.3f}) s"


def _bare(command: list[str], times: Times) -> None:
    began = time.time()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        times.add(began, process.stdout.readline())


def _submitted(workspace: Workspace, times: Times, **settings: Any) -> None:
    began = time.time()
    run = submit(workspace, SCRIPT, **settings)
    while not (text := _text(workspace, run.id)):
        time.sleep(ASK_EVERY_S)
    times.add(began, text)
    run.wait_for_completion()


def _text(workspace: Workspace, run_id: str) -> str:
    try:
        return str(workspace.client.get(f"runs/{run_id}/log", path=DRIVER_LOG)["text"])
    except NotFound:  # it has no log yet
        return ""

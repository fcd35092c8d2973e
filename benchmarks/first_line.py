"""From submit to the first line of the script, the image being ready."""

import subprocess
import time

from benchmarks.figures import Figure, middle
from benchmarks.runs import SCRIPTS, said_by, submit, workspace_of
from tests.fixtures.studio_process import StudioProcess

TURNS = 12


def measure(studio: StudioProcess) -> list[Figure]:
    """The script prints the clock as its first line; the same script is started bare beside it."""
    took, bare = [], []
    with workspace_of(studio) as workspace:
        _, python = said_by(submit(workspace, "first_line.py"))[0].split()  # builds the image
        for _ in range(TURNS):
            began = time.time()
            run = submit(workspace, "first_line.py")
            took.append(float(said_by(run)[0].split()[0]) - began)
            began = time.time()
            command = [python, str(SCRIPTS / "first_line.py")]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            bare.append(float(said.split()[0]) - began)
    return [
        Figure(
            "submit → first line", middle(took), middle(bare), "s",
            "subprocess.run of the script", "≤ 0.5 s",
            f"{min(took):.2f} to {max(took):.2f} s in {TURNS} runs",
        )
    ]  # fmt: skip

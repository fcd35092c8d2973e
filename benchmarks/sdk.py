"""What the SDK costs a script: time and memory of its import, beside Python's own.

Processes take turns, so that a machine that gets slower gets slower for all. Time is CPU time: what
else runs here meanwhile does not count.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure
from tests.fixtures.studio_process import StudioProcess

SDK = Path(__file__).resolve().parents[1] / "sdk"
ROUNDS = 21
NOTHING = "pass"
# Not what wait4 says of memory: that is at least what the process that started it had.
SAYS_MEMORY = """
with open("/proc/self/status") as status:
    said = [line.split()[1] for line in status if line.startswith("VmRSS")]
import sys
sys.__stdout__.write(said[0])
"""
ITS_NEEDS = "import http.client, json"
SCRIPTS = {
    "import trainyard": "import trainyard",
    "from azureml.core import Run": "from azureml.core import Run",
    "Run.get_context().log() outside of a run": (
        "import io, sys; sys.stdout = io.StringIO()\n"
        "from azureml.core import Run; Run.get_context().log('loss', 0.5)"
    ),
    "from azureml.core import Workspace, Experiment, ScriptRunConfig, Environment": (
        "from azureml.core import Workspace, Experiment, ScriptRunConfig, Environment\n"
        "Workspace, Experiment, ScriptRunConfig, Environment"
    ),
}


def measure(studio: StudioProcess | None = None) -> list[Figure]:
    """Needs no studio; returns time (ms) and memory (MB) above a bare Python's."""
    taken = turns([NOTHING, ITS_NEEDS, *SCRIPTS.values()], ROUNDS)
    figures = []
    for what, code in SCRIPTS.items():
        figures += [
            Figure(
                what, above(taken, code, 0), above(taken, ITS_NEEDS, 0), "ms",
                f"`{ITS_NEEDS}`, which it cannot do without; both above `python -c pass`"
                f" ({middle(taken[NOTHING], 0):.1f} ms)", "<= 60 ms",
            ),
            Figure(
                f"{what}: memory", above(taken, code, 1), above(taken, ITS_NEEDS, 1), "MB",
                f"`{ITS_NEEDS}`; both above `python -c pass`"
                f" ({middle(taken[NOTHING], 1):.1f} MB)", "<= 15 MB",
            ),
        ]  # fmt: skip
    return figures


def turns(codes: Sequence[str], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Run each code so often, in turns; code → its (CPU ms, largest memory in MB) each time."""
    taken: dict[str, list[tuple[float, float]]] = {code: [] for code in codes}
    for code in codes:
        once(code)  # the first time, Python writes its compiled files
    for _ in range(rounds):
        for code in codes:
            taken[code].append(once(code))
    return taken


def once(code: str) -> tuple[float, float]:
    """Run a Python of its own; return its CPU time in ms and its memory at the end in MB."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code + SAYS_MEMORY],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SDK)},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        kib = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = status
    if status:
        raise RuntimeError(f"python -c {code!r} ended with status {status}")
    return (used.ru_utime + used.ru_stime) * 1000, int(kib) * 1024 / 1e6


def middle(taken: Sequence[tuple[float, float]], column: int) -> float:
    return statistics.median(one[column] for one in taken)


def above(taken: dict[str, list[tuple[float, float]]], code: str, column: int) -> float:
    """Return how much more than a bare Python a code took, in the middle of all rounds."""
    return middle(taken[code], column) - middle(taken[NOTHING], column)


if __name__ == "__main__":
    for figure in measure():
        print(f"{figure.what}: {figure.value:.1f} {figure.unit}, bare {figure.bare:.1f}")

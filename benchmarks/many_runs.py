"""Many runs of one second on four nodes: how many a minute, and that none is lost or doubled.

Each script adds a line to a file. The limit is the machine: `xargs -P 4` of the bare script.
"""

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import psutil
from trainyard import AmlCompute, ComputeTarget, Workspace

from benchmarks.boxes import CLUSTER, Boxes, boxes, docker_run
from benchmarks.figures import Figure, middle, percentile
from benchmarks.runs import DRIVER_LOG, SCRIPTS, submit, workspace_of
from tests.fixtures.studio_process import StudioProcess

SCRIPT = "one_second.py"
RUNS, RUNS_IN_CONTAINERS = 200, 40
NODES = 4
NODE_SIZE, CPUS, MEMORY = "0.5cpu-1gib", "0.5", "1g"
ENDS_WITHIN_S = 900
FINAL = ("Completed", "Failed", "Canceled")


def measure(studio: StudioProcess) -> list[Figure]:
    """On nodes that are processes, then on nodes that are containers."""
    with tempfile.TemporaryDirectory() as folder, workspace_of(studio) as workspace:
        shape = AmlCompute.provisioning_configuration(NODE_SIZE, max_nodes=NODES)
        ComputeTarget.create(workspace, "four", shape).wait_for_completion()
        lines = Path(folder) / "lines.txt"
        command = [sys.executable, str(SCRIPTS / SCRIPT)]
        bare = _bare(command, RUNS)
        times = _Times(studio)
        runs = times.until_all_ended(workspace, RUNS, str(lines), compute_target="four")
        said = [line.split() for line in lines.read_text().splitlines()]
        figures = _figures(
            "local", times, runs=runs, said=said, bare=bare, is_="xargs -P 4 of the script"
        )
    with boxes(NODE_SIZE, NODES) as there:
        return figures if there is None else [*figures, *_in_containers(there)]


def _in_containers(there: Boxes) -> list[Figure]:
    script = [there.python, str(SCRIPTS / SCRIPT)]
    bare = _bare(
        docker_run(there.image, SCRIPTS, script, cpus=CPUS, memory=MEMORY), RUNS_IN_CONTAINERS
    )
    times = _Times(there.studio)
    runs = times.until_all_ended(
        there.workspace,
        RUNS_IN_CONTAINERS,
        compute_target=CLUSTER,
        environment=there.environment,
    )
    client = there.workspace.client
    logs = [client.get(f"runs/{run['run_id']}/log", path=DRIVER_LOG)["text"] for run in runs]
    said = [line.split() for log in logs for line in log.splitlines()]
    return _figures(
        "docker", times, runs=runs, said=said, bare=bare, is_="xargs -P 4 of docker run"
    )


def _bare(command: list[str], count: int) -> float:
    """Seconds for `count` of the bare command, four at a time."""
    began = time.monotonic()
    words = ["xargs", "-P", str(NODES), "-I", "{}", *command]
    numbers = "\n".join(map(str, range(count)))
    subprocess.run(words, input=numbers, text=True, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


class _Times:
    """How long submitting and all of it took, and what the studio's programs used meanwhile."""

    def __init__(self, studio: StudioProcess):
        record = studio.record
        self._programs = {name: psutil.Process(who.pid) for name, who in record.children.items()}
        self.submits: list[float] = []
        self.took = 0.0
        self.cpu: dict[str, float] = {}

    def until_all_ended(
        self, workspace: Workspace, count: int, *arguments: str, **settings: Any
    ) -> list[dict[str, Any]]:
        """Submit them one after the other, wait for the last, and return all as the API says."""
        first = submit(workspace, SCRIPT, *arguments, **settings)  # the image, the first node
        first.wait_for_completion()
        if arguments:
            Path(arguments[0]).unlink()
        client, place = workspace.client, workspace.api("runs")
        like = client.get(f"runs/{first.id}")
        order = {key: like[key] for key in ("experiment", "script", "arguments", "snapshot")}
        order["cluster"] = like["cluster"]
        if like["environment"]["version"]:
            order["environment"] = like["environment"]
        before, began = self._used(), time.time()
        for _ in range(count):
            at = time.monotonic()
            client.post(place, order)
            self.submits.append(time.monotonic() - at)
        # The last is asked for by itself: lists of hundreds would cost what is measured here.
        last = client.get(place, experiment="benchmarks")["items"][0]["run_id"]
        while client.get(f"runs/{last}")["state"] not in FINAL or not _have_ended(workspace, count):
            if time.time() - began > ENDS_WITHIN_S:
                raise RuntimeError(f"not all of {count} runs ended in {ENDS_WITHIN_S} s")
            time.sleep(1.0)
        after = self._used()
        runs = [client.get(f"runs/{run['run_id']}") for run in _newest(workspace, count)]
        self.cpu = {name: after[name] - before[name] for name in after}
        self.took = max(_seconds(run["ended_at"]) for run in runs) - began
        return runs

    def _used(self) -> dict[str, float]:
        used = {}
        for name, process in self._programs.items():
            times = process.cpu_times()
            used[name] = times.user + times.system
            if name == "worker":  # it buries the tasks that it started
                used["drivers and scripts"] = times.children_user + times.children_system
        return used


def _newest(workspace: Workspace, count: int) -> list[dict[str, Any]]:
    found = workspace.client.items(workspace.api("runs"), experiment="benchmarks")
    return list(islice(found, count))


def _have_ended(workspace: Workspace, count: int) -> bool:
    return all(run["state"] in FINAL for run in _newest(workspace, count))


def _figures(
    kind: str,
    times: _Times,
    *,
    runs: list[dict[str, Any]],
    said: list[list[str]],
    bare: float,
    is_: str,
) -> list[Figure]:
    count = len(runs)
    lines = Counter(line[0] for line in said)
    names = {run["run_id"] for run in runs}
    lost, doubled = len(names - set(lines)), sum(n - 1 for n in lines.values())
    failed = sum(run["state"] != "Completed" for run in runs)
    if lost or doubled or failed or set(lines) - names:
        raise RuntimeError(f"{lost} runs lost, {doubled} doubled, {failed} not Completed")
    gaps = _gaps(runs, said)
    cpu = ", ".join(f"{name} {seconds / count * 1000:.0f}" for name, seconds in times.cpu.items())
    return [
        Figure(
            f"{count} runs of 1 s on {NODES} nodes, {kind}", 60 * count / times.took,
            60 * count / bare, "runs/min", is_, "",
            f"{times.took:.1f} s, bare {bare:.1f} s; none lost, none doubled; CPU in ms of a run:"
            f" {cpu}",
        ),
        Figure(
            f"end of a script → next on that node, {kind}",
            middle(gaps), bare / (count / NODES) - 1, "s", f"the mean of {is_}", "",
            f"p95 {percentile(gaps, 0.95):.2f} s",
        ),
        Figure(
            f"submit by the API, {kind}", middle(times.submits) * 1000, _row_ms(), "ms",
            "a row committed to SQLite", "", f"p95 {percentile(times.submits, 0.95) * 1000:.0f} ms",
        ),
    ]  # fmt: skip


def _row_ms() -> float:
    """Milliseconds to commit one row as the studio's database does, in the middle."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "bare.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE run (id INTEGER PRIMARY KEY, said TEXT)")
        took = []
        for number in range(200):
            began = time.perf_counter()
            database.execute("INSERT INTO run VALUES (?, ?)", (number, "submitted"))
            took.append(1000 * (time.perf_counter() - began))
        database.close()
    return middle(took)


def _gaps(runs: list[dict[str, Any]], said: list[list[str]]) -> list[float]:
    """Seconds between the end of a script and the start of the next on the same node."""
    nodes = {run["run_id"]: run["node_number"] for run in runs}
    spans: dict[int, list[tuple[float, float]]] = {}
    for run_id, began, ended in said:
        spans.setdefault(nodes[run_id], []).append((float(began), float(ended)))
    return [
        after[0] - before[1]
        for on_node in spans.values()
        for before, after in pairwise(sorted(on_node))
    ]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()

"""A run on two nodes: a driver on each, one run to the studio, nothing of either lost."""

import json
import os
import signal

import pytest

from tests.fixtures.pythons import pythons
from tests.sdk.driving import Driving, is_alive, until
from tests.sdk.fake_studio import FakeStudio
from tests.sdk.test_ranks import LOG, LOGS, TELLS

WRITES = (
    LOGS
    + """
import time
node = os.environ["NODE_RANK"]
os.makedirs("logs/node-1", exist_ok=True)
for name in ("same.txt", "node-1/same.txt"):
    with open("logs/" + name, "a") as log:
        log.write("".join("{} {}\\n".format(rank, number) for number in range(500)))
"""
)
WAITS = """
import os, sys, time
print("here", os.getpid(), flush=True)
while not os.path.exists("go") or os.environ["RANK"] != "3":
    time.sleep(0.01)
raise RuntimeError("no more")
"""


@pytest.fixture
def start_nodes(tmp_path):
    """Start a driver on each of two nodes with two processes; return them."""
    started = []

    def start(code, python=None, **job):
        studio = FakeStudio()
        studio.nodes = {f"task-{n}": {"node_rank": n, "node_number": n + 1} for n in range(2)}
        studio.code(train=code)
        master = {"host": "127.0.0.1", "port": 29512}
        studio.job.update(
            node_count=2, processes_per_node=2, distribution="PyTorch", master=master, **job
        )
        for task in studio.nodes:
            place = tmp_path / task
            one = Driving(place, *filter(None, [python]), studio=studio, task=task)
            started.append(one.start())
        return started

    yield start
    for one in started:
        one.end()


def wait_for_all(nodes):
    until(lambda: all(nodes[0].studio.text(LOG.format(rank)) for rank in range(4)))
    said = [nodes[0].studio.text(LOG.format(rank)) for rank in range(4)]
    return [int(line.split()[1]) for line in said]


def test_ranks_count_through_all_nodes(start_nodes):
    nodes = start_nodes(TELLS)
    assert [one.wait() for one in nodes] == [0, 0]
    studio = nodes[0].studio
    found = [json.loads(studio.text(LOG.format(rank))) for rank in range(4)]
    names = ("RANK", "LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "AZUREML_NODE_COUNT")
    assert [[one[name] for name in names] for one in found] == [
        ["0", "0", "0", "4", "2"], ["1", "1", "0", "4", "2"],
        ["2", "0", "1", "4", "2"], ["3", "1", "1", "4", "2"],
    ]  # fmt: skip
    assert "node 2 of cpu-cluster" in studio.text("azureml-logs/65_job_prep_1.txt")
    assert "ranks 2 to 3 of 4" in studio.text("azureml-logs/65_job_prep_1.txt")
    assert "rank 3 ended with exit code 0" in studio.text("azureml-logs/75_job_post_1.txt")
    assert {end["exit_code"] for end in studio.ends.values()} == {0}
    assert "azureml-logs/65_job_prep.txt" not in studio.logs


@pytest.mark.parametrize("python", [pythons()[0], pythons()[-1]])
def test_logs_and_points_of_both_nodes_arrive_whole_and_once(start_nodes, python):
    nodes = start_nodes(WRITES, python)
    assert [one.wait() for one in nodes] == [0, 0]
    studio = nodes[0].studio
    every = [(n, rank * 10000 + n) for rank in range(4) for n in range(2000)]
    assert sorted(studio.points["loss"]) == sorted(every)
    assert {writer.partition("/")[0] for writer in studio.writers} == {"task-0", "task-1"}
    for rank in range(4):
        assert studio.text(LOG.format(rank)).count("\n") == 2000
    for ranks, logs in (
        ((0, 1), ("logs/same.txt", "logs/node-0/node-1/same.txt")),
        ((2, 3), ("logs/node-1/same.txt", "logs/node-1/node-1/same.txt")),
    ):
        lines = sorted(f"{rank} {number}" for rank in ranks for number in range(500))
        assert [sorted(studio.text(log).splitlines()) for log in logs] == [lines, lines]
    assert sorted(studio.files) == [f"outputs/of-{rank}.txt" for rank in range(4)]


def test_a_rank_that_fails_ends_those_of_the_other_node(start_nodes):
    nodes = start_nodes(WAITS)
    pids = wait_for_all(nodes)
    (nodes[1].work / "code" / "go").touch()
    assert [one.wait() for one in nodes] == [0, 0]
    assert not [pid for pid in pids if is_alive(pid)]
    first, second = nodes[0].studio.ends["task-0"], nodes[0].studio.ends["task-1"]
    assert (second["exit_code"], second["rank"]) == (1, 3)
    assert second["error"]["message"] == "rank 3: RuntimeError: no more"
    assert (first["canceled"], first["told"], first["signal"]) == (True, "studio", 15)
    said = nodes[0].studio.text("azureml-logs/75_job_post_0.txt")
    assert "the studio had asked for the end" in said


def test_a_node_that_cannot_start_says_which_it_is(start_nodes):
    nodes = start_nodes("print()", outputs=[["../evil", "0" * 64, 1]])
    assert [one.wait() for one in nodes] == [0, 0]
    said = nodes[0].studio.ends["task-1"]
    assert said["canceled"] or said["error"]["message"].startswith("node 2: ")


def test_one_node_that_is_told_to_stop_ends_by_a_signal(start_nodes):
    nodes = start_nodes(WAITS)
    wait_for_all(nodes)
    os.kill(nodes[1].process.pid, signal.SIGTERM)
    assert [one.wait() for one in nodes] == [0, 0]
    ends = nodes[0].studio.ends
    assert (ends["task-1"]["canceled"], ends["task-1"]["told"]) == (True, "signal")
    assert (ends["task-0"]["canceled"], ends["task-0"]["told"]) == (True, "studio")

"""A node with several processes: each knows its rank, all are heard whole, and end together."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from trainyard._driver import variables
from trainyard._driver.part import Part

from tests.fixtures.pythons import pythons
from tests.sdk.driving import SDK, Driving, is_alive, until

TELLS = """
import json, os
names = "MASTER_ WORLD_ RANK LOCAL_ NODE_RANK OMPI_ AZ_ AZUREML_NODE_ GLOO_ NCCL_".split()
told = {n: v for n, v in os.environ.items() if any(n.startswith(name) for name in names)}
print(json.dumps(told))
"""
LOGS = """
import os, sys
from azureml.core import Run
rank = int(os.environ["RANK"])
run = Run.get_context()
for number in range(2000):
    run.log("loss", rank * 10000 + number, step=number)
    print("rank", rank, "line", number)
open("outputs/of-{}.txt".format(rank), "w").write(str(rank))
open("logs/own-{}.txt".format(rank), "w").write("own {}\\n".format(rank))
"""
# Rank 1 fails when all are there; the others would sleep on.
FAILS = """
import os, signal, sys, time
rank = int(os.environ["RANK"])
if {stubborn} and rank == 2:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("here-{{}}".format(rank), "w").write(str(os.getpid()))
while len([name for name in os.listdir(".") if name.startswith("here-")]) < 3:
    time.sleep(0.01)
print("here", os.getpid(), flush=True)
if rank == 1:
    {failing}
time.sleep(300)
"""
# Rank 1 lets its peers go before it is gone itself, as one does that ends its process group.
GOES_LAST = """
import atexit, os, time
def leave():
    open("left", "w").close()
    time.sleep(2)
if os.environ["RANK"] == "1":
    atexit.register(leave)
    raise ValueError("my mistake")
while not os.path.exists("left"):
    time.sleep(0.001)
raise RuntimeError("Connection closed by peer")
"""
LOG = "azureml-logs/70_driver_log_{}.txt"
POST = "azureml-logs/75_job_post.txt"


def three(driving, code, **more):
    driving.studio.code(train=code)
    more.setdefault("distribution", "PyTorch")
    master = {"host": "127.0.0.1", "port": 29511}
    driving.studio.job.update(processes_per_node=3, master=master, **more)


def told(driving, rank):
    return json.loads(driving.studio.text(LOG.format(rank)))


def pids_of(driving):
    return [int((driving.work / "code" / f"here-{rank}").read_text()) for rank in range(3)]


def test_each_process_knows_its_place(driving):
    three(driving, TELLS)
    assert driving.run() == 0, driving.said
    assert told(driving, 2) == {
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29511", "WORLD_SIZE": "3", "RANK": "2",
        "LOCAL_RANK": "2", "LOCAL_WORLD_SIZE": "3", "NODE_RANK": "0", "AZUREML_NODE_COUNT": "1",
        "GLOO_SOCKET_IFNAME": "lo",
    }  # fmt: skip
    assert [told(driving, rank)["RANK"] for rank in range(3)] == ["0", "1", "2"]
    assert "azureml-logs/70_driver_log.txt" not in driving.studio.logs
    said = driving.studio.text("azureml-logs/65_job_prep.txt")
    assert "ranks 0 to 2 of 3 by PyTorch; rank 0 is met at 127.0.0.1:29511" in said
    assert "starting: 3 processes of " in said
    assert "rank 2 ended with exit code 0 after" in driving.studio.text(POST)
    assert driving.studio.finished["rank"] is None


def test_programs_for_mpi_find_its_variables_too(driving):
    three(driving, TELLS, distribution="Mpi")
    assert driving.run() == 0, driving.said
    found = told(driving, 1)
    assert {name: found[name] for name in found if name.startswith(("OMPI", "AZ_"))} == {
        "OMPI_COMM_WORLD_SIZE": "3", "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "3",
        "OMPI_COMM_WORLD_LOCAL_RANK": "1", "OMPI_COMM_WORLD_NODE_RANK": "1",
        "AZ_BATCH_MASTER_NODE": "127.0.0.1:29511", "AZ_BATCHAI_MPI_MASTER_NODE": "127.0.0.1",
    }  # fmt: skip
    assert (found["RANK"], found["WORLD_SIZE"]) == ("1", "3")


def test_a_rank_is_ours_and_an_interface_the_users(driving):
    variables = {"GLOO_SOCKET_IFNAME": "eth7", "NCCL_SOCKET_IFNAME": "eth8", "RANK": "9"}
    three(driving, TELLS, variables=variables)
    driving.run()
    found = told(driving, 0)
    assert (found["GLOO_SOCKET_IFNAME"], found["NCCL_SOCKET_IFNAME"]) == ("eth7", "eth8")
    assert found["RANK"] == "0"


@pytest.mark.parametrize("job", [{}, {"processes_per_node": 1, "distribution": "", "master": None}])
def test_one_plain_process_hears_of_no_rank(driving, job):
    driving.studio.code(train=TELLS)
    driving.studio.job.update(job)
    assert driving.run() == 0
    assert driving.studio.text() == "{}\n"


def test_a_node_without_a_mark_says_none(driving):
    driving.studio.code(train="from azureml.core import Run\nRun.get_context().log('x', 1)")
    assert driving.run(TRAINYARD_TASK="") == 0
    assert list(driving.studio.ends) == [""]
    assert not [writer for writer in driving.studio.writers if "/" in writer]


def test_one_process_of_a_distribution_is_a_world_of_one(driving):
    driving.studio.code(train=TELLS)
    driving.studio.job.update(distribution="PyTorch", master=None)
    assert driving.run() == 0
    found = json.loads(driving.studio.text())
    assert (found["WORLD_SIZE"], found["RANK"], found["MASTER_ADDR"]) == ("1", "0", "127.0.0.1")
    assert int(found["MASTER_PORT"]) > 1023


@pytest.mark.parametrize("python", pythons())
def test_logs_metrics_and_files_of_all_ranks_arrive_whole_and_once(python, tmp_path):
    driving = Driving(tmp_path, python)
    try:
        three(driving, LOGS)
        assert driving.run() == 0, driving.said
        studio = driving.studio
        for rank in range(3):
            lines = "".join(f"rank {rank} line {number}\n" for number in range(2000))
            assert studio.text(LOG.format(rank)) == lines
            assert studio.text(f"logs/own-{rank}.txt") == f"own {rank}\n"
        every = [(n, rank * 10000 + n) for rank in range(3) for n in range(2000)]
        assert sorted(studio.points["loss"]) == sorted(every)
        assert sorted(studio.files) == [f"outputs/of-{rank}.txt" for rank in range(3)]
        assert all(writer.startswith("task-1/") for writer in studio.writers)
        assert studio.finished["exit_code"] == 0
    finally:
        driving.end()


def test_one_that_fails_ends_the_others_and_is_what_is_told(driving):
    three(driving, FAILS.format(stubborn=False, failing="raise ValueError('bad')"))
    assert driving.run() == 0, driving.said
    finished = driving.studio.finished
    assert (finished["exit_code"], finished["signal"], finished["rank"]) == (1, None, 1)
    assert (finished["canceled"], finished["told"]) == (False, "")
    assert abs(finished["failed_at"] - time.time()) < 30
    assert finished["error"]["type"] == "ValueError"
    assert finished["error"]["message"] == "rank 1: ValueError: bad"
    assert finished["error"]["traceback"].endswith("ValueError: bad")
    assert not [pid for pid in pids_of(driving) if is_alive(pid)]
    ends = driving.studio.text(POST).splitlines()
    assert "rank 1 ended with exit code 1 after" in ends[0]
    assert ends[0].endswith("; the others were ended")
    assert "rank 2 was ended by signal 15" in ends[2]


def test_the_one_to_blame_said_so_first_though_it_was_gone_last(driving):
    three(driving, GOES_LAST, cancel_grace_s=10)
    assert driving.run() == 0
    finished = driving.studio.finished
    assert (finished["exit_code"], finished["rank"]) == (1, 1)
    assert finished["error"]["message"] == "rank 1: ValueError: my mistake"


def test_one_that_was_going_when_another_node_failed_still_says_why(driving):
    code = GOES_LAST.replace('not os.path.exists("left")', "True")
    three(driving, code, cancel_grace_s=10)
    driving.start()
    until(lambda: "my mistake" in driving.studio.text(LOG.format(1)))
    driving.studio.cancel = True
    assert driving.wait() == 0
    finished = driving.studio.finished
    assert (finished["canceled"], finished["told"], finished["rank"]) == (False, "", 1)
    assert finished["error"]["message"] == "rank 1: ValueError: my mistake"


def test_the_studio_hears_of_a_failure_before_the_others_have_ended(driving):
    three(driving, FAILS.format(stubborn=True, failing="sys.exit(4)"), cancel_grace_s=600)
    driving.start()
    said = until(lambda: driving.studio.failed.get("task-1"))
    stubborn = pids_of(driving)[2]
    assert is_alive(stubborn)
    assert (said["rank"], said["exit_code"], said["signal"]) == (1, 4, None)
    os.kill(stubborn, signal.SIGKILL)  # by itself it would stay for the whole grace
    assert driving.wait() == 0
    assert driving.studio.finished["error"] == {
        "type": "ScriptFailed", "message": "rank 1 ended with exit code 4",
    }  # fmt: skip
    assert "rank 2 was ended by signal 9" in driving.studio.text(POST)


def test_the_other_nodes_need_not_wait_until_the_failed_one_has_brought_what_it_has(driving):
    driving.studio.code(train="import sys\nopen('outputs/a', 'w').write('a')\nsys.exit(4)")
    driving.studio.job.update(node_count=2, node_rank=1)
    driving.studio.takes_blobs = False
    driving.start()
    said = until(lambda: driving.studio.failed.get("task-1"))
    assert (said["rank"], said["exit_code"]) == (1, 4)
    assert driving.studio.ends == {}
    driving.studio.takes_blobs = True
    assert driving.wait() == 0
    assert driving.studio.finished["failed_at"] == pytest.approx(said["failed_at"], abs=0.1)
    assert list(driving.studio.files) == ["outputs/a"]
    assert "the others were ended" not in driving.studio.text("azureml-logs/75_job_post_1.txt")


def test_a_rank_that_is_killed_is_told_with_its_signal(driving):
    three(driving, FAILS.format(stubborn=False, failing="os.kill(os.getpid(), 9)"))
    assert driving.run() == 0
    finished = driving.studio.finished
    assert (finished["exit_code"], finished["signal"], finished["rank"]) == (None, 9, 1)
    assert finished["error"]["message"] == "rank 1 was ended by signal 9"


def test_one_that_is_done_early_ends_nobody(driving):
    three(driving, "import os, time\nif os.environ['RANK'] != '1':\n    time.sleep(1)\nprint('ok')")
    assert driving.run() == 0
    assert [driving.studio.text(LOG.format(rank)) for rank in range(3)] == ["ok\n"] * 3
    assert driving.studio.finished["exit_code"] == 0


@pytest.mark.parametrize("by", ["studio", "signal"])
def test_all_are_ended_when_that_is_asked(driving, by):
    child = "import subprocess\nsubprocess.Popen(['sleep', '300'], start_new_session=True)\n"
    three(driving, child + FAILS.format(stubborn=True, failing="pass"))
    driving.start()
    until(lambda: all(driving.studio.text(LOG.format(rank)) for rank in range(3)))
    if by == "studio":
        driving.studio.cancel = True
    else:
        os.kill(driving.process.pid, signal.SIGTERM)
    assert driving.wait() == 0
    finished = driving.studio.finished
    assert (finished["canceled"], finished["told"], finished["error"]) == (True, by, None)
    assert finished["rank"] is None
    assert not [pid for pid in pids_of(driving) if is_alive(pid)]
    assert "3 processes that they left behind were ended" in driving.studio.text(POST)


def test_ranks_die_with_a_driver_that_is_killed(driving):
    three(driving, FAILS.format(stubborn=True, failing="pass"))
    driving.start()
    until(lambda: all(driving.studio.text(LOG.format(rank)) for rank in range(3)))
    driving.process.kill()
    until(lambda: not [pid for pid in pids_of(driving) if is_alive(pid)])


# In a process of its own: all children of the one that starts ranks are taken for theirs.
STARTS = """
import os, subprocess, sys
from trainyard._driver.bell import Bell
from trainyard._driver import variables
from trainyard._driver.part import Part
from trainyard._driver.ranks import Ranks
place = lambda log: "/nowhere/log" if log.endswith("_2.txt") else os.devnull
ranks = Ranks(Part({"processes_per_node": 3}), Bell(), place)
try:
    ranks.start(["sleep", "300"], "/", dict(os.environ))
except OSError as error:
    print([one.signal for one in ranks], error.filename)
"""


def test_when_one_cannot_be_started_none_is_left():
    environ = {**os.environ, "PYTHONPATH": os.fspath(SDK)}
    said = subprocess.run(
        [sys.executable, "-c", STARTS], env=environ, capture_output=True, text=True, check=True
    ).stdout
    assert said in ("[15, 15] /nowhere/log\n", "[9, 9] /nowhere/log\n")


def test_no_two_nodes_write_one_log():
    parts = [Part({"node_rank": node, "node_count": 3}) for node in range(3)]
    names = ["a.txt", "node-1/a.txt", "node-0/a.txt", "node-2", "node-1/node-1/a.txt", "node-x/a"]
    logs = [part.own_log(name) for part in parts for name in names]
    logs += [log for part in parts for log in (part.preparation, part.end, part.log(part.first))]
    assert len(set(logs)) == len(logs)
    assert parts[0].own_log("a.txt") == "logs/a.txt"
    assert parts[2].own_log("a.txt") == "logs/node-2/a.txt"
    assert Part({"processes_per_node": 2}).own_log("node-1/a.txt") == "logs/node-1/a.txt"


def test_each_worker_of_tensorflow_is_told_where_all_of_them_are():
    job = {
        "distribution": "TensorFlow", "node_rank": 1, "node_count": 2, "processes_per_node": 2,
        "master": {"host": "node-0", "port": 29500}, "hosts": ["node-0", "node-1"],
    }  # fmt: skip
    told = variables.of_rank({"TF_CONFIG": "{}"}, Part(job), 1)
    assert json.loads(told["TF_CONFIG"]) == {
        "cluster": {
            "worker": ["node-0:29500", "node-0:29501", "node-1:29502", "node-1:29503"],
        },
        "task": {"type": "worker", "index": 3},
        "environment": "cloud",
    }
    assert "TF_CONFIG" not in variables.of_rank({}, Part(dict(job, distribution="Mpi")), 1)


def test_a_parameter_server_is_told_where_all_are_and_has_no_rank():
    job = {
        "distribution": "TensorFlow", "processes_per_node": 1, "parameter_servers": 1,
        "master": {"host": "127.0.0.1", "port": 4000},
    }  # fmt: skip
    part = Part(job)
    told = variables.of_server({"A": "1"}, part, 0)
    assert json.loads(told.pop("TF_CONFIG")) == {
        "cluster": {"worker": ["127.0.0.1:4000"], "ps": ["127.0.0.1:4001"]},
        "task": {"type": "ps", "index": 0},
        "environment": "cloud",
    }
    assert told == {"A": "1"}
    assert [part.log(number)[-6:] for number in part.numbers] == ["_0.txt", "_1.txt"]
    assert part.called(1) == "parameter server 0"

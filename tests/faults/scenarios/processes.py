"""The processes of one run are killed or stopped; other runs are not touched."""

import signal
from collections.abc import Callable

import psutil

from tests.faults.watching import (
    CHECKPOINT,
    WAITED_S,
    Desk,
    Outcome,
    Watched,
    driver_of,
    processes_of,
    script_of,
    stopwatch,
)  # fmt: skip
from tests.fixtures.waiting import until

# Goes on from its checkpoint: what is made before the node is lost is not made again.
CONTINUES = """
import os, sys, time
from azureml.core import Run
place = os.path.join(os.environ["TRAINYARD_WORK"], sys.argv[1])
ledger = open(place, "a", buffering=1)
print("begin", os.getpid(), file=ledger)
run = Run.get_context()
is_first = not os.path.exists("outputs/checkpoint.txt")
first = 0 if is_first else int(open("outputs/checkpoint.txt").read())
for number in range(first, first + 10):
    run.log("number", number)
    print("line", number, flush=True)
    print(number, file=ledger)
with open("outputs/checkpoint.txt", "w") as file:
    file.write(str(number + 1))
while is_first or not os.path.exists(place + ".end"):
    time.sleep(0.1)
"""
IGNORES = """
import os, signal, subprocess, sys, time
open(sys.argv[1], "a").write("begin\\n")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time, signal;"
                  "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
open("outputs/kept.txt", "w").write("kept")
open(sys.argv[1], "a").write("ready\\n")
time.sleep(600)
"""
# What one process of two, on two nodes, does when it is the one that fails; and the other.
FAILS = """
import os, sys, time
open(sys.argv[1], "a").write("begin\\n")
rank = int(os.environ["RANK"])
open("outputs/rank-%d.txt" % rank, "w").write("of rank %d" % rank)
print("rank", rank, flush=True)
while rank == 0 or not os.path.exists(sys.argv[1] + ".end"):
    time.sleep(0.05)
sys.exit(7)
"""


def nothing_is_left(watched: Watched) -> None:
    until(lambda: not processes_of(watched.run.id), WAITED_S, "no process is left")


def _killed(desk: Desk, who: str, find: Callable[[str], psutil.Process]) -> Outcome:
    watched = desk.submit().with_checkpoint()
    since = stopwatch()
    find(watched.run.id).kill()
    watched.until("Failed")
    noticed = since()
    nothing_is_left(watched)
    return watched.outcome(f"kill -9 of the {who}", noticed)


def killed_script(desk: Desk) -> Outcome:
    return _killed(desk, "script", script_of)


def killed_driver(desk: Desk) -> Outcome:
    return _killed(desk, "driver", driver_of)


def killed_all(desk: Desk) -> Outcome:
    """As when its machine's memory is gone, or an operator has tidied up."""
    watched = desk.submit().with_checkpoint()
    processes = processes_of(watched.run.id)
    since = stopwatch()
    for process in processes:
        process.suspend()  # or those that are left say how the first one ended
    for process in processes:
        process.kill()
    watched.until("Failed")
    return watched.outcome("kill -9 of all processes of the run", since())


def stopped_driver(desk: Desk) -> Outcome:
    watched = desk.submit().with_checkpoint()
    driver = driver_of(watched.run.id)
    since = stopwatch()
    driver.send_signal(signal.SIGSTOP)
    watched.until("NotResponding")
    noticed, words = since(), watched.words
    driver.send_signal(signal.SIGCONT)
    watched.until("Running")
    watched.end()
    watched.until("Completed")
    return watched.outcome("driver stopped (SIGSTOP), later SIGCONT", noticed, words)


def canceled_while_stopped(desk: Desk) -> Outcome:
    """The driver cannot do it: the grace is over, then it is killed with its script."""
    watched = desk.submit().with_checkpoint()
    driver_of(watched.run.id).send_signal(signal.SIGSTOP)
    since = stopwatch()
    watched.run.cancel()
    watched.until("Canceled")
    noticed = since()
    nothing_is_left(watched)
    return watched.outcome("canceled while its driver is stopped", noticed)


def canceled_against_its_will(desk: Desk) -> Outcome:
    """A script and a child that ignore SIGTERM."""
    watched = desk.submit(IGNORES)
    watched.until("Running")
    until(lambda: len(processes_of(watched.run.id)) >= 4, WAITED_S, "all four processes run")
    until(lambda: "ready" in watched.noted, WAITED_S, "the script ignores what it is told")
    since = stopwatch()
    watched.run.cancel()
    watched.until("Canceled")
    noticed = since()
    nothing_is_left(watched)
    return watched.outcome("canceled; the script ignores SIGTERM", noticed)


def lost_node(desk: Desk) -> Outcome:
    """With max_retries: started again, with its outputs; it goes on from its checkpoint."""
    watched = desk.submit(CONTINUES, max_retries=1)
    watched.until("Running")
    until(lambda: CHECKPOINT in watched.run.get_file_names(), WAITED_S, "a checkpoint")
    until(lambda: len(watched.points) == 10, WAITED_S, "ten points")
    since = stopwatch()
    driver_of(watched.run.id).kill()
    until(lambda: watched.why_again, WAITED_S, "it is started again")
    noticed = since()
    watched.end()
    watched.until("Completed")
    return watched.outcome("node lost, max_retries=1", noticed, watched.why_again)


def failing_rank(desk: Desk) -> Outcome:
    """The second of two nodes fails: the first is told to go, and the run says which and why."""
    watched = desk.submit(FAILS, node_count=2, distribution="PyTorch")
    until(lambda: watched.state == "Running" and watched.starts == 2, WAITED_S, "both ranks run")
    since = stopwatch()
    watched.end()
    watched.until("Failed")
    noticed = since()
    nothing_is_left(watched)
    return watched.outcome("one rank of two nodes fails", noticed)


# Those that may happen at the same time in one studio.
ALL = [
    killed_script, killed_driver, killed_all, stopped_driver, canceled_while_stopped,
    canceled_against_its_will, lost_node, failing_rank,
]  # fmt: skip

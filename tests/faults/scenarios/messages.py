"""Messages of the queue are lost, and delivered more often than sent; workers race for one run.

In a studio whose grace is short (SETTINGS), so that what supervise sends again comes soon.
"""

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from tests.faults.scenarios.studio import ONE_NODE, pause
from tests.faults.watching import WAITED_S, Desk, Outcome, stopwatch
from tests.fixtures.studio_process import ROOT
from tests.fixtures.waiting import until

SETTINGS = {"STUDIO_CANCEL_GRACE_SECONDS": "2"}
LAUNCH = "from runs.actors import launch; [launch.send({pk}) for _ in range({times})]"
# Every message that there is, three times each, again and again until it is told to end.
STORM = """
import os, time
from compute.actors import build_image
from compute.models import ImageBuild
from runs import actors
from runs.models import Run
print("begun", flush=True)
while not os.path.exists({mark!r}):
    runs = list(Run.objects.order_by("-pk").values_list("pk", flat=True)[:4])
    builds = list(ImageBuild.objects.values_list("pk", flat=True))
    for _ in range(3):
        for pk in runs:
            for actor in (actors.launch, actors.stop, actors.clean):
                actor.send(pk)
        for pk in builds:
            actors.go_on.send(pk)
            build_image.send(pk)
        actors.make_room.send()
    time.sleep(0.5)
"""
FAILS = """
import os, sys
open(sys.argv[1], "a").write(f"begin {os.getpid()}\\n")
sys.exit(3)
"""


@contextlib.contextmanager
def second_worker(desk: Desk) -> Iterator[subprocess.Popen[bytes]]:
    log = desk.folder / "second-worker.log"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=ROOT, env=desk.studio.environ, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        until(lambda: b"working on" in log.read_bytes(), WAITED_S, "the second worker works")
        yield worker
    finally:
        worker.terminate()
        worker.wait(WAITED_S)


def raced(desk: Desk) -> Outcome:
    """Two workers find twenty messages to launch one run."""
    with second_worker(desk) as second:
        go_on = pause(desk, "worker", "supervise")
        second.send_signal(signal.SIGSTOP)
        watched = desk.submit()
        pk = desk.studio.manage(
            "shell", "-v", "0", "-c",
            f"from runs.models import Run; print(Run.objects.get(run_id={watched.run.id!r}).pk)",
        )  # fmt: skip
        desk.studio.manage("shell", "-v", "0", "-c", LAUNCH.format(pk=int(pk), times=20))
        since = stopwatch()
        go_on()
        second.send_signal(signal.SIGCONT)
        watched.under_way()
        noticed = since()
        watched.end()
        watched.until("Completed")
    assert watched.all_words.count("Starting:") == 1, watched.all_words
    return watched.outcome("two workers race for one run, 20 messages", noticed)


def repeated(desk: Desk) -> list[Outcome]:
    """Every message is sent again and again while runs go through all of their states."""
    mark = desk.folder / "storm.end"
    command = ["shell", "-v", "0", "-c", STORM.format(mark=str(mark))]
    storm = subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=ROOT, env=desk.studio.environ, stdout=subprocess.PIPE,
    )  # fmt: skip
    with storm:
        assert storm.stdout is not None and storm.stdout.readline() == b"begun\n"
        since = stopwatch()
        done, canceled, failed = desk.submit(), desk.submit(), desk.submit(FAILS)
        done.under_way()
        canceled.under_way().run.cancel()
        canceled.until("Canceled")
        failed.until("Failed")
        done.end()
        done.until("Completed")
        noticed = since()
        mark.touch()
    assert storm.returncode == 0
    assert "exit code 3" in failed.words and failed.starts == 1
    assert canceled.starts == 1, "started twice"
    what = "every message sent again and again"
    return [done.outcome(what, noticed), canceled.outcome(what + ", then canceled", noticed)]


def valkey(desk: Desk) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(Path(desk.studio.home, "run", "valkey.sock")))


def lost(desk: Desk) -> list[Outcome]:
    """FLUSHALL takes the messages of a run that was submitted, canceled, or has just ended."""
    desk.cluster(ONE_NODE, 1)
    ending = desk.submit(cluster=ONE_NODE).under_way()
    waiting, canceled, deaf = desk.submit(cluster=ONE_NODE), desk.submit(), desk.submit()
    canceled.under_way()
    deaf.under_way()
    go_on = pause(desk, "worker")
    since = stopwatch()
    fresh = desk.submit()
    canceled.run.cancel()
    ending.end()
    ending.until("Completed")
    with contextlib.closing(valkey(desk)) as server:
        server.flushall()
    go_on()
    what = "messages lost (FLUSHALL): "
    waiting.until("Starting", "Running")
    found = [ending.outcome(what + "the run has ended, another waits for its node", since())]
    fresh.until("Starting", "Running")
    started = since()
    canceled.until("Canceled")
    found.append(canceled.outcome(what + "cancel asked", since()))
    for run in (fresh, waiting, deaf):
        run.end()
        run.until("Completed")
    return [*found, fresh.outcome(what + "submitted", started)]


def swept(desk: Desk) -> Outcome:
    """No message arrives at all for some seconds, whatever runs do meanwhile."""
    over = threading.Event()

    def sweep() -> None:
        with contextlib.closing(valkey(desk)) as server:
            while not over.wait(0.01):
                server.flushall()

    running = desk.submit().under_way()
    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        fresh, canceled = desk.submit(), desk.submit()
        running.end()
        running.until("Completed")
        time.sleep(1)
        canceled.run.cancel()
        time.sleep(5)
    finally:
        over.set()
        sweeper.join()
    since = stopwatch()
    fresh.under_way()
    noticed = since()
    fresh.end()
    fresh.until("Completed")
    canceled.until("Canceled")
    return fresh.outcome("no message arrives for 6 s", noticed)

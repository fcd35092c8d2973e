"""Runs in containers: what is done to them, and to their engine, behind the studio's back."""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docker.models.containers import Container
from trainyard._errors import Conflict

from tests.faults.scenarios.processes import CONTINUES
from tests.faults.watching import (
    COUNTS,
    WAITED_S,
    Desk,
    Outcome,
    Watched,
    stopwatch,
)  # fmt: skip
from tests.fixtures.own_engine import BASE, OwnEngine
from tests.fixtures.studio_process import StudioProcess
from tests.fixtures.waiting import until

BOXES = "boxes"
SIZE = "0.5cpu-0.5gib"
TAKES_ALL = """
import os, sys, time
from azureml.core import Run
place = os.path.join(os.environ["TRAINYARD_WORK"], sys.argv[1])
ledger = open(place, "a", buffering=1)
print("begin", file=ledger)
while not os.path.exists(place + ".end"):
    time.sleep(0.02)
Run.get_context().log("number", 0)
print("line", 0, flush=True)
print(0, file=ledger)
taken = bytearray(2**30)
print("took it", len(taken))
"""


@contextlib.contextmanager
def studio_of(engine: OwnEngine) -> Iterator[StudioProcess]:
    """A studio whose containers are on an engine of its own."""
    studio = StudioProcess(STUDIO_DOCKER_URL=engine.url, STUDIO_DOCKER_BASE_IMAGE=BASE)
    try:
        yield studio.start()
    finally:
        studio.remove()


class Boxes(Desk):
    """A desk whose runs are in containers of `engine`."""

    def __init__(self, studio: StudioProcess, folder: Path, engine: OwnEngine):
        super().__init__(studio, folder)
        self.engine = engine
        with contextlib.suppress(Conflict):
            self.cluster(BOXES, 4, size=SIZE, backend="docker", has_network=False)

    def beside(self) -> "Boxes":
        return Boxes(self.studio, self.own_folder(), self.engine)

    def box(self, script: str = COUNTS, **more: Any) -> Watched:
        """Submit a script and return its run once its ledger, in its task's folder, is there."""
        watched = self.submit(script, cluster=BOXES, inside=True, **more)
        self.follow(watched)
        return watched

    def follow(self, watched: Watched) -> None:
        """Find the folder of the container that a run has now."""
        # The first of them waits for its image.
        watched.until("Running", "Finalizing", within_s=300)
        found = until(lambda: self.container(watched), WAITED_S, "its container is there")
        watched.ledger = Path(found.attrs["Config"]["WorkingDir"], "ledger")
        until(watched.ledger.exists, WAITED_S, "its script has begun")
        watched.follow()

    def container(self, watched: Watched) -> Container | None:
        mark = f"AZUREML_RUN_ID={watched.run.id}"
        with contextlib.closing(self.engine.client()) as client:
            running = client.containers.list()
            return next((one for one in running if mark in one.attrs["Config"]["Env"]), None)


def removed(boxes: Boxes) -> Outcome:
    """docker rm -f"""
    watched = boxes.box().with_checkpoint()
    since = stopwatch()
    with contextlib.closing(boxes.engine.client()) as client:
        client.api.remove_container(boxes.container(watched).id, force=True)
    watched.until("Failed")
    return watched.outcome("container removed (docker rm -f)", since())


def out_of_memory(boxes: Boxes) -> Outcome:
    watched = boxes.box(TAKES_ALL)
    since = stopwatch()
    watched.end()
    watched.until("Failed")
    return watched.outcome("out of memory", since())


def goes_on(boxes: Boxes) -> list[Outcome]:
    """One run, through a SIGTERM to the studio and a kill -9 of the engine, which keeps it."""
    watched = boxes.box().with_checkpoint()
    studio, engine = boxes.studio, boxes.engine
    studio.stop(signal.SIGTERM)
    studio.start()
    since = stopwatch()
    there = int(watched.noted[-1])
    until(lambda: watched.points[-1] >= there, WAITED_S, "its points come again")
    seen = {"SIGTERM to the studio, run in a container": since()}
    engine.kill()
    time.sleep(3)  # the studio looks every second
    assert watched.state == "Running", "it still reports"
    since = stopwatch()
    engine.start("--live-restore")
    seen["kill -9 of the Docker engine, started with --live-restore"] = since()
    watched.end()
    watched.until("Completed")
    engine.stop()
    engine.start()  # as it was
    return [watched.outcome(what, seconds) for what, seconds in seen.items()]


def engine_stopped(boxes: Boxes) -> list[Outcome]:
    """The engine takes its containers along; one of the runs is to be started again."""
    ended = boxes.box().with_checkpoint()
    again = boxes.box(CONTINUES, max_retries=1).with_checkpoint()
    until(lambda: len(again.points) == 10, WAITED_S, "ten points")
    since = stopwatch()
    boxes.engine.stop()
    ended.until("Failed")
    found = [ended.outcome("Docker engine stopped", since())]
    words = until(lambda: again.why_again, WAITED_S, "it is to start again")
    noticed = since()
    fresh = boxes.submit(cluster=BOXES, inside=True)
    until(lambda: "does not answer" in fresh.waits_for, WAITED_S, "it says why it waits")
    boxes.engine.start()
    for watched in (again, fresh):
        boxes.follow(watched)
        watched.end()
        watched.until("Completed")
    found.append(again.outcome("Docker engine stopped and started, max_retries=1", noticed, words))
    return [*found, fresh.outcome("submitted while the Docker engine is stopped", noticed)]

"""Runs that are watched from outside while things are taken away from them.

A script notes in a ledger, outside of what its run keeps, each time that it was started and each
line and point that it has made. What the studio has in the end is compared with that.
"""

import contextlib
import os
import time
from collections.abc import Callable, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import IO, Any

import psutil
from trainyard import Environment, Experiment, Run, ScriptRunConfig, Workspace, _snapshot
from trainyard._errors import Conflict

from tests.fixtures.studio_process import StudioProcess
from tests.fixtures.waiting import until

LOG = "azureml-logs/70_driver_log.txt"
FINAL = ("Completed", "Failed", "Canceled")
# The target, which benchmarks hold it to; what is not noticed on a machine that is busy with
# tests as well, but later than SOON_S, is no longer a matter of that.
NOTICED_WITHIN_S, SOON_S = 10, 40
WAITED_S = 120  # so long a scenario waits: what took longer than it may is measured, too
FIRST = 5  # points, after which a run is taken to be well under way
# Counts until it is told to end (a file beside its ledger). A checkpoint is written early, and is
# whole; each number is in the ledger only after it was logged and printed.
COUNTS = """
import os, sys, time
from azureml.core import Run
place = os.path.join(os.environ["TRAINYARD_WORK"], sys.argv[1])
ledger = open(place, "a", buffering=1)
print("begin", os.getpid(), file=ledger)
os.makedirs("outputs", exist_ok=True)
with open("outputs/checkpoint.txt", "w") as file:
    file.write("a checkpoint")
run, number = Run.get_context(), 0
while not os.path.exists(place + ".end"):
    run.log("number", number)
    print("line", number, flush=True)
    print(number, file=ledger)
    number += 1
    time.sleep(0.05)
with open("outputs/end.txt", "w") as file:
    file.write("done")
"""
NODES = "faults"  # the cluster that is used where none is named
CHECKPOINT, END = "outputs/checkpoint.txt", "outputs/end.txt"


@dataclass(frozen=True)
class Outcome:
    """What became of a run after something was broken: what the fault table shows.

    noticed_s: from the break until the studio showed it, or had what was broken back.
    log_bytes_lost, points_lost: of those that the script had made; doubled ones count as well.
    starts: how often the script was started.
    """

    broken: str
    state: str
    words: str
    noticed_s: float
    log_bytes_lost: int
    points_lost: int
    files: tuple[str, ...]
    starts: int


class Watched:
    """A run and its ledger."""

    def __init__(self, run: Run, ledger: Path, folder: Path):
        self.run = run
        self.ledger = ledger
        self._folder = folder
        self._opened: list[IO[str]] = []

    # --- what the studio says ---------------------------------------------------------
    @property
    def state(self) -> str:
        return str(self.run.get_status())

    @property
    def words(self) -> str:
        """What its newest event says."""
        return str(self.run.get_events()[-1]["text"])

    @property
    def why_again(self) -> str:
        """What the event says by which it was put back to be started again; "" before that."""
        return next((line for line in self.all_words.splitlines() if "started again" in line), "")

    @property
    def all_words(self) -> str:
        """What all of its events say, one a line."""
        return "\n".join(f"{event['state']}: {event['text']}" for event in self.run.get_events())

    @property
    def waits_for(self) -> str:
        facts = self.run.experiment.workspace.client.get(f"runs/{self.run.id}")
        return str(facts["waits_for"])

    @property
    def points(self) -> list[float]:
        found = self.run.get_metrics().get("number", [])
        return found if isinstance(found, list) else [found]

    def text(self, path: str = LOG) -> str:
        """A log of the run; nothing where there is none."""
        place = self._folder / f"{self.run.id}.{path.rpartition('/')[2]}"
        if path not in self.run.get_file_names():
            return ""
        self.run.download_file(path, os.fspath(place))
        return place.read_text(encoding="utf-8")

    def until(self, *states: str, within_s: float = WAITED_S) -> str:
        """Wait until it is in one of `states`, and return which. Raises when it ended otherwise."""
        deadline = time.monotonic() + within_s
        while (state := self.state) not in states:
            over = state in FINAL or time.monotonic() > deadline
            assert not over, f"{' or '.join(states)} awaited, but:\n{self.all_words}"
            time.sleep(0.03)
        return state

    def under_way(self) -> "Watched":
        """Wait until some of its points are in the studio."""
        self.until("Running")
        until(lambda: len(self.points) >= FIRST, WAITED_S, "the script logs")
        return self

    def with_checkpoint(self) -> "Watched":
        """Wait until its checkpoint is in the studio too: files come when they are still."""
        self.under_way()
        until(lambda: CHECKPOINT in self.run.get_file_names(), WAITED_S, "its checkpoint is kept")
        return self

    # --- what the script says ---------------------------------------------------------
    def follow(self) -> None:
        """Open a ledger in a task's own folder, which is removed after the end of the task."""
        self._opened.append(self.ledger.open(encoding="utf-8"))

    def close(self) -> None:
        for file in self._opened:
            file.close()

    @property
    def noted(self) -> list[str]:
        if not self._opened:
            there = self.ledger.exists()  # its script may never have begun
            return self.ledger.read_text(encoding="utf-8").splitlines() if there else []
        for file in self._opened:
            file.seek(0)
        return [line for file in self._opened for line in file.read().splitlines()]

    @property
    def starts(self) -> int:
        return sum(line.startswith("begin") for line in self.noted)

    def end(self) -> None:
        """Tell the script to end by itself."""
        Path(f"{self.ledger}.end").touch()

    # --- what became of it ---------------------------------------------------------
    def outcome(self, broken: str, noticed_s: float, words: str = "") -> Outcome:
        """Compare what the studio has with what the script has made, as it is in its ledger."""
        made = sum(line.isdigit() for line in self.noted)
        return Outcome(
            broken=broken,
            state=self.state,
            words=words or self.words,
            noticed_s=noticed_s,
            log_bytes_lost=_wrong(
                lambda n: "".join(f"line {i}\n" for i in range(n)), made, self.text()
            ),
            points_lost=_wrong(lambda n: list(map(float, range(n))), made, self.points),
            files=tuple(n for n in self.run.get_file_names() if n.startswith("outputs/")),
            starts=self.starts,
        )


def _lines(count: int) -> str:
    return "".join(f"line {number}\n" for number in range(count))


def _wrong(first: Callable[[int], Sized], made: int, kept: Any) -> int:
    """How much of the `made` first things is missing in `kept`, and how much is there that is not.

    The script may have been ended between a thing and its note: more of the same is not wrong.
    """
    whole: Any = first(made + len(kept))
    same = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(whole, kept, strict=False))
    )
    return max(0, len(first(made)) - same) + len(kept) - same


class Desk:
    """A studio to submit scripts to, and a folder for their ledgers."""

    def __init__(self, studio: StudioProcess, folder: Path):
        self.studio = studio
        self.folder = folder
        self.workspace = Workspace.from_config(os.fspath(studio.config_folder))
        self.client = self.workspace.client
        self._numbers = count()
        self._watched: list[Watched] = []
        with contextlib.suppress(Conflict):  # another desk was here before
            self.cluster(NODES, 12)

    def close(self) -> None:
        self.client.close()
        for watched in self._watched:
            watched.close()

    def beside(self) -> "Desk":
        """Another one of the same studio, for another thread."""
        return Desk(self.studio, self.own_folder())

    def own_folder(self) -> Path:
        folder = self.folder / f"desk-{next(self._numbers)}"
        folder.mkdir()
        return folder

    def cluster(self, name: str, nodes: int, size: str = "0.1cpu-0.1gib", **more: Any) -> str:
        """Make a cluster of small nodes, so that many runs have room on this machine."""
        wanted = {"backend": "local", **more, "name": name, "node_size": size, "max_nodes": nodes}
        self.client.post(self.workspace.api("clusters"), wanted)
        return name

    def submit(
        self,
        script: str = COUNTS,
        *,
        cluster: str = NODES,
        inside: bool = False,
        environment: Environment | None = None,
        **more: Any,
    ) -> Watched:
        """Submit a script with its ledger as first argument; `more` is added to the order.

        inside: the ledger lies in the task's folder, for a script in a container; follow() it.
        """  # fmt: skip
        code = self.folder / f"code-{next(self._numbers)}"
        code.mkdir()
        (code / "train.py").write_text(script, encoding="utf-8")
        ledger = code.with_name(f"{code.name}.ledger")
        given = "ledger" if inside else os.fspath(ledger)
        config = ScriptRunConfig(
            os.fspath(code), "train.py", arguments=[given], compute_target=cluster,
            environment=environment,
        )  # fmt: skip
        order = {**config.order(), "experiment": "faults", **more}
        order["snapshot"] = _snapshot.take(self.client, self.workspace.name, code)
        answer = self.client.post(self.workspace.api("runs"), order, repeatable=False)
        run = Run(Experiment(self.workspace, "faults"), answer["run_id"], _answer=answer)
        self._watched.append(Watched(run, ledger, self.folder))
        return self._watched[-1]


Played = dict[str, Future[Outcome]]


def all_at_once(desk: Any, scenarios: Sequence[Callable[[Any], Outcome]]) -> Played:
    """Let scenarios that break only their own run happen at the same time, each with a desk."""

    def play(scenario: Callable[[Any], Outcome]) -> Outcome:
        own = desk.beside()
        try:
            return scenario(own)
        finally:
            own.close()

    with ThreadPoolExecutor(len(scenarios)) as pool:
        return {scenario.__name__: pool.submit(play, scenario) for scenario in scenarios}


def processes_of(run_id: str) -> list[psutil.Process]:
    """Every process that carries the run's id in its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            is_ours = process.environ().get("AZUREML_RUN_ID") == run_id
            if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # it ended while it was looked at
    return found


def words_of(process: psutil.Process) -> list[str]:
    """Its command line; nothing of one that has ended meanwhile."""
    try:
        return list(process.cmdline())
    except (psutil.Error, OSError):
        return []


def scripts_of(run_id: str) -> list[psutil.Process]:
    return [one for one in processes_of(run_id) if "train.py" in words_of(one)]


def script_of(run_id: str) -> psutil.Process:
    return scripts_of(run_id)[0]


def driver_of(run_id: str) -> psutil.Process:
    program = ["-m", "trainyard.driver"]  # the shell that leads the task names it too
    return next(p for p in processes_of(run_id) if words_of(p)[1:] == program)


def stopwatch() -> Callable[[], float]:
    """Start one; each call says the seconds since then."""
    began = time.monotonic()
    return lambda: time.monotonic() - began

"""What happens when things break: the scenarios of tests/faults, in one table (docs/faults.md)."""

import contextlib
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from tests.faults.scenarios import cancels, containers, disks, messages, processes, studio
from tests.faults.watching import NOTICED_WITHIN_S, Desk, Outcome, all_at_once
from tests.fixtures.own_engine import OwnEngine
from tests.fixtures.studio_process import StudioProcess

AWAY_S = 30
HEAD = ("what was broken", "ends as", "noticed", "log bytes lost", "points lost", "files", "starts")


def measure(running: StudioProcess) -> list[Figure]:
    """Break everything once; print the table. The figure is the slowest to be noticed."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = list(_outcomes(running, Path(folder)))
    print(table(outcomes), flush=True)
    # A cancel waits for the grace that the script has: that is no time to notice.
    noticed = [outcome for outcome in outcomes if outcome.state != "Canceled"]
    slowest = max(noticed, key=lambda outcome: outcome.noticed_s)
    lost = sum(outcome.log_bytes_lost + outcome.points_lost for outcome in outcomes)
    return [
        Figure(
            "a fault noticed, slowest", slowest.noticed_s, NOTICED_WITHIN_S, "s", "the target",
            f"≤ {NOTICED_WITHIN_S} s", f"{slowest.broken}; {lost} log bytes and points lost in all",
        )
    ]  # fmt: skip


def _outcomes(running: StudioProcess, folder: Path) -> Iterator[Outcome]:
    desk = Desk(running, _made(folder / "desk"))
    for found in all_at_once(desk, processes.ALL).values():
        yield from _of(found.result)
    yield from _of(lambda: studio.broken_one_by_one(desk))
    yield from _of(lambda: studio.away_for(desk, AWAY_S))
    desk.close()
    yield from _impatient(folder)
    if os.geteuid() == 0:
        yield from _with_small_disks(folder)
        yield from _in_containers(folder)


def _of(play: Callable[[], Any]) -> list[Outcome]:
    """What a scenario yields; one that fails is said, and the others go on."""
    try:
        found = play()
    except Exception:
        traceback.print_exc()
        return []
    return found if isinstance(found, list) else [found]


def _impatient(folder: Path) -> Iterator[Outcome]:
    shelf = _made(folder / "shelf")
    cancels.make_slow(shelf)
    packages = {"STUDIO_FIND_LINKS": str(shelf), "STUDIO_UV_CACHE": str(shelf / "cache")}
    own = StudioProcess(**cancels.SETTINGS, **packages)
    with contextlib.closing(_Removed(own)):
        desk = Desk(own.start(), _made(folder / "impatient"))
        yield from _of(lambda: cancels.not_started(desk))
        for found in all_at_once(desk, cancels.ALL).values():
            yield from _of(found.result)
        for scenario in (messages.raced, messages.repeated, messages.lost, messages.swept):
            yield from _of(lambda scenario=scenario: scenario(desk))
        desk.close()


def _with_small_disks(folder: Path) -> Iterator[Outcome]:
    own = StudioProcess()
    with contextlib.closing(_Removed(own)), disks.small_disks(own):
        desk = Desk(own, _made(folder / "small"))
        tasks = (disks.by_outputs, disks.by_printing, disks.before_its_start)
        for scenario in (*tasks, disks.of_the_studio):
            yield from _of(lambda scenario=scenario: scenario(desk))
        desk.close()


def _in_containers(folder: Path) -> Iterator[Outcome]:
    with contextlib.closing(OwnEngine()) as engine:
        engine.start().load()
        with containers.studio_of(engine) as own:
            boxes = containers.Boxes(own, _made(folder / "boxes"), engine)
            alone = [containers.removed, containers.out_of_memory]
            for found in all_at_once(boxes, alone).values():
                yield from _of(found.result)
            for scenario in (containers.goes_on, containers.engine_stopped):
                yield from _of(lambda scenario=scenario: scenario(boxes))
            boxes.close()


class _Removed:
    def __init__(self, own: StudioProcess):
        self.close = own.remove


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def table(outcomes: list[Outcome]) -> str:
    """A table in Markdown; below each fault, the words that people read."""
    rows = [HEAD, tuple("---" for _ in HEAD)]
    for one in outcomes:
        files = " ".join(name.removeprefix("outputs/") for name in one.files[:3])
        more = f" and {len(one.files) - 3} more" if len(one.files) > 3 else ""
        rows.append(
            (
                f"{one.broken}: “{one.words}”" if one.words else one.broken,
                one.state, f"{one.noticed_s:.1f} s", str(one.log_bytes_lost), str(one.points_lost),
                files + more, str(one.starts),
            )
        )  # fmt: skip
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)

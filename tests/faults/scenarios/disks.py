"""A disk runs full: the one of a run's task, and the one of the studio's own files.

Both are small file systems in memory (small_disks), which takes root.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from trainyard._errors import StudioError

from tests.faults.watching import WAITED_S, Desk, Outcome, scripts_of, stopwatch
from tests.fixtures.studio_process import StudioProcess
from tests.fixtures.waiting import until

HOME_MB, TASKS_MB = 192, 24
NO_SPACE = "disk is full"
# Whole files of a mebibyte until there is no room; what is whole is in the ledger.
SAVES = """
import os, sys
ledger = open(sys.argv[1], "a", buffering=1)
print("begin", os.getpid(), file=ledger)
os.makedirs("outputs", exist_ok=True)
for number in range(100):
    with open("outputs/%02d.bin" % number, "wb") as file:
        file.write(bytes([number]) * 2**20)
    print("whole", number, file=ledger)
"""
# Fills the disk and goes on as if nothing were; what it prints then has no room either.
FILLS = """
import os, sys, time
print("begin", os.getpid(), file=open(sys.argv[1], "a"))
print("line 0", flush=True)
try:
    with open("ballast", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
except OSError as error:
    pass
for number in range(1, 20000):
    print("line", number)
"""


@contextlib.contextmanager
def small_disks(studio: StudioProcess) -> Iterator[StudioProcess]:
    """Put the studio's files on a disk of HOME_MB, the tasks' folders on one of TASKS_MB."""
    with contextlib.ExitStack() as stack:
        for place, size in ((studio.home, HOME_MB), (studio.home / "tasks", TASKS_MB)):
            place.mkdir(exist_ok=True)
            options = f"size={size}m,mode=700"
            command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
            subprocess.run(command, check=True, capture_output=True)
            stack.callback(subprocess.run, ["umount", "--lazy", str(place)], check=True)
        stack.callback(studio.end_tasks)
        stack.callback(studio.stop)
        yield studio.start()


def filled(place: Path) -> Path:
    """Fill the disk that a folder is on to its last byte; return the file that does."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    assert os.statvfs(place).f_bavail == 0
    return ballast


def _has_room(desk: Desk) -> None:
    tasks = desk.studio.home / "tasks"
    until(lambda: not any(tasks.iterdir()), WAITED_S, "the folder of the run before is gone")


def by_outputs(desk: Desk) -> Outcome:
    """The script writes more than its disk takes: what was whole is kept, and why it failed."""
    _has_room(desk)
    since = stopwatch()
    watched = desk.submit(SAVES)
    watched.until("Failed")
    noticed = since()
    whole = [f"outputs/{line.split()[1]:0>2}.bin" for line in watched.noted if "whole" in line]
    kept = watched.run.get_file_names()
    assert whole and set(whole) <= set(kept), (whole, kept)
    for path in (whole[0], whole[-1]):
        place = desk.folder / "file.bin"
        watched.run.download_file(path, os.fspath(place))
        assert place.read_bytes() == bytes([int(path[8:10])]) * 2**20
    return watched.outcome("disk of the task full: outputs", noticed)


def by_printing(desk: Desk) -> Outcome:
    """Not even what it prints has room: not its traceback, and nothing of its driver's."""
    _has_room(desk)
    since = stopwatch()
    watched = desk.submit(FILLS)
    watched.until("Failed", "Completed")
    assert watched.text().startswith("line 0\n")
    return watched.outcome("disk of the task full: what it prints", since())


def before_its_start(desk: Desk) -> Outcome:
    """There is no room to start a run: it waits, says for what, and starts when there is."""
    _has_room(desk)
    ballast = filled(desk.studio.home / "tasks")
    since = stopwatch()
    watched = desk.submit()
    watched.end()
    words = until(lambda: "is full" in watched.waits_for and watched.waits_for, WAITED_S, "why")
    noticed = since()
    ballast.unlink()
    watched.until("Completed")
    return watched.outcome("disk of the task full before it starts", noticed, words)


def of_the_studio(desk: Desk) -> Outcome:
    """Runs go on while nothing can be kept; when there is room, everything is brought."""
    _has_room(desk)
    watched = desk.submit().with_checkpoint()
    ballast = filled(desk.studio.home)
    since = stopwatch()
    said = until(lambda: _refusal(desk), WAITED_S, "who submits is told")
    noticed = since()
    before = watched.noted[-1]
    time.sleep(3)
    until(lambda: watched.noted[-1] != before, WAITED_S, "the script goes on")
    watched.end()  # it ends while nothing can be kept of its end either
    until(lambda: not scripts_of(watched.run.id), WAITED_S, "the script has ended")
    ballast.unlink()
    watched.until("Completed")
    return watched.outcome("disk of the studio full, later room again", noticed, said)


def _refusal(desk: Desk) -> str:
    """What a person is told who submits now."""
    try:
        desk.submit(f"# {os.urandom(2**16).hex()}\n")
    except StudioError as error:
        return str(error.message)
    return ""

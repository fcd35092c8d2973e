"""Tasks as processes on this machine, as the studio's own user.

A task is a session of its own, led by a small shell that outlives the worker which started it and
writes down how the program ended. Its processes are known by their session and by TRAINYARD_TASK
in their environment, so that even one that left the session is found. Exit codes above 128 are
read as signals, as every shell does; who was short of memory cannot be told here.
"""

import contextlib
import errno
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from compute import environ
from compute.backends import gpus
from compute.backends.base import Handle, NoCapacity, Refused
from compute.tasks import Sighting, Task

MARK = "TRAINYARD_TASK"
EXIT, HANDLE, OUTPUT, BEGUN = "exit", "task.json", "driver.err", "begun"
# The shell waits for a word before it begins: by then its handle is written down, so a worker that
# is killed in between never leaves a task that nobody knows. `trap :` keeps it alive on TERM until
# its program has ended, and the program still gets the signal's default action; the program runs
# in the foreground, for one in the background would ignore SIGINT; the rename makes the exit file
# whole or absent. It has its bytes from the start: the program may leave no room on the disk.
LAUNCHER = """
read -r word || exit 0
: > begun
echo 000 > exit.new
trap : TERM INT HUP
"$@" < /dev/null
printf '%03d\\n' $? 1<> exit.new && mv exit.new exit
"""
POLL_S = 0.02
HERE = "127.0.0.1"
KILL_WAIT_S = 5.0
TRIES_FOR_PORTS = 20


class Local:
    """The machine that the studio runs on."""

    def start(self, task: Task) -> Handle:
        folder = Path(task.folder)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (folder / "starting").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if handle := _begun(folder):
                    return handle
                return self._launch(task, folder)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOMEM):
                raise NoCapacity(f"the machine cannot start another process: {error}") from error
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                words = f"the disk of {folder.parent} is full; make room there"
                raise NoCapacity(words) from error
            raise Refused(f"the task could not be started: {error}") from error

    def _launch(self, task: Task, folder: Path) -> Handle:
        if not shutil.which(task.command[0]):
            raise Refused(f"there is no program {task.command[0]} on this machine")
        with (folder / OUTPUT).open("ab") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-c", LAUNCHER, "task", *task.command],
                cwd=folder,
                env=environ.for_tasks({**task.env, **_gpus(task), MARK: task.id}),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        handle = {
            "pid": process.pid,
            "started": psutil.Process(process.pid).create_time(),
            "task_id": task.id,
            "folder": str(folder),
        }
        new = folder / f"{HANDLE}.new"
        new.write_text(json.dumps(handle), encoding="utf-8")
        new.rename(folder / HANDLE)
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(b"go\n")
        _reap(process)
        return handle

    def find(self, task_id: str, folder: str) -> Handle | None:
        return _begun(Path(folder))

    def meeting_point(self, group: str, ports: int = 1) -> tuple[str, int]:
        for _ in range(TRIES_FOR_PORTS):
            first, are_free = _ports(ports)
            if are_free:
                break
        return HERE, first  # nobody holds them: the program that finds one taken says so

    def hosts(self, count: int) -> list[str]:
        return [HERE] * count

    def look(self, handle: Handle) -> Sighting:
        _reap_ended()
        if _leader(handle) is not None:
            return Sighting("running")
        try:
            code = int((Path(handle["folder"]) / EXIT).read_text())
        except (OSError, ValueError):
            # The shell was killed, alone: its program may be running still, and reporting.
            return Sighting("running" if any(_processes(handle)) else "gone")
        said = _last_line(Path(handle["folder"]) / OUTPUT)
        if code > 128:
            return Sighting("exited", signal=code - 128, said=said)
        return Sighting("exited", code, said=said)

    def stop(self, handle: Handle, grace_s: float) -> None:
        leader = _leader(handle)
        # Only the program itself is asked: it ends what it started in its own order.
        asked = leader.children() if leader else list(_processes(handle))
        for process in asked:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline and (_leader(handle) or any(map(_runs, asked))):
            time.sleep(POLL_S)
        deadline = time.monotonic() + KILL_WAIT_S
        while (left := list(_processes(handle))) and time.monotonic() < deadline:
            for process in left:
                _signal(process, signal.SIGKILL)
            _reap_ended()
            time.sleep(POLL_S)

    def forget(self, handle: Handle) -> None:
        if not any(_processes(handle)):
            shutil.rmtree(handle["folder"], ignore_errors=True)


def _ports(count: int) -> tuple[int, bool]:
    """Return a port that is free now, and whether those behind it are, `count` in all."""
    with contextlib.ExitStack() as held:
        first = _bound(0, held)
        try:
            for port in range(first + 1, first + count):
                _bound(port, held)
        except (OSError, OverflowError):
            return first, False
    return first, True


def _bound(port: int, held: contextlib.ExitStack) -> int:
    probe = held.enter_context(socket.socket())
    probe.bind((HERE, port))
    return int(probe.getsockname()[1])


def _gpus(task: Task) -> dict[str, str]:
    """What tells CUDA which GPUs are the task's; nothing on a machine that has none.

    Our numbers are those of NVML, by place in the machine; CUDA's own begin with the fastest.
    """
    if not gpus.names():
        return {}
    numbers = ",".join(str(number) for number in task.gpus)
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": numbers}


def _last_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""


def _begun(folder: Path) -> Handle | None:
    """Return the handle of the task that this folder's was started as, None when none was.

    A handle whose shell is gone before it began belongs to a start that was cut off.
    """
    if not (folder / HANDLE).exists():
        return None
    handle: Handle = json.loads((folder / HANDLE).read_text(encoding="utf-8"))
    return handle if (folder / BEGUN).exists() or _leader(handle) else None


def _leader(handle: Handle) -> psutil.Process | None:
    """The task's shell, when it is still that one and not a later process with its number."""
    try:
        process = psutil.Process(handle["pid"])
        same = abs(process.create_time() - handle["started"]) < 0.05
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _processes(handle: Handle) -> Iterator[psutil.Process]:
    """Every process of the task: those of its session, and those that carry its mark."""
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            if (
                os.getsid(process.pid) == handle["pid"] and _leader(handle) is not None
            ) or process.environ().get(MARK) == handle["task_id"]:
                yield process
        except (psutil.Error, OSError):
            continue


def _signal(process: psutil.Process, number: int) -> None:
    # Gone meanwhile, or not ours to end: psutil itself never hits a later process of that number.
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.send_signal(number)


# A child that has ended stays a zombie until its parent asks how it ended. The exit file says so
# better, but somebody must ask.
_children: list[subprocess.Popen[bytes]] = []


def _reap(process: subprocess.Popen[bytes]) -> None:
    _children.append(process)
    _reap_ended()


def _reap_ended() -> None:
    for process in list(_children):
        if process.poll() is not None:
            with contextlib.suppress(ValueError):  # another thread was faster
                _children.remove(process)

"""Keeps a studio up: starts its programs, starts again what dies, stops them in order.

    python -m studio.keeper RUN_FOLDER --lock FD --sockets FD,FD [--show]

`manage.py up` becomes this program (or leaves it behind with --detach). It imports nothing of
Django: it lives as long as the studio and holds the listening sockets, so that a page that asks
while the web server starts again waits a second instead of being refused.
"""

import argparse
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from studio import keeping, processes
from studio.keeping import Program, Record

ROTATE_AT_BYTES = 10_000_000
FIRST_WAIT_S, MOST_WAIT_S, SETTLED_AFTER_S = 0.1, 10.0, 30.0
# Before the studio has answered once, a program that dies this often will not get better.
MOST_DEATHS_AT_START = 4
READY_WITHIN_S = 120.0
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class Child:
    """One program with its process, its log, and when it may be started again."""

    program: Program
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    wait_s: float = FIRST_WAIT_S
    deaths: int = 0
    shown: int = 0

    def start(self, sockets: list[int]) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only the keeper."""
        given = sockets if self.program.gets_sockets else []
        command = list(self.program.command)
        if given:
            command += ["--sockets", ",".join(str(fd) for fd in given)]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=given,
                preexec_fn=processes.end_with_parent(os.getpid()),
            )
        self.started_at = time.monotonic()

    def has_died(self) -> bool:
        """Whether the process ended since the last look; sets when to start it again."""
        if self.process is None or (code := self.process.poll()) is None:
            return False
        now = time.monotonic()
        if now - self.started_at > SETTLED_AFTER_S:
            self.wait_s = FIRST_WAIT_S
        self.process, self.deaths = None, self.deaths + 1
        self.start_at = now + self.wait_s
        say(f"{self.program.name} ended ({_ending(code)}); it starts again in {self.wait_s:g} s")
        self.wait_s = min(self.wait_s * 2, MOST_WAIT_S)
        return True

    @property
    def answers(self) -> bool:
        """Whether those that need this program may start."""
        if not self.program.listens_on:
            return True
        with socket.socket(socket.AF_UNIX) as knock:
            return knock.connect_ex(self.program.listens_on) == 0

    def rotate(self) -> None:
        """Move the log aside when it is large. The child appends, so it goes on at the start."""
        if self.log.exists() and self.log.stat().st_size > ROTATE_AT_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)
            self.shown = 0

    def new_lines(self) -> list[str]:
        """Return the whole lines that the log has got since the last call."""
        with self.log.open("rb") as file:
            file.seek(self.shown)
            whole, newline, _ = file.read(1_000_000).rpartition(b"\n")
        self.shown += len(whole) + len(newline)
        return whole.decode(errors="replace").split("\n") if newline else []


@dataclass
class Keeper:
    """The loop: see to the children, answer signals, find out when the studio is ready."""

    folder: Path
    record: Record
    sockets: list[int]
    show: bool
    children: list[Child] = field(default_factory=list)
    stops_asked: int = 0
    probe: socket.socket | None = None

    def run(self) -> int:
        """Keep the studio up until a signal stops it. Returns the exit status."""
        waker = self._listen_to_signals()
        logs = Path(self.record.log_folder)
        self.children = [Child(p, logs / f"{p.name}.log") for p in self.record.programs]
        for child in self.children:
            child.log.touch(mode=0o600)
            child.rotate()
            child.shown = child.log.stat().st_size
        self.record.keeper = processes.identify(os.getpid())
        began = time.monotonic()
        status = 0
        while not self.stops_asked and not status:
            self._see_to_children()
            if not self.record.is_ready:
                status = self._is_hopeless(began)
            waits_on = [waker, *([self.probe] if self.probe else [])]
            readable, _, _ = select.select(waits_on, [], [], self._pause())
            if waker in readable:
                waker.recv(4096)
            if self.probe in readable:
                self._hear_probe()
            if self.show:
                self._show_logs()
        self._stop()
        return status

    def _listen_to_signals(self) -> socket.socket:
        """Any signal, and the death of a child, makes the returned socket readable."""
        waker, writer = socket.socketpair()
        waker.setblocking(False)
        writer.setblocking(False)
        self._writer = writer
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for number in STOPS:
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        return waker

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stops_asked += 1

    def _pause(self) -> float:
        soon = [c.start_at - time.monotonic() for c in self.children if c.process is None]
        usual = 0.25 if self.show or not self.record.is_ready else 2.0
        return max(0.02, min([usual, *soon]))

    def _see_to_children(self) -> None:
        changed = False
        for child in self.children:
            changed |= child.has_died()
            if child.process is None and time.monotonic() >= child.start_at:
                child.start(self.sockets)
                changed = True
            child.rotate()
            if not self.record.is_ready and not child.answers:
                break
        if changed:
            self._write_record()
        if not self.record.is_ready and self.probe is None:
            self._send_probe()

    def _write_record(self) -> None:
        self.record.children = {
            c.program.name: processes.identify(c.process.pid) for c in self.children if c.process
        }
        keeping.write(self.folder, self.record)

    def _send_probe(self) -> None:
        """Ask for a page; the answer waits in the listening socket until the web server is up."""
        self.probe = socket.socket(socket.AF_UNIX)
        self.probe.connect(self.record.web_socket)
        self.probe.sendall(b"GET /sign-in/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")

    def _hear_probe(self) -> None:
        assert self.probe is not None
        try:
            answer = self.probe.recv(64)
        except ConnectionError:
            answer = b""
        self.probe.close()
        self.probe = None
        all_run = all(child.process for child in self.children)
        if answer.startswith(b"HTTP/") and answer.split(b" ")[1] < b"500" and all_run:
            self.record.is_ready = True
            keeping.write(self.folder, self.record)
            if self.show:
                say(f"ready: {self.record.url}   (Ctrl-C stops it)")
        else:
            time.sleep(0.1)  # the web server answered that it cannot: do not ask in a tight loop

    def _is_hopeless(self, began: float) -> int:
        """Return 1, and say why, when the studio will not come up; else 0."""
        for child in self.children:
            if child.deaths >= MOST_DEATHS_AT_START:
                say(f"{child.program.name} does not start; the end of {child.log}:")
                _print(_tail(child.log))
                return 1
        if time.monotonic() - began > READY_WITHIN_S:
            say(f"no answer within {READY_WITHIN_S:g} s; see {self.record.log_folder}")
            return 1
        return 0

    def _show_logs(self) -> None:
        for child in (child for child in self.children if child.program.is_shown):
            for line in child.new_lines():
                _print(_quiet(f"{child.program.name:>9} │ ") + line)

    def _stop(self) -> None:
        """End the children in order, last started first; a second signal kills what is left."""
        asked = self.stops_asked
        signal.set_wakeup_fd(-1)
        say("stopping")
        for fd in self.sockets:
            os.close(fd)
        for child in reversed(self.children):
            process = child.process
            if process is None:
                continue
            process.terminate()
            deadline = time.monotonic() + child.program.patience_s
            while process.poll() is None:
                if time.monotonic() > deadline or self.stops_asked > asked:
                    say(f"{child.program.name} did not end in time and is killed")
                    process.kill()
                    process.wait()
                time.sleep(0.02)
        if self.show:
            self._show_logs()
        Path(self.record.web_socket).unlink(missing_ok=True)
        keeping.path_in(self.folder).unlink(missing_ok=True)
        if going_on := processes.tasks_below(Path(self.record.task_folder)):
            say(f"{going_on} running task(s) go on and report when the studio is up again")
        say("stopped")


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _tail(log: Path, lines: int = 30) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 20_000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def _quiet(text: str) -> str:
    return f"\x1b[2m{text}\x1b[0m" if sys.stdout.isatty() else text


def say(text: str) -> None:
    """Print one line of the keeper's own."""
    _print(_quiet("   studio │ ") + text)


def _print(text: str) -> None:
    """Print; a terminal that has gone is no reason to stop."""
    try:
        print(text, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock", type=int, required=True)
    parser.add_argument("--sockets", required=True)
    parser.add_argument("--show", action="store_true")
    wanted = parser.parse_args()
    sockets = [int(fd) for fd in wanted.sockets.split(",")]
    for fd in (wanted.lock, *sockets):
        os.set_inheritable(fd, False)
    record = keeping.read(wanted.folder)
    if record is None:
        print(f"no record of what to start in {wanted.folder}", file=sys.stderr)
        return 2
    return Keeper(wanted.folder, record, sockets, wanted.show).run()


if __name__ == "__main__":
    raise SystemExit(main())

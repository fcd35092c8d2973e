"""Many small files up, out of a zip, mounted; a large folder again; a large output as a model."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from trainyard import Dataset, Experiment, ScriptRunConfig, Workspace
from trainyard._client import Client

from benchmarks.figures import Figure, middle, percentile
from tests.fixtures.s3 import Line
from tests.fixtures.studio_process import StudioProcess

FULL = os.environ.get("FULL") == "1"
FILES = 100_000 if FULL else 10_000
FOLDER_MIB = 2048 if FULL else 256
OUTPUT_MIB = 5120 if FULL else 512
REGISTERED = 40
MIB = 2**20
HOME = "workspaces/default"
MOUNTS = """
import json, os, sys, time
from compute import mounts
from studio.models import Tree
tree = Tree.objects.get(sha256=%r)
mounts.lay(tree, set())
def looked(folder):
    for entry in os.scandir(folder):
        looked(entry.path) if entry.is_dir() else entry.stat()
times, bare = [], []
for _ in range(5):
    began = time.perf_counter()
    place = mounts.ready(tree)
    times.append(time.perf_counter() - began)
    began = time.perf_counter()
    looked(place)
    bare.append(time.perf_counter() - began)
print(json.dumps([sorted(times), sorted(bare)]))
"""


def measure(_: StudioProcess) -> list[Figure]:
    """In a studio of its own, which takes large source folders."""
    studio = StudioProcess(STUDIO_SNAPSHOT_MAX_MB=str(4 * FOLDER_MIB))
    try:
        studio.start()
        with tempfile.TemporaryDirectory(dir=studio.folder) as place:
            workspace = Workspace.from_config(str(studio.config_path.parent))
            folder = Path(place)
            _write_small(folder / "small")
            figures = [_up(workspace, folder), _unzipped(workspace, folder)]
            figures += [_mounted(studio, workspace), _again(studio, folder)]
            return [*figures, _registered(workspace, folder)]
    finally:
        studio.remove()


def _write_small(folder: Path) -> None:
    for number in range(FILES):
        if number % 1000 == 0:
            (folder / f"{number // 1000:03}").mkdir(parents=True)
        content = number.to_bytes(8, "big") * 125
        (folder / f"{number // 1000:03}" / f"{number}.bin").write_bytes(content)


def _up(workspace: Workspace, folder: Path) -> Figure:
    store = workspace.get_default_datastore()
    seconds = _seconds(lambda: store.upload(str(folder / "small"), "small", show_progress=False))
    bare = _seconds(lambda: _synced(["cp", "-r", str(folder / "small"), str(folder / "copy")]))
    name = f"{FILES:,} files of 1 kB up, by the SDK"
    return Figure(name, seconds, bare, "s", "`cp -r` and its sync", "≤ 60 s for 100,000")


def _unzipped(workspace: Workspace, folder: Path) -> Figure:
    place = folder / "small.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(FILES):
            packed.writestr(f"{number // 1000:03}/{number}", b"zipped" + number.to_bytes(8) * 125)
    sha256 = workspace.client.put_file(str(place))
    seconds = _seconds(lambda: _fetched(workspace.client, sha256))
    bare = _seconds(lambda: _extracted(place, folder / "out"))
    name = f"a zip of {FILES:,} files of 1 kB unpacked"
    return Figure(name, seconds, bare, "s", "Python's zipfile and its sync", "≤ 60 s for 100,000")


def _fetched(client: Client, sha256: str) -> None:
    fetch = client.post(f"{HOME}/fetches", {"zip": sha256})
    while fetch["state"] not in ("Completed", "Failed"):
        time.sleep(0.1)
        fetch = client.get(f"{HOME}/fetches/{fetch['id']}")
    assert fetch["state"] == "Completed", fetch


def _extracted(place: Path, folder: Path) -> None:
    with zipfile.ZipFile(place) as packed:
        packed.extractall(folder)
    os.sync()


def _mounted(studio: StudioProcess, workspace: Workspace) -> Figure:
    """What a task waits for: each file of the laid out tree is looked at."""
    data = Dataset.File.from_files((workspace.get_default_datastore(), "small"))
    version = data.register(workspace, "small")
    tree = workspace.client.get(f"{HOME}/datasets/small/{version.version}")["tree"]
    said = studio.manage("shell", "-c", MOUNTS % tree)
    times, bare = json.loads(said.strip().splitlines()[-1])
    name = f"mounting {FILES:,} cached files"
    return Figure(
        name, middle(times), middle(bare), "s", "a walk with a stat of each", "< 1 s for 100,000"
    )


def _again(studio: StudioProcess, folder: Path) -> Figure:
    """A large source folder with one changed file: what goes over the line, counted on it."""
    source, client = folder / "source", Client(studio.url, studio.token)
    source.mkdir()
    (source / "train.py").write_text("print(0)\n")
    for number in range(FOLDER_MIB // 16):
        (source / f"{number}.bin").write_bytes(os.urandom(16 * MIB))
    line = Line(studio.port)
    found = json.loads(studio.config_path.read_text())
    found["trainyard"]["url"] = line.url
    config = folder / "config.json"
    config.write_text(json.dumps(found))
    workspace = Workspace.from_config(str(config))
    seconds, sent = [], []
    for number in range(4):
        (source / "train.py").write_text(f"print({number})\n")
        before = line.sent
        seconds.append(_seconds(lambda: _submitted(workspace, source)))
        sent.append(line.sent - before)
    bare = middle([_seconds(lambda: _hashed(source)) for _ in range(3)])
    client.close()
    line.close()
    more = f"{max(sent[1:]):,} bytes went over the line, of {sent[0]:,} the first time"
    name = f"a folder of {FOLDER_MIB:,} MiB again, one file changed"
    return Figure(name, middle(seconds[1:]), bare, "s", "`sha256sum` of it", "< 1 MB sent", more)


def _submitted(workspace: Workspace, source: Path) -> None:
    Experiment(workspace, "again").submit(ScriptRunConfig(str(source), "train.py"))


def _hashed(source: Path) -> None:
    files = sorted(str(place) for place in source.iterdir())
    subprocess.run(["sha256sum", *files], stdout=subprocess.DEVNULL, check=True)


def _registered(workspace: Workspace, folder: Path) -> Figure:
    """An output of a run that is there already: nothing of it is read or copied."""
    client = workspace.client
    place = folder / "output.bin"
    with place.open("wb") as file:
        file.truncate(OUTPUT_MIB * MIB)
    run = next(Experiment(workspace, "again").get_runs())
    run.wait_for_completion()
    listing = {"files": [["outputs/large.bin", client.put_file(str(place))]]}
    client.post(f"runs/{run.id}/uploads", listing)
    order = {"name": "large", "path": "outputs/large.bin"}
    times = [
        _seconds(lambda: client.post(f"runs/{run.id}/models", order)) for _ in range(REGISTERED)
    ]
    bare = middle([_seconds(lambda: client.get("me")) for _ in range(REGISTERED)])
    more = (
        f"the slowest of {REGISTERED} {1000 * max(times):.0f} ms,"
        f" 90 % within {1000 * percentile(times, 0.9):.0f} ms"
    )
    name = f"an output of {OUTPUT_MIB:,} MiB as a model"
    return Figure(
        name,
        1000 * middle(times),
        1000 * bare,
        "ms",
        "a call that only looks who asks",
        "≤ 100 ms",
        more,
    )


def _synced(command: list[str]) -> None:
    shutil.rmtree(command[-1], ignore_errors=True)
    subprocess.run(command, check=True)
    os.sync()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

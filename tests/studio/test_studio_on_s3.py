"""A whole studio whose contents are in a bucket: a job's way through it, and the bucket away."""

import hashlib
import io
import os
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
from trainyard._client import Client
from trainyard._errors import Conflict, StorageAway

from tests.fixtures.s3 import Line
from tests.fixtures.studio_process import ROOT, StudioProcess, free_port
from tests.fixtures.waiting import LONG_S, until

WEIGHTS = bytes(range(256)) * 4 * 1500
READS = """
import json, os, sys
found = {}
for root in sys.argv[1:]:
    found[os.path.basename(root)] = sorted(open(os.path.join(root, name)).read()
                                           for name in os.listdir(root))
open("outputs/read.json", "w").write(json.dumps(list(found.values())))
open("outputs/weights.bin", "wb").write(bytes(range(256)) * 4 * 1500)
for number in range(30):
    open("outputs/%d.txt" % number, "w").write("small %d" % number)
"""
WAITS = """
import os, sys, time
open("outputs/early.txt", "w").write("early")
print("waits", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.1)
open("outputs/late.txt", "w").write("late")
"""
# As supervise does it, a day later.
COLLECT = """
from datetime import timedelta
from django.utils.timezone import now
from studio.files.collecting import PREFIXES, Place, step
place = Place()
print(step(now() + timedelta(days=2), place))
"""


def variables(s3, bucket, url: str) -> dict[str, str]:
    return {
        "STUDIO_STORAGE": "s3",
        "STUDIO_BUCKET": bucket.name,
        "STUDIO_BUCKET_ENDPOINT": url,
        "STUDIO_BUCKET_REGION": "us-east-1",
        "STUDIO_BUCKET_ACCESS_KEY": s3.access_key,
        "STUDIO_BUCKET_SECRET_KEY": s3.secret_key,
    }


def remove(client: Client, run_id: str) -> None:
    """Delete a run that has ended; its nodes are freed a moment later, and it stays until then."""

    def is_gone() -> bool:
        try:
            client.delete(f"runs/{run_id}")
        except Conflict:
            return False
        return True

    until(is_gone, what=f"{run_id} is deleted")


@pytest.fixture(scope="module")
def bucket(s3):
    return s3.bucket()


@pytest.fixture(scope="module")
def line(s3):
    made = Line(s3.port)
    yield made
    made.close()


@pytest.fixture(scope="module")
def studio(s3, bucket, line):
    made = StudioProcess(**variables(s3, bucket, line.url))
    try:
        yield made.start()
    finally:
        made.remove()


@pytest.fixture
def workspace(studio):
    found = Workspace.from_config(os.fspath(Path(studio.config_path).parent))
    yield found
    found.client.close()


def keys_in(bucket) -> set[str]:
    return {found.key.replace("/", "") for found in bucket.objects.all()}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def got(studio, path: str, **headers: str) -> bytes:
    headers["Authorization"] = f"Bearer {studio.token}"
    with urllib.request.urlopen(
        urllib.request.Request(f"{studio.url}/api/v1/{path}", headers=headers)
    ) as answer:
        return answer.read()


def submitted(workspace, folder: Path, code: str, *arguments):
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text(code)
    config = ScriptRunConfig(os.fspath(folder), "train.py", arguments=list(arguments))
    return Experiment(workspace, "in-a-bucket").submit(config)


def test_a_job_goes_its_way(studio, workspace, bucket, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for number in range(20):
        (data / f"{number}.csv").write_text(f"number\n{number}\n")
    store = workspace.get_default_datastore()
    store.upload(os.fspath(data), "numbers", show_progress=False)
    dataset = Dataset.File.from_files((store, "numbers")).register(workspace, "numbers")
    there = keys_in(bucket)
    assert {sha(place.read_bytes()) for place in data.iterdir()} <= there
    source = tmp_path / "source"
    source.mkdir()
    (source / "large.txt").write_text("x" * 500_000)
    mounted, fetched = dataset.as_mount(), dataset.as_named_input("copy").as_download()
    run = submitted(workspace, source, READS, mounted, fetched)
    run.wait_for_completion()
    # Out of the bucket, whole and in parts.
    texts = sorted(f"number\n{number}\n" for number in range(20))
    run.download_file("outputs/read.json", os.fspath(tmp_path / "read.json"))
    assert (tmp_path / "read.json").read_text() == str([texts, texts]).replace("'", '"').replace(
        "\\n", "\\n"
    )
    home = f"runs/{run.id}"
    asked = {"Range": "bytes=1000-1999"}
    assert got(studio, f"{home}/files/outputs/weights.bin", **asked) == WEIGHTS[1000:2000]
    with zipfile.ZipFile(io.BytesIO(got(studio, f"{home}/zip?prefix=outputs/"))) as packed:
        assert packed.read("outputs/weights.bin") == WEIGHTS
        assert len(packed.namelist()) == 32
    assert b"small 7" in got(studio, f"{home}/preview?path=outputs/7.txt")
    # A model, which the run's end does not take along.
    model = run.register_model("weights", "outputs/weights.bin")
    place = model.download(os.fspath(tmp_path / "model"))
    assert Path(place).read_bytes() == WEIGHTS
    # Again, with one other file: only that comes.
    there = keys_in(bucket)
    again = submitted(workspace, source, READS + "# changed\n", mounted, fetched)
    again.wait_for_completion()
    assert keys_in(bucket) - there == {sha((READS + "# changed\n").encode())}
    # Away with the runs: what nobody else names leaves the bucket.
    for gone in (run, again):
        remove(workspace.client, gone.id)
    assert {sha(WEIGHTS), sha(b"small 3")} <= keys_in(bucket)
    studio.manage("shell", "-c", COLLECT)
    left = keys_in(bucket)
    assert sha(WEIGHTS) in left and sha(texts[0].encode()) in left
    assert sha(b"small 3") not in left and sha(READS.encode()) not in left


def test_a_bucket_that_is_away_is_said_and_nothing_is_lost(studio, workspace, line, tmp_path):
    end = tmp_path / "end"
    run = submitted(workspace, tmp_path / "source", WAITS, os.fspath(end))
    until(lambda: "outputs/early.txt" in run.get_file_names(), 2 * LONG_S, "its file is kept")
    line.cut()
    try:
        (tmp_path / "new.txt").write_text("new")
        hasty = Client(studio.url, studio.token, patience_s=1)
        with pytest.raises(StorageAway, match=r"cannot be used.*Nothing is lost"):
            hasty.put_file(os.fspath(tmp_path / "new.txt"))
        hasty.close()
        end.touch()
        time.sleep(2)  # it ends while nothing can be kept of it
        assert run.get_status() in ("Running", "Finalizing")
    finally:
        line.mend()
    run.wait_for_completion()
    run.download_file("outputs/late.txt", os.fspath(tmp_path / "late.txt"))
    assert (tmp_path / "late.txt").read_text() == "late"


def test_a_wrong_key_is_said_at_the_start(s3, bucket, tmp_path):
    wrong = {**variables(s3, bucket, s3.url), "STUDIO_BUCKET_SECRET_KEY": "wrong"}
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env={
            **os.environ,
            **wrong,
            "STUDIO_HOME": os.fspath(tmp_path),
            "STUDIO_PORT": str(free_port()),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode != 0
    assert bucket.name in done.stderr and "SignatureDoesNotMatch" in done.stderr
    assert "Traceback" not in done.stderr

"""A model is made from a run's files: numbered, whole, without copying a byte."""

import io
import zipfile

import pytest

from runs import outputs
from runs.models import Run, RunAsset
from studio.files import blobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(caller) -> Run:
    run = Run.objects.get(run_id=caller.submit().json()["run_id"])
    kept = {"outputs/model.pkl": b"weights", "outputs/tf/a.bin": b"a", "outputs/tf/v/b.bin": b"bb"}
    outputs.add(run, [(path, blobs.put([data]).sha256) for path, data in kept.items()])
    return run


def register(caller, run, **wanted):
    return caller.post(f"/api/v1/runs/{run.run_id}/models", wanted)


def test_a_file_becomes_version_one_and_then_two(caller, run):
    first = register(caller, run, name="digits", path="outputs/model.pkl", tags={"best": "yes"})
    assert first.status_code == 201, first.json()
    assert first.json()["id"] == "digits:1"
    assert first.json()["files"] == [["model.pkl", 7]]
    assert register(caller, run, name="digits", path="outputs/model.pkl").json()["id"] == "digits:2"
    model = caller.get(f"{caller.home}/models/digits", version=1).json()
    assert (model["run_id"], model["tags"]) == (run.run_id, {"best": "yes"})
    assert RunAsset.objects.filter(run=run, direction="out").count() == 2


def test_a_folder_keeps_its_shape_and_downloads_as_one_zip(caller, run):
    register(caller, run, name="tf", path="outputs/tf/")
    reply = caller.get(f"{caller.home}/models/tf/versions/1/zip")
    packed = zipfile.ZipFile(io.BytesIO(b"".join(reply.streaming_content)))
    assert {name: packed.read(name) for name in packed.namelist()} == {
        "tf/a.bin": b"a",
        "tf/v/b.bin": b"bb",
    }


def test_a_path_that_is_not_there_lists_the_files(caller, run):
    reply = register(caller, run, name="digits", path="outputs/other.pkl")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_path_not_found")
    assert "outputs/model.pkl" in reply.json()["error"]["message"]


def test_a_name_that_is_not_allowed_is_refused(caller, run):
    reply = register(caller, run, name="my model", path="outputs/model.pkl")
    assert reply.status_code == 400
    assert "name" in reply.json()["error"]["fields"]


def test_a_file_downloads_in_ranges_under_its_own_name(caller, run):
    path = f"/api/v1/runs/{run.run_id}/files/outputs/model.pkl"
    part = caller.client.get(path, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part["Content-Range"]) == (206, "bytes 2-4/7")
    assert b"".join(part.streaming_content) == b"igh"
    assert 'filename="model.pkl"' in part["Content-Disposition"]
    assert caller.client.get(path, headers={"If-None-Match": part["ETag"]}).status_code == 304
    assert caller.client.get(path, headers={"Range": "bytes=9-"}).status_code == 416


def test_what_a_run_wrote_never_runs_in_our_origin(caller, run):
    page = blobs.put([b"<script>alert(1)</script>"]).sha256
    outputs.add(run, [("outputs/evil.html", page), ("outputs/evil.svg", page)])
    for name in ("evil.html", "evil.svg"):
        reply = caller.get(f"/api/v1/runs/{run.run_id}/files/outputs/{name}")
        harmless = reply["Content-Type"].startswith("text/plain")
        assert harmless or reply["Content-Disposition"].startswith("attachment")
        assert "sandbox" in reply["Content-Security-Policy"]
        assert reply["X-Content-Type-Options"] == "nosniff"

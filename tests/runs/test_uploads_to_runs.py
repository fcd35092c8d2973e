"""Files that people give a run from outside its script."""

import pytest

from runs import outputs
from tests.factories import make_blob
from tests.runs.conftest import on_its_nodes

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(caller):
    return on_its_nodes(caller)


def send(caller, run, *files, **more):
    listed = [[path, make_blob(content).sha256] for path, content in files]
    return caller.post(f"/api/v1/runs/{run.run_id}/uploads", {"files": listed, **more})


def test_what_is_sent_is_among_the_runs_files(caller, run):
    reply = send(caller, run, ("outputs/a", b"one"), ("report.txt", b"two"))
    assert (reply.status_code, reply.json()) == (200, {"files": 2})
    assert [item["path"] for item in outputs.listing(run)] == ["outputs/a", "report.txt"]


def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(caller, run):
    send(caller, run, ("a", b"one"))
    reply = send(caller, run, ("a", b"two"), ("b", b"three"))
    assert reply.status_code == 409
    assert "has a file a already" in reply.json()["error"]["message"]
    assert run.files.count() == 1
    assert send(caller, run, ("a", b"two"), overwrite=True).status_code == 200
    assert run.files.get().blob == make_blob(b"two")


@pytest.mark.parametrize("path", ["../a", "/a", "logs/a", "azureml-logs/a", "", "a\nb", "a//b"])
def test_a_path_that_cannot_be_is_refused(caller, run, path):
    assert send(caller, run, (path, b"one")).status_code == 400
    assert not run.files.exists()


def test_contents_that_were_not_sent_are_named(caller, run):
    url = f"/api/v1/runs/{run.run_id}/uploads"
    error = caller.post(url, {"files": [["a", "0" * 64]]}).json()["error"]
    assert (error["code"], error["missing"]) == ("missing_blobs", ["0" * 64])


def test_nobody_else_may(reader, stranger, run):
    assert send(reader, run, ("a", b"one")).status_code == 403
    assert send(stranger, run, ("a", b"one")).status_code == 404


def test_a_run_keeps_so_many_files_and_no_more(caller, run, monkeypatch):
    monkeypatch.setattr(outputs, "MOST_FILES", 2)
    assert send(caller, run, ("a", b"1"), ("b", b"2")).status_code == 200
    assert send(caller, run, ("b", b"3"), overwrite=True).status_code == 200
    assert "at most 2 files" in send(caller, run, ("c", b"4")).json()["error"]["message"]

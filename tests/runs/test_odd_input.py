"""Whatever is sent, the answer names what is wrong with it: never a 500, nothing half made."""

import json

import pytest

from runs.models import Experiment, Run
from studio.files import blobs, trees
from tests.runs.conftest import on_its_nodes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "order",
    [
        {"name": 5},
        {"name": "a\0b"},
        {"name": "x" * 101},
        {"experiment": 5},
        {"experiment": ["a"]},
        {"script": 5},
        {"script": ["train.py"]},
        {"snapshot": 5},
        {"snapshot": {"a": 1}},
        {"cluster": 5},
        {"arguments": [{"a": 1}]},
        {"arguments": ["a\0b"]},
        {"max_retries": "1_0"},
        {"process_count_per_node": "٢"},
        {"tags": "x"},
        {"tags": {"a": "\ud800"}},
        {"environment": 5},
        {"environment": {"name": 5}},
        {"environment": {"definition": 5}},
        {"environment": {"definition": {"pip": 5}}},
        {"environment": {"definition": {"pip": "", "variables": 5}}},
        {"environment": {"name": "known", "version": "abc"}},
        {"environment": {"name": "known", "version": 2**40}},
    ],
)
def test_a_submission_of_the_wrong_shape_is_refused_and_makes_nothing(caller, order):
    known = {"name": "known", "definition": {"pip": ""}}
    caller.post(f"{caller.home}/environments", known)
    reply = caller.submit(**order)
    assert reply.status_code in (400, 404), reply.content
    assert reply.json()["error"]["message"]
    assert Run.objects.count() == Experiment.objects.count() == 0


@pytest.mark.parametrize("cursor", ["abc", "WyJhYmMiXQ", "W0luZmluaXR5XQ", "%F0", "[]", "null"])
def test_a_cursor_that_no_list_gave_is_refused(caller, cursor):
    assert caller.get(f"{caller.home}/runs", cursor=cursor).status_code == 400


def test_an_unknown_call_is_answered_in_json(caller):
    reply = caller.get("/api/v1/nothing/here")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("body", ["[1]", '"text"', "5", "{", "null"])
def test_a_body_that_is_no_object_is_refused(caller, body):
    for path in (f"{caller.home}/runs", f"{caller.home}/snapshots", f"{caller.home}/environments"):
        reply = caller.client.post(path, body, content_type="application/json")
        assert reply.status_code == 400, (path, reply.content)
        assert reply.json()["error"]["code"] == "bad_input"


def test_a_listing_with_sizes_that_are_none_is_refused(caller):
    reply = caller.client.post(
        f"{caller.home}/snapshots/check",
        '{"files": [["a", 1e999]]}',
        content_type="application/json",
    )
    assert reply.status_code == 400


def test_a_snapshot_over_the_limit_is_not_kept(caller, settings):
    settings.SNAPSHOT_MAX_BYTES = 10
    sha256 = blobs.put([b"x" * 11]).sha256
    reply = caller.post(f"{caller.home}/snapshots", {"files": [["train.py", sha256]]})
    assert reply.status_code == 413
    assert not trees.Tree.objects.exists()


def test_a_submission_stands_while_the_queue_is_away(
    caller, caplog, django_capture_on_commit_callbacks
):
    """No Valkey listens in the tests' own home, so the message really cannot be sent."""
    with django_capture_on_commit_callbacks(execute=True):
        reply = caller.submit()
    assert reply.status_code == 201
    assert Run.objects.count() == 1
    assert "launch" in caplog.text
    assert "was not sent" in caplog.text


def test_a_scripts_error_with_nul_is_kept_without_it(caller, driver_of):
    run = on_its_nodes(caller)
    error = {"type": "E", "message": "a\0b \ud800"}
    said = {"exit_code": 1, "error": error}
    reply = driver_of(run).post(
        "/api/v1/driver/finish", json.dumps(said), content_type="application/json"
    )
    assert reply.status_code == 200, reply.content
    run.refresh_from_db()
    assert "\0" not in run.error["message"]


def test_no_ignore_pattern_holds_up_the_server(caller):
    body = {
        "files": [["a" * 250, 1], ["keep.py", 1]],
        "ignore": {".amlignore": "a*" * 25 + "b\n" + "**/a*b*c*d*\n" * 50},
    }
    reply = caller.post(f"{caller.home}/snapshots/check", body)
    assert reply.json()["kept"] == ["a" * 250, "keep.py"]
    too_long = {"files": [["a", 1]], "ignore": {".amlignore": "x" * 70_000}}
    assert caller.post(f"{caller.home}/snapshots/check", too_long).status_code == 400


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_json_nested_too_deeply_is_refused(caller, depth):
    for path in (f"{caller.home}/runs", f"{caller.home}/experiments"):
        reply = caller.client.post(path, "[" * depth, content_type="application/json")
        assert reply.status_code == 400, reply.content


def test_a_lone_surrogate_in_a_metric_spoils_nothing(caller, driver_of):
    run = Run.objects.get(run_id=caller.submit().json()["run_id"])
    point = {"kind": "text", "steps": [1], "times": [1.0], "values": ["\ud800"]}
    for number, (name, status) in enumerate([("note", 200), ("\ud800", 400)], start=1):
        said = {"writer": "w", "sequence": number, "series": [{"name": name, **point}]}
        reply = driver_of(run).post(
            "/api/v1/driver/metrics", json.dumps(said), content_type="application/json"
        )
        assert reply.status_code == status, reply.content
    assert caller.get(f"/api/v1/runs/{run.run_id}/metrics").status_code == 200
    points = caller.get(f"/api/v1/runs/{run.run_id}/metrics/points").json()
    assert points["series"]["note"]["values"] == ["?"]


def test_tags_have_a_limit_however_they_come(caller):
    run_id = caller.submit().json()["run_id"]
    many = {f"tag-{number}": "x" for number in range(80)}
    path = f"/api/v1/runs/{run_id}"
    assert caller.client.patch(path, {"tags": many}, format="json").status_code == 200
    more = {f"more-{number}": "x" for number in range(80)}
    assert caller.client.patch(path, {"tags": more}, format="json").status_code == 400
    assert len(caller.get(path).json()["tags"]) == 80


@pytest.mark.parametrize("asked", ["bytes=0-" + "9" * 5000, "bytes=-" + "9" * 5000, "bytes=a-b"])
def test_an_absurd_range_is_answered_with_the_whole(caller, asked):
    run_id = caller.submit().json()["run_id"]
    path = f"/api/v1/runs/{run_id}/snapshot/files/train.py"
    reply = caller.client.get(path, headers={"Range": asked})
    assert reply.status_code == 200

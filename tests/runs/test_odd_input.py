"""Whatever is sent, the answer names what is wrong with it: never a 500, nothing half made."""

import json

import pytest
from dramatiq.errors import ConnectionClosed
from redis.exceptions import ConnectionError as ValkeyAway

from runs import actors
from runs.models import Experiment, Run
from studio.files import blobs, trees

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


@pytest.mark.parametrize("away", [ValkeyAway, ConnectionClosed])
def test_a_submission_stands_while_the_queue_is_away(
    caller, monkeypatch, away, django_capture_on_commit_callbacks
):
    def refuse(*_: object) -> None:
        raise away(Exception("no queue"))

    monkeypatch.setattr(actors.launch, "send", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        reply = caller.submit()
    assert reply.status_code == 201
    assert Run.objects.count() == 1


def test_a_scripts_error_with_nul_is_kept_without_it(caller, driver_of):
    run = Run.objects.get(run_id=caller.submit().json()["run_id"])
    error = {"type": "E", "message": "a\0b \ud800"}
    said = {"exit_code": 1, "error": error}
    reply = driver_of(run).post(
        "/api/v1/driver/finish", json.dumps(said), content_type="application/json"
    )
    assert reply.status_code == 200, reply.content
    run.refresh_from_db()
    assert "\0" not in run.error["message"]

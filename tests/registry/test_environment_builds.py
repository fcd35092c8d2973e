"""The image of a version over HTTP: asked for, followed, explained, stopped, read by the right."""

import pytest

from compute.models import ImageBuild
from studio import tokens
from studio.models import TokenKind
from tests.compute.packages import make_wheel

pytestmark = pytest.mark.django_db


def test_nothing_is_there_before_somebody_asks(lab):
    lab.add("train")
    for rest in ("/build", "/build/log", "/lock"):
        reply = lab.get(f"/train/versions/1{rest}")
        assert reply.status_code == 404
        assert "nobody has asked for the local image of train:1" in reply.json()["error"]["message"]
    assert lab.post("/train/versions/1/build/cancel").status_code == 404
    assert lab.get("/train/versions/1/build", kind="vm").status_code == 400


def test_a_version_is_built_by_itself(lab, shelf, workers):
    make_wheel(shelf, "tiny", "1.5")
    lab.add("train", "--no-index\ntiny\n")
    asked = lab.post("/train/versions/1/build")
    assert (asked.status_code, asked.json()["kind"]) == (200, "local")
    assert ImageBuild.objects.get().is_wanted
    workers.join("images")
    build = lab.get("/train/versions/1/build").json()
    assert (build["state"], build["error"], build["lines"]) == ("Ready", "", [])
    assert build["image"]["size_bytes"] > 0
    assert build["image"]["python"].startswith(build["image"]["place"])
    log = lab.get("/train/versions/1/build/log").json()
    assert log["is_complete"]
    assert log["size_bytes"] == build["log_size_bytes"] == log["next_offset"]
    assert "tiny" in log["text"]
    lock = lab.get("/train/versions/1/lock").json()
    assert "--hash=sha256:" in lock["text"]
    assert [(p["name"], p["version"], p["source"]) for p in lock["packages"]] == [
        ("tiny", "1.5", "pypi")
    ]
    assert lab.get("/train").json()["builds"] == {"local": "Ready"}
    assert lab.get("/train").json()["image"] == "Ready"


def test_a_failed_build_names_the_lines_at_fault(lab, shelf, workers):
    make_wheel(shelf, "tiny", "1.5")
    lab.add("train", "# mine\n--no-index\ntiny==9  # no such\n")
    lab.post("/train/versions/1/build")
    workers.join("images")
    build = lab.get("/train/versions/1/build").json()
    assert build["state"] == "Failed"
    assert build["guilty"] == "tiny==9"
    assert (build["lines_in"], build["lines"]) == ("pip", [3])
    assert lab.get("/train/versions/1/lock").status_code == 404
    again = lab.post("/train/versions/1/build").json()
    assert again["state"] == "Waiting"


def test_who_cancels_takes_the_wish_back_and_ends_nothing_that_others_wait_for(lab, shelf):
    lab.add("train")
    assert lab.post("/train/versions/1/build").json()["is_wanted"]
    stopped = lab.post("/train/versions/1/build/cancel").json()
    assert (stopped["state"], stopped["is_wanted"]) == ("Waiting", False)
    assert lab.api.user.username not in str(stopped)
    assert lab.post("/train/versions/1/build").json()["is_wanted"], "asked for once more"


def test_who_may_see_a_version_of_the_same_content_reads_its_build(lab, reader, elsewhere, shelf):
    lab.add("train", "six")
    lab.post("/train/versions/1/build")
    assert reader.get("/train/versions/1/build").json()["state"] == "Waiting"
    assert reader.get("/train/versions/1/build/log").status_code == 200
    for rest in ("/build", "/build/cancel"):
        assert reader.post(f"/train/versions/1{rest}").status_code == 403
    for rest in ("/build", "/build/log", "/lock", "/dockerfile"):
        assert elsewhere.api.get(lab.path(f"/train/versions/1{rest}")).status_code == 404
    elsewhere.add("same", "six")
    assert elsewhere.get("/same/versions/1/build").json()["state"] == "Waiting"


def test_a_runs_own_token_asks_for_nothing(lab):
    lab.add("train")
    _, secret = tokens.issue(
        lab.api.user, lab.api.workspace, name="run", kind=TokenKind.RUN, subject="x"
    )
    lab.api.client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert lab.get().status_code == 403
    assert lab.get("/train/versions/1/build").status_code == 403
    assert lab.post("/train/versions/1/build").status_code == 403


def test_the_dockerfile_can_be_read_before_a_build(lab):
    lab.add("train")
    text = lab.get("/train/versions/1/dockerfile").json()["text"]
    assert text.splitlines()[1].startswith("FROM python:")
    own = {"name": "own", "definition": {"dockerfile": "FROM debian:12\nRUN true\n"}}
    lab.post("", own)
    assert lab.get("/own/versions/1/dockerfile").json()["text"] == "FROM debian:12\nRUN true\n"
    mixed = {"name": "mixed", "definition": {"dockerfile": "FROM debian:12", "pip": "six"}}
    lab.post("", mixed)
    text = lab.get("/mixed/versions/1/dockerfile").json()["text"]
    assert text.startswith("FROM debian:12\n")
    assert "RUN" in text


def test_the_states_of_both_kinds_are_told(lab):
    lab.add("train")
    lab.post("/train/versions/1/build?kind=docker")
    assert lab.get("/train").json()["builds"] == {"docker": "Waiting"}
    assert lab.get("/train/versions/1/build", kind="docker").json()["kind"] == "docker"
    assert lab.get("/train/versions/1/build").status_code == 404

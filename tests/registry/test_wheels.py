"""Wheels that people keep: added by name and content, had by their address without a sign-in."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from registry.models import PrivateWheel
from studio import tokens
from studio.files import collecting
from studio.models import Role, TokenKind
from tests.factories import make_blob, make_member
from tests.runs.conftest import client_with

NAME = "mine-1.0-py3-none-any.whl"


def wheel(text="1"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mine.py"), text)  # the same bytes each time
    return out.getvalue()


@pytest.fixture
def lab(api, settings):
    settings.URL = "https://studio.example.org"
    return api()


def add(lab, content, name=NAME, **more):
    order = {"name": name, "sha256": make_blob(content).sha256, **more}
    return lab.post(f"workspaces/{lab.workspace.name}/wheels", order)


def test_a_wheel_is_kept_once_and_had_by_its_address_without_signing_in(lab):
    reply = add(lab, wheel())
    kept = reply.json()
    assert reply.status_code == 201
    assert kept["url"] == f"https://studio.example.org/wheels/{kept['sha256']}/{NAME}"
    place = kept["url"].removeprefix("https://studio.example.org")
    got = Client().get(place)
    assert b"".join(got.streaming_content) == wheel()
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert Client().get(place.replace(kept["sha256"], "a" * 64)).status_code == 404
    assert Client().get(place.replace("mine-1.0", "mine-2.0")).status_code == 404
    assert Client().post(place).status_code == 405
    local = add(lab, wheel(), "mine-1.0+cpu.1-py3-none-any.whl").json()["url"]
    assert local.endswith("/mine-1.0+cpu.1-py3-none-any.whl")
    assert Client().get(local.removeprefix("https://studio.example.org")).status_code == 200
    listed = lab.get(f"workspaces/{lab.workspace.name}/wheels").json()["items"]
    assert listed[1:] == [kept] and kept["created_by"] == lab.user.username
    assert kept["size_bytes"] == len(wheel())


def test_no_other_file_of_the_studio_is_had_so(lab):
    """Who knows the hash of a dataset's file, and calls it a wheel, gets nothing."""
    other = make_blob(wheel("of a dataset")).sha256
    assert Client().get(f"/wheels/{other}/{NAME}").status_code == 404
    assert Client().get(f"/wheels/{'..' * 32}/{NAME}").status_code == 404


def test_a_name_that_is_there_is_refused_unless_it_may_be(lab):
    first = add(lab, wheel()).json()
    again = add(lab, wheel("2"))
    assert again.status_code == 409 and "exist_ok=True" in again.json()["error"]["message"]
    assert add(lab, wheel()).status_code == 409
    same = add(lab, wheel(), exist_ok=True)
    assert (same.status_code, same.json()) == (200, first)
    other = add(lab, wheel("2"), exist_ok=True)
    assert other.status_code == 201 and other.json()["url"] != first["url"]
    assert PrivateWheel.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("mine.zip", wheel(), "no name of a wheel"),
        ("mine-1.0.whl", wheel(), "no name of a wheel"),
        ("a/mine-1.0-py3-none-any.whl", wheel(), "no name of a wheel"),
        (f"{'m' * 200}-1.0-py3-none-any.whl", wheel(), "at most 200 characters"),
        ("mine-1.0-py3-none-an\ny.whl", wheel(), "letters, digits"),
        ("mine-1.0-py3-none-a y.whl", wheel(), "letters, digits"),
        (NAME, b"text", "a wheel is a zip"),
    ],
)
def test_what_is_no_wheel_is_refused(lab, name, content, words):
    reply = add(lab, content, name)
    assert reply.status_code == 400 and words in reply.json()["error"]["message"]


def test_what_was_not_sent_is_asked_for(lab):
    place = f"workspaces/{lab.workspace.name}/wheels"
    reply = lab.post(place, {"name": NAME, "sha256": "b" * 64})
    assert reply.json()["error"]["code"] == "missing_blobs"
    assert lab.post(place, {"name": NAME, "sha256": "../x"}).status_code == 400


def test_members_keep_wheels_and_people_alone_remove_them(lab, api):
    kept = add(lab, wheel()).json()
    one = f"workspaces/{lab.workspace.name}/wheels/{kept['sha256']}/{NAME}"
    assert api().delete(one).status_code == 404
    reader = make_member(workspace=lab.workspace, role=Role.READER).user
    by_reader = api(reader, lab.workspace)
    assert by_reader.delete(one).status_code == 403
    assert add(by_reader, wheel("3")).status_code == 403
    assert len(by_reader.get(one.rsplit("/", 2)[0]).json()["items"]) == 1
    user = make_member(workspace=lab.workspace).user
    _, secret = tokens.issue(user, lab.workspace, name="run", kind=TokenKind.RUN, subject="r_1")
    run = client_with(secret)
    assert run.delete(f"/api/v1/{one}").status_code == 403
    assert lab.delete(one).status_code == 204 and lab.delete(one).status_code == 404
    assert Client().get(kept["url"].removeprefix("https://studio.example.org")).status_code == 404


def test_what_is_kept_is_not_collected(lab, settings):
    settings.KEEP_UNUSED_HOURS = 0
    kept = add(lab, wheel()).json()
    place = collecting.Place()
    collecting.step(now() + timedelta(hours=1), place)
    got = Client().get(kept["url"].removeprefix("https://studio.example.org"))
    assert b"".join(got.streaming_content) == wheel()

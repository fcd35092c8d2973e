"""What is written on a workspace: by those who own it, over the API and on the Settings page."""

import pytest

from studio import tokens
from studio.models import Role, TokenKind, Workspace
from tests.factories import make_member, make_user
from tests.fixtures.requests import Api
from tests.runs.conftest import client_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab(api):
    return api()


def path(lab):
    return f"workspaces/{lab.workspace.name}"


def test_it_is_merged_and_told(lab):
    assert lab.get(path(lab)).json()["friendly_name"] == ""
    words = {"friendly_name": " Vision ", "description": "cameras", "tags": {"a": 1, "b": "2"}}
    assert lab.patch(path(lab), words).status_code == 200
    said = lab.patch(path(lab), {"tags": {"a": None, "c": ""}}).json()
    assert said == lab.get(path(lab)).json() == lab.get("workspaces").json()["items"][0]
    assert (said["friendly_name"], said["description"]) == ("Vision", "cameras")
    assert said["tags"] == {"b": "2", "c": ""} and said["name"] == lab.workspace.name


@pytest.mark.parametrize(
    "wrong", [{"friendly_name": "x" * 101}, {"tags": {"a": {}}}, {"name": "x"}, {"tags": {"": ""}}]
)
def test_what_cannot_be_written_is_refused(lab, wrong):
    assert lab.patch(path(lab), wrong).status_code == 400
    assert Workspace.objects.get(pk=lab.workspace.pk).tags == {}


@pytest.mark.parametrize(
    ("role", "is_admin", "status"),
    [
        (Role.OWNER, False, 200), (Role.CONTRIBUTOR, False, 403), (Role.READER, False, 403),
        (Role.CONTRIBUTOR, True, 200),
    ],
)  # fmt: skip
def test_its_owners_and_administrators_change_it(api, lab, role, is_admin, status):
    user = make_user(is_superuser=is_admin)
    make_member(user=user, workspace=lab.workspace, role=role)
    reply = api(user, lab.workspace).patch(path(lab), {"description": "mine"})
    assert reply.status_code == status
    assert status == 200 or "owners" in reply.json()["error"]["message"]
    assert api(user, lab.workspace).get(path(lab)).status_code == 200


def test_strangers_and_runs_do_not(api, lab):
    assert api().get(path(lab)).status_code == api().patch(path(lab), {}).status_code == 404
    _, secret = tokens.issue(
        lab.user, lab.workspace, name="run", kind=TokenKind.RUN, subject="run_1"
    )
    run = Api(client_with(secret), lab.user, lab.workspace)
    assert run.get(path(lab)).json()["name"] == lab.workspace.name
    assert run.patch(path(lab), {"description": "x"}).status_code == 403


def test_one_is_made_with_its_words(api):
    admin = api(make_user(is_superuser=True))
    words = {"name": "vision", "friendly_name": "Vision lab", "tags": {"team": "a"}}
    made = admin.post("workspaces", words).json()
    assert (made["friendly_name"], made["tags"]) == ("Vision lab", {"team": "a"})
    refused = admin.post("workspaces", {"name": "two", "tags": {"": "x"}})
    assert refused.status_code == 400 and not Workspace.objects.filter(name="two").exists()


def test_the_settings_page_changes_it(as_user):
    member = make_member()
    person, name = as_user(member.user), member.workspace.name
    words = {
        "workspace": name, "friendly_name": "The <Lab>", "description": "d",
        "tags": "team=vision, draft,",
    }  # fmt: skip
    reply = person.post("/settings/workspace/", words, follow=True)
    text = reply.content.decode()
    assert "is saved" in text and "The &lt;Lab&gt;" in text and "team=vision" in text
    assert reply.redirect_chain[-1][0].endswith(f"?workspace={name}#workspace")
    person.post("/settings/workspace/", {"workspace": name, "untag": "team"})
    place = Workspace.objects.get(name=name)
    assert (place.friendly_name, place.description, place.tags) == ("The <Lab>", "d", {"draft": ""})
    wrong = person.post("/settings/workspace/", {**words, "tags": "=x", "friendly_name": "kept"})
    assert wrong.status_code == 200 and 'value="kept"' in wrong.content.decode()
    assert Workspace.objects.get(name=name).friendly_name == "The <Lab>"


def test_others_read_it_on_the_settings_page(as_user):
    member = make_member(role=Role.CONTRIBUTOR)
    person, name = as_user(member.user), member.workspace.name
    Workspace.objects.filter(name=name).update(description="for all", tags={"a": "b"})
    text = person.get("/settings/").content.decode()
    assert "for all" in text and "a=b" in text and 'name="friendly_name"' not in text
    assert person.post("/settings/workspace/", {"workspace": name}).status_code == 403
    stranger = as_user(make_member().user)
    assert stranger.post("/settings/workspace/", {"workspace": name}).status_code == 404
    assert stranger.get(f"/settings/?workspace={name}").status_code == 404


def test_settings_are_of_the_workspace_that_one_is_in(as_user):
    user = make_user()
    first, second = (make_member(user=user).workspace for _ in range(2))
    text = as_user(user).get(f"/settings/?workspace={second.name}").content.decode()
    assert f'<h2>Workspace <span class="mono">{second.name}</span>' in text
    assert f'href="?workspace={first.name}"' in text


def test_who_is_a_member_of_none_still_has_settings(as_user):
    text = as_user(make_user()).get("/settings/").content.decode()
    assert 'id="password"' in text and 'id="workspace"' not in text

"""Workspaces are made over the API by administrators, who own them and get a token for them."""

import pytest

from studio.models import Member, Role, Workspace
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_an_administrator_makes_one_and_its_token_reaches_it(api):
    admin = api(make_user(is_superuser=True))
    made = admin.post("workspaces", {"name": "vision"})
    assert made.status_code == 201 and made.json()["name"] == "vision"
    assert Member.objects.get(workspace__name="vision").role == Role.OWNER
    admin.client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.json()['token']}")
    assert [one["name"] for one in admin.get("workspaces").json()["items"]] == ["vision"]
    assert admin.get("workspaces/vision/runs").json()["items"] == []


def test_somebody_else_makes_none(api):
    reply = api().post("workspaces", {"name": "vision"})
    assert reply.status_code == 403 and "administrator" in reply.json()["error"]["message"]
    assert not Workspace.objects.filter(name="vision").exists()


@pytest.mark.parametrize("name", ["ab", "a" * 34, "two words", "-lab", "läb", "", None])
def test_a_name_that_breaks_the_rule_is_refused(api, name):
    assert api(make_user(is_superuser=True)).post("workspaces", {"name": name}).status_code == 400


def test_a_name_that_is_taken_is_said(api):
    admin = api(make_user(is_superuser=True))
    reply = admin.post("workspaces", {"name": admin.workspace.name})
    assert reply.status_code == 409 and admin.workspace.name in reply.json()["error"]["message"]

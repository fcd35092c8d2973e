"""The commands that let a person and a script in."""

import json
import stat

import pytest
from django.core.management import CommandError, call_command

from studio import first_start, tokens
from studio.models import Member, Role, Token, User, Workspace
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def started():
    first_start.prepare()


def test_the_first_start_makes_an_administrator_and_a_workspace_once():
    first_start.prepare()
    assert User.objects.get().username == "admin"
    member = Member.objects.get()
    assert (member.user.username, member.workspace.name) == ("admin", "default")
    assert member.role == Role.OWNER
    assert first_start.who_never_signed_in() == member.user


def test_an_administrator_of_another_name_is_kept():
    User.objects.update(username="root")
    first_start.prepare()
    assert [user.username for user in User.objects.all()] == ["root"]


@pytest.mark.parametrize("name", ["project", "project/.azureml"])
def test_the_config_holds_a_token_that_works_and_nobody_else_can_read_it(tmp_path, settings, name):
    call_command("sdk_config", str(tmp_path / name))
    path = tmp_path / "project" / ".azureml" / "config.json"
    words = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert words["workspace_name"] == "default"
    assert {words["subscription_id"], words["resource_group"]} == {"trainyard"}
    assert words["trainyard"]["url"] == settings.URL
    assert tokens.find(words["trainyard"]["token"]).user.username == "admin"


def test_writing_it_again_replaces_the_token(tmp_path):
    call_command("sdk_config", str(tmp_path))
    call_command("sdk_config", str(tmp_path))
    assert Token.objects.count() == 1


def test_an_unknown_user_lists_the_known_ones(tmp_path):
    with pytest.raises(CommandError, match='no user "bob"; users: admin'):
        call_command("sdk_config", str(tmp_path), "--user", "bob")
    with pytest.raises(CommandError, match="users: admin"):
        call_command("sign_in_link", "bob")
    assert not list(tmp_path.iterdir())


def test_a_workspace_of_others_is_refused(tmp_path):
    make_user(username="ann")
    Workspace.objects.create(name="lab")
    with pytest.raises(CommandError, match='no workspace "lab"'):
        call_command("sdk_config", str(tmp_path), "--user", "ann", "--workspace", "lab")
    with pytest.raises(CommandError, match="--days 0"):
        call_command("sdk_config", str(tmp_path), "--days", "0")
    assert not Token.objects.exists()


def test_a_link_signs_in_once(client, capsys):
    call_command("sign_in_link")
    link = capsys.readouterr().out.strip()
    path = link[link.index("/sign-in/") :]
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 302
    assert client.get("/settings/").status_code == 200
    client.logout()
    assert client.post(path).status_code == 404
    assert first_start.who_never_signed_in() is None

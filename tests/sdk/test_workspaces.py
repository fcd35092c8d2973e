"""Workspaces made, listed and found by the SDK; experiments; how scripts of the v1 SDK sign in."""

import os
import uuid
from pathlib import Path

import pytest
from azureml.core import Experiment, Workspace
from azureml.core.authentication import (
    InteractiveLoginAuthentication,
    ServicePrincipalAuthentication,
)
from azureml.exceptions import UserErrorException, WorkspaceException


@pytest.fixture
def at_home(workspace, live_studio, monkeypatch):
    """Be in the folder whose config.json names the studio."""
    config = Path(live_studio.config_path)
    monkeypatch.chdir(config.parent.parent if config.parent.name == ".azureml" else config.parent)
    return workspace


def test_a_workspace_is_made_once_and_reached_by_the_config_it_writes(at_home, tmp_path, capsys):
    name = "lab-" + uuid.uuid4().hex[:8]
    asked = {"subscription_id": "sub", "resource_group": "group", "location": "eastus2"}
    made = Workspace.create(name, create_resource_group=True, **asked)
    said = capsys.readouterr().out
    assert said.startswith(f"Deploying Workspace with name {name}.\nDeployed Workspace with name")
    assert (
        repr(made)
        == f"Workspace.create(name='{name}', subscription_id='sub', resource_group='group')"
    )
    made.write_config(path=os.fspath(tmp_path))
    again = Workspace.from_config(os.fspath(tmp_path))
    assert (again.name, again.resource_group) == (name, "group")
    assert again.experiments == {} and again.webservices == again.images == again.tags == {}
    with pytest.raises(WorkspaceException, match=r"already exists\. Use exist_ok=True"):
        Workspace.create(name, **asked)
    for one in (made, again):
        one.client.close()


def test_a_workspace_is_described_by_who_owns_it(at_home):
    name = "lab-" + uuid.uuid4().hex[:8]
    made = Workspace.create(name, friendly_name="The Lab", tags={"team": "a"}, show_output=False)
    assert (made.friendly_name, made.description, made.tags) == ("The Lab", "", {"team": "a"})
    details = made.update(description="cameras", tags={"site": 2, "draft": None})
    assert details == made.get_details()
    assert details["tags"] == made.tags == {"site": "2", "draft": ""}
    assert (details["friendlyName"], details["description"]) == ("The Lab", "cameras")
    made.update(friendly_name="", tags={})
    assert (made.friendly_name, made.tags, made.description) == (name, {}, "cameras")
    with pytest.raises(UserErrorException, match="100"):
        made.update(friendly_name="x" * 101)
    made.client.close()


def test_the_workspaces_of_a_token_are_listed_and_found(at_home):
    name = at_home.name
    listed = Workspace.list("any")
    assert list(listed) == [name] and [one.name for one in listed[name]] == [name]
    found = Workspace.create(name, exist_ok=True)
    assert found.name == Workspace.get(name).name == name
    with pytest.raises(WorkspaceException, match=f"No workspaces found with name=gone.*{name}"):
        Workspace.get("gone")
    with pytest.raises(UserErrorException, match="between 3 and 33 characters long"):
        Workspace.create("a b")


def test_whatever_signs_in_is_the_token_of_the_config(at_home):
    header = {"Authorization": "Bearer " + at_home.client.token}
    assert InteractiveLoginAuthentication(tenant_id="x").get_authentication_header() == header
    by_password = ServicePrincipalAuthentication("tenant", "me", "secret")
    assert by_password.get_authentication_header() == header and not vars(by_password)


def test_an_empty_experiment_is_listed_and_deleted(workspace):
    name = "exp-" + uuid.uuid4().hex[:8]
    experiment = Experiment(workspace, name)
    experiment.refresh()
    assert [one.id for one in Experiment.list(workspace, name)] == [name]
    run = experiment.start_logging(snapshot_directory=None)
    run.complete()
    with pytest.raises(UserErrorException, match="has 1 runs"):
        Experiment.delete(workspace, name)
    empty = Experiment(workspace, name + "-b")
    Experiment.delete(workspace, empty.id)
    assert Experiment.list(workspace, empty.name) == []
    with pytest.raises(UserErrorException, match=empty.name):
        empty.refresh()

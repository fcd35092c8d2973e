"""Workspace: where everything else is reached from; from_config() finds it."""

import os
import re
import time
from typing import Any, Dict, List, Mapping, Optional

from trainyard import _compute, _config, _errors
from trainyard._client import Client
from trainyard._dataset import Dataset
from trainyard._datastore import DEFAULT, Datastore
from trainyard._environment import Environment
from trainyard._experiment import Experiment, texts
from trainyard._model import Model
from trainyard._notebook import ShownWorkspace
from trainyard._place import Place
from trainyard._run import Run
from trainyard._transport import quoted
from trainyard._unbuilt import unbuilt

NAME = re.compile(r"[a-zA-Z0-9][\w\-]{2,32}\Z", re.ASCII)
NAME_RULE = (
    "Workspace name must be between 3 and 33 characters long. Its first character has to be"
    " alphanumeric, and the rest may contain hyphens and underscores. No whitespace is allowed."
)
EXISTS = (
    "Workspace with name '{0}' already exists. Use exist_ok=True to get it, Workspace.from_config()"
    " with its own config.json, or choose another name."
)


class Workspace(ShownWorkspace, Place):
    """A workspace of a studio. Everything else is reached through it; from_config() finds it."""

    DEFAULT_CPU_CLUSTER_NAME = "cpu-cluster"
    DEFAULT_GPU_CLUSTER_NAME = "gpu-cluster"

    def __init__(
        self,
        subscription_id: str,
        resource_group: str,
        workspace_name: str,
        auth: Any = None,
        sku: str = "basic",
        tags: Optional[Dict[str, str]] = None,
        *,
        _config_found: Optional[_config.Config] = None,
        _socket: Optional[str] = None,
    ):
        """Connect to a workspace by name; the studio's address comes from a config.json.

        auth, sku and tags mean nothing here: the token of the config.json signs in.
        Raises UserErrorException when there is no such workspace, config or token.
        """
        config = _config_found or _config.read(_config.find())
        self._config = config._replace(
            subscription_id=subscription_id,
            resource_group=resource_group,
            workspace_name=workspace_name,
        )
        client = Client(config.url, config.token, _socket)
        super().__init__(client, workspace_name, subscription_id, resource_group)

    @staticmethod
    def from_config(
        path: Optional[str] = None,
        auth: Any = None,
        _logger: Any = None,
        _file_name: Optional[str] = None,
    ) -> "Workspace":
        """Return the workspace that the nearest config.json names, after asking the studio.

        In a job, where no config.json goes along, it is the workspace of the run.
        Raises UserErrorException: no config, a wrong token, no such workspace; Unreachable.
        """
        try:
            config = _config.read(_config.find(path, _file_name))
        except _errors.UserErrorException:
            found = _config.of_script(os.environ) if path is None else None
            if found is None:
                raise
            return of_script(found, os.environ)
        workspace = _of(config)
        names = [item["name"] for item in workspace.client.items("workspaces")]
        if config.workspace_name not in names:
            raise _errors.UserErrorException(
                "No workspaces found with name={}; this token reaches: {}".format(
                    config.workspace_name, ", ".join(names) or "none"
                )
            )
        return workspace

    @staticmethod
    def get(
        name: str,
        auth: Any = None,
        subscription_id: Optional[str] = None,
        resource_group: Optional[str] = None,
        location: Optional[str] = None,
        cloud: str = "AzureCloud",
        id: Optional[str] = None,
    ) -> "Workspace":
        """Return the workspace `name` of the studio that the nearest config.json names.

        Raises WorkspaceException for one that its token does not reach.
        """
        config = _config.read(_config.find())
        group, owner = resource_group or config.resource_group, subscription_id
        owner = owner or config.subscription_id
        config = config._replace(resource_group=group, subscription_id=owner)
        if name not in _reached(config):
            raise _errors.WorkspaceException(
                "No workspaces found with name={} in resource_group={} in subscription={}; the"
                " token of this config.json reaches: {}".format(
                    name, group, owner, ", ".join(_reached(config)) or "none"
                )
            )
        return _of(config._replace(workspace_name=name))

    @staticmethod
    def list(
        subscription_id: str, auth: Any = None, resource_group: Optional[str] = None
    ) -> "Dict[str, List[Workspace]]":
        """Return name → [workspace] of those that the token of the nearest config.json reaches."""
        config = _config.read(_config.find())
        return {name: [_of(config._replace(workspace_name=name))] for name in _reached(config)}

    @staticmethod
    def create(
        name: str,
        auth: Any = None,
        subscription_id: Optional[str] = None,
        resource_group: Optional[str] = None,
        location: Optional[str] = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: Optional[Dict[str, str]] = None,
        friendly_name: Optional[str] = None,
        storage_account: Optional[str] = None,
        key_vault: Optional[str] = None,
        app_insights: Optional[str] = None,
        container_registry: Optional[str] = None,
        adb_workspace: Any = None,
        primary_user_assigned_identity: Optional[str] = None,
        cmk_keyvault: Optional[str] = None,
        resource_cmk_uri: Optional[str] = None,
        hbi_workspace: bool = False,
        default_cpu_compute_target: Any = None,
        default_gpu_compute_target: Any = None,
        private_endpoint_config: Any = None,
        private_endpoint_auto_approval: bool = True,
        exist_ok: bool = False,
        show_output: bool = True,
        user_assigned_identity_for_cmk_encryption: Optional[str] = None,
        system_datastores_auth_mode: str = "accessKey",
        v1_legacy_mode: Optional[bool] = None,
    ) -> "Workspace":
        """Make a workspace in the studio that the nearest config.json names, and return it.

        friendly_name, tags: what is written on it; update() changes that.   exist_ok: return the
        one of that name as it is, where the token reaches it. The studio has what a
        workspace needs: accounts, vaults and places of a cloud mean nothing here. Only an
        administrator's token may make one.
        Raises UserErrorException for the name, WorkspaceException for one that is there already,
        NotAllowed.
        """
        if not isinstance(name, str) or not NAME.match(name):
            raise _errors.UserErrorException(NAME_RULE)
        config = _config.read(_config.find())
        config = config._replace(
            subscription_id=subscription_id or config.subscription_id,
            resource_group=resource_group or config.resource_group,
        )
        if name in _reached(config):
            if exist_ok:
                return _of(config._replace(workspace_name=name))
            raise _errors.WorkspaceException(EXISTS.format(name))
        words = {"friendly_name": friendly_name, "tags": texts(tags)}
        return _of(_made(config, name, words, show_output))

    def write_config(self, path: Optional[str] = None, file_name: Optional[str] = None) -> None:
        """Write `<path>/.azureml/config.json` with this workspace and the token in use."""
        _config.write(self._config, path, file_name)

    def get_default_datastore(self) -> Datastore:
        """Return the workspace's own store of files."""
        return Datastore(self)

    def set_default_datastore(self, name: str) -> None:
        """There is one datastore, and it is the default. Raises UserErrorException for another."""
        Datastore(self, name)

    @property
    def datastores(self) -> Dict[str, Datastore]:
        """Name → datastore; there is one."""
        return {DEFAULT: Datastore(self)}

    @property
    def datasets(self) -> Mapping[str, Any]:
        """Name → the newest version of each dataset; each is asked for when looked at."""
        return Dataset.get_all(self)

    @property
    def location(self) -> str:
        """Where it runs: this studio's host."""
        return "local"

    @property
    def sku(self) -> str:
        """Always "Basic"; there is one kind of workspace."""
        return "Basic"

    @property
    def experiments(self) -> Dict[str, Experiment]:
        """Name → experiment, without those that are archived."""
        return {experiment.name: experiment for experiment in Experiment.list(self)}

    @property
    def models(self) -> Dict[str, Model]:
        """Name → its newest version."""
        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def environments(self) -> Dict[str, Environment]:
        """Name → its newest version, curated ones included."""
        return Environment.list(self)

    @property
    def compute_targets(self) -> Dict[str, _compute.ComputeTarget]:
        """Name → cluster, each of its exact class."""
        return _compute.all_of(self)

    def get_default_compute_target(self, type: str) -> Optional[_compute.ComputeTarget]:
        """Return the usual cluster of type "CPU" or "GPU"; None where there is none."""
        is_gpu = str(type).upper() == "GPU"
        name = self.DEFAULT_GPU_CLUSTER_NAME if is_gpu else self.DEFAULT_CPU_CLUSTER_NAME
        return self.compute_targets.get(name)

    def get_run(self, run_id: str) -> Run:
        """Return a run of any experiment of this workspace: a PipelineRun where it is one.

        Raises UserErrorException.
        """
        return self._run_of(self.client.get("runs/" + run_id))

    def _run_of(self, answer: Dict[str, Any]) -> Run:
        home = Experiment(self, answer["experiment"], _known=True)
        return Run._of(home, answer)

    @property
    def tags(self) -> Dict[str, str]:
        """Name → text; the studio is asked."""
        return dict(self._said()["tags"])

    @property
    def friendly_name(self) -> str:
        """What people call it: its name where nobody chose another; the studio is asked."""
        return str(self._said()["friendly_name"]) or self.name

    @property
    def description(self) -> str:
        """What its owners wrote on it; "" where they wrote nothing. The studio is asked."""
        return str(self._said()["description"])

    def _said(self) -> Dict[str, Any]:
        return dict(self.client.get(self._path()))

    def _path(self) -> str:
        return "workspaces/" + quoted(self.name)

    def update(
        self,
        friendly_name: Optional[str] = None,
        description: Optional[str] = None,
        tags: Optional[Dict[str, Any]] = None,
        image_build_compute: Any = None,
        service_managed_resources_settings: Any = None,
        primary_user_assigned_identity: Any = None,
        allow_public_access_when_behind_vnet: Optional[bool] = None,
        v1_legacy_mode: Optional[bool] = None,
    ) -> Dict[str, Any]:
        """Change what is written on the workspace, and return get_details().

        None leaves as it is; tags take the place of those there were. Its owners and the studio's
        administrators may. The other arguments are of a cloud and mean nothing here.
        Raises UserErrorException, NotAllowed.
        """
        words: Dict[str, Any] = {"friendly_name": friendly_name, "description": description}
        words = {key: str(text) for key, text in words.items() if text is not None}
        if tags is not None:
            gone = {name: None for name in self.tags if name not in tags}
            words["tags"] = dict(texts(tags), **gone)
        self.client.patch(self._path(), words)
        return self.get_details()

    @property
    def webservices(self) -> Dict[str, Any]:
        """Always empty: this studio serves no models."""
        return {}

    @property
    def images(self) -> Dict[str, Any]:
        """Always empty: images of the v1 SDK were of services; those of runs are Environments."""
        return {}

    def get_details(self) -> Dict[str, Any]:
        """Return what it is, as a dict with the v1 SDK's keys; the studio is asked."""
        said = self._said()
        return {
            "id": "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices"
            "/workspaces/{}".format(self.subscription_id, self.resource_group, self.name),
            "name": self.name,
            "location": self.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "sku": self.sku,
            "tags": said["tags"],
            "friendlyName": said["friendly_name"] or self.name,
            "description": said["description"],
            "creationTime": said["created_at"],
            "provisioningState": "Succeeded",
            "discoveryUrl": self.client.url + "/api/v1/",
        }

    def get_portal_url(self) -> str:
        """Return the address of the studio."""
        return self.client.url + "/"


for _name, _instead in (
    ("delete", "the studio's administrator; runs are removed on their pages"),
    ("get_default_keyvault", "a variable of the run: RunConfiguration.environment_variables"),
    ("get_mlflow_tracking_uri", "run.log in the script, and run.get_metrics()"),
):
    setattr(Workspace, _name, unbuilt("Workspace." + _name, _instead))


def _of(config: _config.Config) -> Workspace:
    return Workspace(
        config.subscription_id,
        config.resource_group,
        config.workspace_name,
        _config_found=config,
    )


def _reached(config: _config.Config) -> List[str]:
    """Return the names of the workspaces that a token reaches."""
    client = Client(config.url, config.token)
    try:
        return [str(item["name"]) for item in client.items("workspaces")]
    finally:
        client.close()


def _made(
    config: _config.Config, name: str, words: Dict[str, Any], show_output: bool
) -> _config.Config:
    """Make a workspace, saying so as the v1 SDK does; return what reaches it."""
    began = time.monotonic()
    if show_output:
        print("Deploying Workspace with name {}.".format(name))
    client = Client(config.url, config.token)
    try:
        said = {key: value for key, value in words.items() if value}
        answer = client.post("workspaces", dict(said, name=name), repeatable=False)
    except _errors.Conflict:
        raise _errors.WorkspaceException(EXISTS.format(name)) from None
    finally:
        client.close()
    if show_output:
        took = time.monotonic() - began
        print("Deployed Workspace with name {}. Took {:.2f} seconds.".format(name, took))
    return config._replace(workspace_name=name, token=str(answer["token"]))


def of_script(config: _config.Config, environ: Mapping[str, str]) -> Workspace:
    """Return the workspace of the run whose script this is."""
    return Workspace(
        config.subscription_id,
        config.resource_group,
        config.workspace_name,
        _config_found=config,
        _socket=environ.get("TRAINYARD_SOCKET"),
    )

"""Workspace, Experiment and Run: three classes that name each other, so they share a module.

What they do lies in the modules below: `_remote_run`, `_spool`, `_snapshot`, `_model`, ….
"""

import os
import re
import shutil
import sys
import tempfile
from typing import Any, Callable, Dict, Iterator, Optional, Union

from trainyard import _compute, _config, _errors, _snapshot
from trainyard._client import Client
from trainyard._environment import Environment
from trainyard._logging import Logging
from trainyard._model import Model
from trainyard._offline import OfflineRun
from trainyard._place import Group, Place
from trainyard._remote_run import RemoteRun
from trainyard._runconfig import ScriptRunConfig
from trainyard._spool import Spool

EXPERIMENT_NAME = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}\Z", re.ASCII)


def _unbuilt(call: str, instead: str) -> Callable[..., Any]:
    """Return a method that says that the studio does not have this call yet."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise _errors.not_built(call, instead)

    refuse.__name__ = call.rsplit(".", 1)[-1]
    refuse.__doc__ = "Not part of this studio yet. Instead: " + instead
    return refuse


class Workspace(Place):
    """A workspace of a studio. Everything else is reached through it; from_config() finds it."""

    DEFAULT_CPU_CLUSTER_NAME = "cpu-cluster"
    DEFAULT_GPU_CLUSTER_NAME = "gpu-cluster"

    def __init__(
        self,
        subscription_id: str,
        resource_group: str,
        workspace_name: str,
        auth: Any = None,
        *,
        _config_found: Optional[_config.Config] = None,
        _socket: Optional[str] = None,
    ):
        """Connect to a workspace by name; the studio's address comes from a config.json.

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
            run = _run_of_this_process(os.environ) if path is None else None
            if run is None:
                raise
            workspace = run.experiment.workspace
            assert isinstance(workspace, Workspace)
            return workspace
        workspace = Workspace(
            config.subscription_id,
            config.resource_group,
            config.workspace_name,
            _config_found=config,
        )
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
        **unused: Any,
    ) -> "Workspace":
        """Return the workspace `name` of the studio that the nearest config.json names."""
        config = _config.read(_config.find())
        return Workspace(
            subscription_id or config.subscription_id,
            resource_group or config.resource_group,
            name,
            _config_found=config,
        )

    def write_config(self, path: Optional[str] = None, file_name: Optional[str] = None) -> None:
        """Write `<path>/.azureml/config.json` with this workspace and the token in use."""
        _config.write(self._config, path, file_name)

    create = staticmethod(
        _unbuilt(
            "Workspace.create", "make the workspace in the studio, then Workspace.from_config()"
        )
    )
    get_default_datastore = _unbuilt(
        "Workspace.get_default_datastore",
        "read data in the script, or put small files into the source folder",
    )

    @property
    def location(self) -> str:
        """Where it runs: this studio's host."""
        return "local"

    @property
    def sku(self) -> str:
        return "Basic"

    @property
    def experiments(self) -> Dict[str, "Experiment"]:
        found = self.client.items(self.api("experiments"))
        return {item["name"]: Experiment(self, item["name"], _known=True) for item in found}

    @property
    def models(self) -> Dict[str, Model]:
        return {model.name: model for model in Model.list(self)}

    @property
    def environments(self) -> Dict[str, Environment]:
        return Environment.list(self)

    @property
    def compute_targets(self) -> Dict[str, _compute.ComputeTarget]:
        return _compute.all_of(self)

    def get_default_compute_target(self, type: str) -> Optional[_compute.ComputeTarget]:
        """Return the usual cluster of type "CPU" or "GPU"; None where there is none."""
        is_gpu = str(type).upper() == "GPU"
        name = self.DEFAULT_GPU_CLUSTER_NAME if is_gpu else self.DEFAULT_CPU_CLUSTER_NAME
        return self.compute_targets.get(name)

    def get_run(self, run_id: str) -> "Run":
        """Return a run of any experiment of this workspace. Raises UserErrorException."""
        return self._run_of(self.client.get("runs/" + run_id))

    def _run_of(self, answer: Dict[str, Any]) -> "Run":
        home = Experiment(self, answer["experiment"], _known=True)
        return Run(home, answer["run_id"], _answer=answer)

    def get_details(self) -> Dict[str, Any]:
        return {
            "id": "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices"
            "/workspaces/{}".format(self.subscription_id, self.resource_group, self.name),
            "name": self.name,
            "location": self.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
        }

    def get_portal_url(self) -> str:
        """Return the address of the studio."""
        return self.client.url + "/"


class Experiment(Group):
    """Runs under one name; made in the studio if it is new. Raises UserErrorException."""

    def __init__(self, workspace: Place, name: str, *, _known: bool = False):
        if not EXPERIMENT_NAME.match(name or ""):
            raise _errors.UserErrorException(
                "Experiment name {!r} must be between 1 and 255 characters long. Its first"
                " character has to be alphanumeric, and the rest may contain hyphens and"
                " underscores. No whitespace is allowed.".format(name)
            )
        super().__init__(workspace, name)
        if not _known:
            workspace.client.post(workspace.api("experiments"), {"name": name})

    def submit(
        self, config: ScriptRunConfig, tags: Optional[Dict[str, str]] = None, **unused: Any
    ) -> "Run":
        """Send the source folder, start a run of it, and return at once.

        Raises SnapshotException, ExperimentExecutionException, UserErrorException,
        ComputeTargetException (naming the clusters there are); nothing is left behind then.
        """
        if not isinstance(config, ScriptRunConfig):
            raise _errors.not_built(
                "Experiment.submit({})".format(type(config).__name__), "a ScriptRunConfig"
            )
        client, order = self.workspace.client, config.order()
        order["experiment"] = self.name
        order["tags"] = {str(k): "" if v is None else str(v) for k, v in (tags or {}).items()}
        order["snapshot"] = _snapshot.take(client, self.workspace.name, config.source_directory)
        answer = client.post(self.workspace.api("runs"), order, repeatable=False)
        return Run(self, answer["run_id"], _answer=answer)

    def get_runs(self, **filters: Any) -> Iterator["Run"]:
        """Yield the experiment's runs, newest first."""
        if any(value for value in filters.values()):
            raise _errors.not_built(
                "Experiment.get_runs({}=...)".format(", ".join(filters)), "filter its runs by hand"
            )
        for answer in self.workspace.client.items(self.workspace.api("runs"), experiment=self.name):
            yield Run(self, answer["run_id"], _answer=answer)

    def get_portal_url(self) -> str:
        return "{}/w/{}/experiments/{}/".format(
            self.workspace.client.url, self.workspace.name, self.name
        )

    start_logging = _unbuilt("Experiment.start_logging", "experiment.submit(ScriptRunConfig(...))")


class Run(Logging, RemoteRun):
    """A run: one to look at (by its id), or, in its own script, the one to log to."""

    _current: Union[None, "Run", OfflineRun] = None

    @classmethod
    def get_context(
        cls, allow_offline: bool = True, used_for_context_manager: bool = False, **unused: Any
    ) -> Any:
        """Return the run that this script is; elsewhere an offline one that prints.

        Nothing is asked over the network for it. Raises RunEnvironmentException where there is
        no run and allow_offline is False.
        """
        if Run._current is None or (not allow_offline and isinstance(Run._current, OfflineRun)):
            Run._current = _run_of_this_process(os.environ)
        if Run._current is None:
            if not allow_offline:
                raise _errors.RunEnvironmentException(
                    "this process is not a run of a studio: AZUREML_RUN_ID and TRAINYARD_SPOOL"
                    " are not set; submit the script, or allow an offline run"
                )
            Run._current = OfflineRun()
        return Run._current

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> "Run":
        return workspace.get_run(run_id)

    # --- in the script ------------------------------------------------------------
    def upload_file(
        self, name: str, path_or_stream: Any, datastore_name: Optional[str] = None
    ) -> None:
        """Keep a file, or an open binary stream, as the run's file `name`; a copy is made now."""
        spool = self._spool_for("Run.upload_file")
        if not hasattr(path_or_stream, "read"):
            spool.upload(name, os.path.expanduser(os.fspath(path_or_stream)))
            return
        with tempfile.NamedTemporaryFile() as copy:
            shutil.copyfileobj(path_or_stream, copy)
            copy.flush()
            spool.upload(name, copy.name)

    def get_metrics(
        self,
        name: Optional[str] = None,
        recursive: bool = False,
        run_type: Optional[str] = None,
        populate: bool = False,
    ) -> Dict[str, Any]:
        """Return name → value, list or dict of columns, as it was logged; see RemoteRun."""
        self.flush(5)
        return super().get_metrics(name, recursive, run_type, populate)

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A worker process that it is sent to is of the same run.
        return super().__reduce_ex__(protocol) if self._spool is None else (Run.get_context, ())

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *error: Any) -> None:
        self.flush()

    def complete(self, _set_status: bool = True) -> None:
        """Wait until what was logged is kept; the exit code of the script decides its state."""
        self.flush()

    def set_tags(self, tags: Dict[str, Any]) -> None:
        """Set tags; in the script a studio that is away is said on stderr, not raised."""
        try:
            super().set_tags(tags)
        except _errors.Unreachable as error:
            if self._spool is None:
                raise
            sys.stderr.write("trainyard: tags were not set: {}\n".format(error.message))

    @property
    def input_datasets(self) -> Dict[str, str]:
        raise _errors.not_built("Run.input_datasets", "the path of the data as an argument")


_LOOP = "submit the runs one by one in a loop"
for _name, _instead in (
    ("upload_folder", "write the files to ./outputs"),
    ("child_run", _LOOP),
    ("create_children", _LOOP),
    ("submit_child", _LOOP),
    ("get_children", "experiment.get_runs()"),
    ("fail", "raise an exception, or end the script with another exit code than 0"),
    ("restore_snapshot", "the Code tab of the run's page"),
):
    setattr(Run, _name, _unbuilt("Run." + _name, _instead))


def _run_of_this_process(environ: Any) -> Optional[Run]:
    """Return the run whose script this is, by the variables that its driver set."""
    run_id, spool = environ.get("AZUREML_RUN_ID"), environ.get("TRAINYARD_SPOOL")
    if not run_id or not spool:
        return None
    subscription = environ.get("AZUREML_ARM_SUBSCRIPTION", "trainyard")
    group = environ.get("AZUREML_ARM_RESOURCEGROUP", "trainyard")
    name = environ.get("AZUREML_ARM_WORKSPACE_NAME", "default")
    url = environ.get("TRAINYARD_URL") or environ.get("AZUREML_SERVICE_ENDPOINT", "")
    config = _config.Config(subscription, group, name, url, environ.get("AZUREML_RUN_TOKEN", ""))
    workspace = Workspace(
        subscription, group, name, _config_found=config, _socket=environ.get("TRAINYARD_SOCKET")
    )
    home = environ.get("AZUREML_ARM_PROJECT_NAME") or run_id.rsplit("_", 2)[0]
    # Facts are asked for when somebody wants them: the studio may be away just now.
    run = Run(Experiment(workspace, home, _known=True), run_id, _answer={})
    run._spool = Spool(spool)
    return run

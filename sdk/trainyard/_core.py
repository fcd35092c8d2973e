"""Workspace, Experiment and Run: three classes that name each other, so they share a module.

What they do lies in the modules below: `_remote_run`, `_spool`, `_snapshot`, `_model`, ….
"""

import os
import re
import shutil
import sys
import tempfile
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

from trainyard import _compute, _config, _errors, _sending, _snapshot
from trainyard._client import Client
from trainyard._dataset import Dataset, of_input
from trainyard._datasets import inputs
from trainyard._datastore import DEFAULT, Datastore
from trainyard._environment import Environment
from trainyard._logging import Logging
from trainyard._model import Model
from trainyard._offline import OfflineRun
from trainyard._place import Group, Place
from trainyard._remote_run import RemoteRun
from trainyard._runconfig import ScriptRunConfig
from trainyard._spool import Spool
from trainyard._unbuilt import unbuilt

EXPERIMENT_NAME = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}\Z", re.ASCII)


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
        unbuilt(
            "Workspace.create", "make the workspace in the studio, then Workspace.from_config()"
        )
    )

    def get_default_datastore(self) -> Datastore:
        """Return the workspace's own store of files."""
        return Datastore(self)

    def set_default_datastore(self, name: str) -> None:
        """There is one datastore, and it is the default. Raises UserErrorException for another."""
        Datastore(self, name)

    @property
    def datastores(self) -> Dict[str, Datastore]:
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
        return "Basic"

    @property
    def experiments(self) -> Dict[str, "Experiment"]:
        found = self.client.items(self.api("experiments"))
        return {item["name"]: Experiment(self, item["name"], _known=True) for item in found}

    @property
    def models(self) -> Dict[str, Model]:
        return {model.name: model for model in Model.list(self, latest=True)}

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
        client, order = self.workspace.client, config.order(self.workspace)
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

    start_logging = unbuilt("Experiment.start_logging", "experiment.submit(ScriptRunConfig(...))")


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
        """Keep a file, or an open binary stream, as the run's file `name`, a copy of it now.

        Raises UserErrorException for a name that was used already; outside of its script, Conflict.
        """
        if not hasattr(path_or_stream, "read"):
            self._keep_files([(name, os.path.expanduser(os.fspath(path_or_stream)))])
            return
        with tempfile.NamedTemporaryFile() as copy:
            shutil.copyfileobj(path_or_stream, copy)
            copy.flush()
            self._keep_files([(name, copy.name)])

    def upload_folder(self, name: str, path: str, datastore_name: Optional[str] = None) -> None:
        """Keep all files of a folder as the run's files below `name`, as upload_file does."""
        self._keep_files(_sending.below(path, name))

    def _keep_files(self, files: List[_sending.File]) -> None:
        """Hand files over: in the run's script to its driver, elsewhere to the studio."""
        if self._spool is None:
            sent = {"files": _sending.send(self._experiment.workspace, files)}
            self._client.post(self._base + "/uploads", sent)
            return
        for there, here in files:
            self._spool.upload(there, here)

    def upload_files(
        self,
        names: List[str],
        paths: List[str],
        return_artifacts: bool = False,
        timeout_seconds: Optional[int] = None,
        datastore_name: Optional[str] = None,
    ) -> None:
        """Keep files as the run's files `names`, one each. Raises UserErrorException."""
        if len(names) != len(paths):
            raise _errors.UserErrorException(
                "{} names were given for {} paths".format(len(names), len(paths))
            )
        for there, here in zip(names, paths):
            self.upload_file(there, here)

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
    def input_datasets(self) -> Dict[str, Any]:
        """Name → path of each input in the script, and the Dataset where the mode is direct.

        Outside of the script: name → Dataset.
        """
        workspace = self._experiment.workspace
        if self._spool is None:
            told = {one["name"]: one for one in self._fetch().get("inputs") or ()}
            return {
                n: of_input(workspace, one["dataset"] or one["tree"]) for n, one in told.items()
            }
        found = inputs.of_script(os.environ)
        return {
            name: of_input(workspace, value) if mode == "direct" else value
            for name, (mode, value) in found.items()
        }


_LOOP = "submit the runs one by one in a loop"
for _name, _instead in (
    ("child_run", _LOOP),
    ("create_children", _LOOP),
    ("submit_child", _LOOP),
    ("get_children", "experiment.get_runs()"),
    ("fail", "raise an exception, or end the script with another exit code than 0"),
    ("restore_snapshot", "the Code tab of the run's page"),
):
    setattr(Run, _name, unbuilt("Run." + _name, _instead))


def _run_of_this_process(environ: Any) -> Optional[Run]:
    """Return the run whose script this is, by the variables that its driver set."""
    config = _config.of_script(environ)
    if config is None:
        return None
    run_id, spool = environ["AZUREML_RUN_ID"], environ["TRAINYARD_SPOOL"]
    workspace = Workspace(
        config.subscription_id,
        config.resource_group,
        config.workspace_name,
        _config_found=config,
        _socket=environ.get("TRAINYARD_SOCKET"),
    )
    home = environ.get("AZUREML_ARM_PROJECT_NAME") or run_id.rsplit("_", 2)[0]
    # Facts are asked for when somebody wants them: the studio may be away just now.
    run = Run(Experiment(workspace, home, _known=True), run_id, _answer={})
    run._spool = Spool(spool)
    return run

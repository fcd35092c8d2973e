"""Experiment: runs under one name; submitting and starting others."""

import os
import re
import sys
from typing import Any, Dict, Iterator, List, Optional

from trainyard import _errors, _snapshot
from trainyard._children import Marks
from trainyard._notebook import ShownExperiment
from trainyard._place import Group, Place
from trainyard._run import Run
from trainyard._runconfig import ScriptRunConfig
from trainyard._transport import quoted
from trainyard._unbuilt import unbuilt

EXPERIMENT_NAME = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}\Z", re.ASCII)
NO_SNAPSHOT = (
    "{}\nFailed to take a snapshot of {}. Pass snapshot_directory=None to start_logging to skip"
    " taking a snapshot of the given directory."
)
TAGS = "tags of its runs: run.set_tags, experiment.get_runs(tags=...)"
ARCHIVE = "archiving its runs on the experiment's page; an experiment without runs does no harm"


class Experiment(ShownExperiment, Group):
    """Runs under one name; made in the studio if it is new. Raises UserErrorException."""

    def __init__(self, workspace: Place, name: str, *, _known: bool = False, **unused: Any):
        if not isinstance(name, str) or not EXPERIMENT_NAME.match(name):
            raise _errors.UserErrorException(
                "Experiment name {!r} must be between 1 and 255 characters long. Its first"
                " character has to be alphanumeric, and the rest may contain hyphens and"
                " underscores. No whitespace is allowed.".format(name)
            )
        super().__init__(workspace, name)
        if not _known:
            workspace.client.post(workspace.api("experiments"), {"name": name})

    @property
    def id(self) -> str:
        """What names it in its workspace; here that is its name."""
        return self.name

    @staticmethod
    def list(
        workspace: Place,
        experiment_name: Optional[str] = None,
        view_type: str = "ActiveOnly",
        tags: Marks = None,
    ) -> "List[Experiment]":
        """Return the experiments of a workspace, newest first, or the one of that name.

        None is archived, so view_type "ArchivedOnly" finds none.
        """
        if tags:
            raise _errors.not_built("Experiment.list(tags=...)", "Run.list(experiment, tags=...)")
        names = [item["name"] for item in workspace.client.items(workspace.api("experiments"))]
        return [
            Experiment(workspace, name, _known=True)
            for name in names
            if experiment_name in (None, name) and view_type != "ArchivedOnly"
        ]

    @staticmethod
    def delete(workspace: Place, experiment_id: str) -> None:
        """Delete an experiment that has no runs, by its `id`, which is its name.

        Raises UserErrorException for one that has some, or is not there.
        """
        path = workspace.api("experiments/" + quoted(str(experiment_id)))
        count = workspace.client.get(path + "/removal")["runs"]
        if count:
            raise _errors.UserErrorException(
                "experiment {} has {} runs, and only an empty one is deleted so; its page deletes"
                " it with them".format(experiment_id, count)
            )
        workspace.client.delete(path)

    def submit(
        self,
        config: ScriptRunConfig,
        tags: Optional[Dict[str, str]] = None,
        *,
        _properties: Optional[Dict[str, str]] = None,
        **unused: Any,
    ) -> Run:
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
        order["tags"] = _texts(tags)
        order["snapshot"] = _snapshot.take(client, self.workspace.name, config.source_directory)
        if _properties:
            order["properties"] = dict(order.get("properties") or {}, **_properties)
        answer = client.post(self.workspace.api("runs"), order, repeatable=False)
        return Run(self, answer["run_id"], _answer=answer)

    def start_logging(
        self,
        outputs: Optional[str] = None,
        snapshot_directory: Optional[str] = ".",
        display_name: Optional[str] = None,
        tags: Optional[Dict[str, str]] = None,
        **unused: Any,
    ) -> Run:
        """Begin a run here, in this notebook or script, and return it: it is Running.

        Log to it, then call complete() or fail(), or use it in a `with`. snapshot_directory: the
        folder that is kept as its code; None for none.   outputs: the folder whose files are kept
        as outputs/… when it completes; by default ./outputs.
        Raises SnapshotException for a folder that cannot be sent.
        """
        place = self.workspace
        order = {
            "experiment": self.name,
            "name": display_name or "",
            "tags": _texts(tags),
            "script": os.path.basename(sys.argv[0] or "") if sys.argv else "",
        }
        if snapshot_directory is not None:
            order["snapshot"] = self._code(os.fspath(snapshot_directory))
        path = place.api("runs/interactive")
        answer = place.client.post(path, order, repeatable=False)
        return Run._started(self, answer, outputs)

    def _code(self, folder: str) -> str:
        try:
            return _snapshot.take(self.workspace.client, self.workspace.name, folder)
        except _errors.SnapshotException as error:
            raise type(error)(NO_SNAPSHOT.format(error.message, folder)) from None

    def get_runs(
        self,
        type: Optional[str] = None,
        tags: Marks = None,
        properties: Marks = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """Yield the experiment's runs, newest first.

        type: "azureml.scriptrun".   tags, properties: a name, or a dict of names and values, that
        they must have.   include_children: also those that were begun in another run.
        """
        return Run.list(self, type, tags, properties, include_children=include_children)

    def get_portal_url(self) -> str:
        """Return the address of the experiment's page."""
        return "{}/w/{}/experiments/{}/".format(
            self.workspace.client.url, self.workspace.name, self.name
        )

    tags = property(unbuilt("Experiment.tags", TAGS))

    def refresh(self) -> None:
        """See that it is still there. Raises UserErrorException (NotFound)."""
        path = "experiments/{}/views".format(self.name)
        self.workspace.client.get(self.workspace.api(path))


def _texts(tags: Optional[Dict[str, Any]]) -> Dict[str, str]:
    return {str(key): "" if text is None else str(text) for key, text in (tags or {}).items()}


for _name, _instead in (
    ("tag", TAGS),
    ("set_tags", TAGS),
    ("remove_tags", TAGS),
    ("archive", ARCHIVE),
    ("reactivate", ARCHIVE),
):
    setattr(Experiment, _name, unbuilt("Experiment." + _name, _instead))

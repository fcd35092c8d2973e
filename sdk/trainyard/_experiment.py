"""Experiment: runs under one name; submitting and starting others."""

import os
import re
import sys
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Optional, Union, overload

from trainyard import _errors, _git, _snapshot
from trainyard._children import Marks, asked
from trainyard._notebook import ShownExperiment
from trainyard._place import Group, Place, Submittable
from trainyard._run import Run
from trainyard._runconfig import ScriptRunConfig
from trainyard._transport import quoted

if TYPE_CHECKING:  # What stands above is named for people's editors and checkers alone.
    from trainyard._pipelines.runs import PipelineRun

EXPERIMENT_NAME = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}\Z", re.ASCII)
NO_SNAPSHOT = (
    "{}\nFailed to take a snapshot of {}. Pass snapshot_directory=None to start_logging to skip"
    " taking a snapshot of the given directory."
)
# What view_type says → what the studio is asked for.
VIEWS = {"ActiveOnly": "0", "ArchivedOnly": "1", "All": "all"}
NEW_NAME = "reactivate(); links and scripts know an experiment by its name, which stays"


class Experiment(ShownExperiment, Group):
    """Runs under one name; made in the studio if it is new. Raises UserErrorException."""

    # What the studio says of it, as it was when last asked for; None before that.
    _facts: Optional[Dict[str, Any]] = None

    def __init__(self, workspace: Place, name: str, *, _known: bool = False, **unused: Any):
        if not isinstance(name, str) or not EXPERIMENT_NAME.match(name):
            raise _errors.UserErrorException(
                "Experiment name {!r} must be between 1 and 255 characters long. Its first"
                " character has to be alphanumeric, and the rest may contain hyphens and"
                " underscores. No whitespace is allowed.".format(name)
            )
        super().__init__(workspace, name)
        if not _known:
            self._facts = workspace.client.post(workspace.api("experiments"), {"name": name})

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

        view_type: "ActiveOnly", "ArchivedOnly" or "All".   tags: a name, or a dict of names and
        values, that they must have. Raises UserErrorException.
        """
        view = VIEWS.get(str(getattr(view_type, "value", view_type)))
        if view is None:
            raise _errors.UserErrorException(
                "view_type is one of {}, not {!r}".format(", ".join(VIEWS), view_type)
            )
        query = asked(tags, None)
        found = workspace.client.items(
            workspace.api("experiments"), archived=view, name=experiment_name, **query
        )
        return [Experiment._of(workspace, item) for item in found]

    @staticmethod
    def _of(workspace: Place, facts: Dict[str, Any]) -> "Experiment":
        """Return the experiment that the studio says this of."""
        experiment = Experiment(workspace, facts["name"], _known=True)
        experiment._facts = facts
        return experiment

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

    @overload
    def submit(
        self, config: Submittable, tags: Optional[Dict[str, str]] = None, **options: Any
    ) -> "PipelineRun": ...

    @overload
    def submit(
        self, config: ScriptRunConfig, tags: Optional[Dict[str, str]] = None, **options: Any
    ) -> Run: ...

    def submit(
        self,
        config: Union[ScriptRunConfig, Submittable],
        tags: Optional[Dict[str, str]] = None,
        *,
        _properties: Optional[Dict[str, str]] = None,
        _bar: Any = None,
        **options: Any,
    ) -> Run:
        """Send the source folder, start a run of it, and return at once.

        config: a ScriptRunConfig; or a Pipeline or PublishedPipeline, with pipeline_parameters=
        and continue_on_step_failure=, of which a PipelineRun is returned.
        Raises SnapshotException, ExperimentExecutionException, UserErrorException,
        ComputeTargetException (naming the clusters there are); nothing is left behind then.
        """
        if isinstance(config, Submittable):
            run: Run = config.submitted_to(self, tags, properties=_properties, **options)
            return run
        if not isinstance(config, ScriptRunConfig):
            raise _errors.not_built(
                "Experiment.submit({})".format(type(config).__name__),
                "a ScriptRunConfig, or a Pipeline",
            )
        client, order = self.workspace.client, config.order(self.workspace)
        folder = config.source_directory
        order["experiment"] = self.name
        order["tags"] = texts(tags)
        order["snapshot"] = _snapshot.take(client, self.workspace.name, folder, _bar)
        order["properties"] = dict(
            _git.properties(folder), **dict(order.get("properties") or {}, **(_properties or {}))
        )
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
        order: Dict[str, Any] = {
            "experiment": self.name,
            "name": display_name or "",
            "tags": texts(tags),
            "script": os.path.basename(sys.argv[0] or "") if sys.argv else "",
        }
        if snapshot_directory is not None:
            order["snapshot"] = self._code(os.fspath(snapshot_directory))
            order["properties"] = _git.properties(os.fspath(snapshot_directory))
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

        type: "azureml.scriptrun", "azureml.PipelineRun", "azureml.StepRun".   tags, properties:
        a name, or a dict of names and values, that they must have.   include_children: also those
        that were begun in another run.
        """
        return Run.list(self, type, tags, properties, include_children=include_children)

    def get_portal_url(self) -> str:
        """Return the address of the experiment's page."""
        return "{}/w/{}/experiments/{}/".format(
            self.workspace.client.url, self.workspace.name, self.name
        )

    # --- what is written on it ------------------------------------------------------------
    @property
    def tags(self) -> Dict[str, str]:
        """Name → text, as it was when last asked for; refresh() asks."""
        return dict(self._said()["tags"])

    @property
    def description(self) -> str:
        """A text of one's own, "" where there is none. Setting it changes it in the studio."""
        return str(self._said()["description"])

    @description.setter
    def description(self, text: Optional[str]) -> None:
        self._change({"description": "" if text is None else str(text)})

    def tag(self, key: str, value: Any = None) -> None:
        """Set one tag; one of the same name takes the new value. Raises UserErrorException."""
        self.set_tags({key: value})

    def set_tags(self, tags: Dict[str, Any]) -> None:
        """Set tags, name → text; others stay. Raises UserErrorException."""
        self._change({"tags": texts(tags)})

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Take tags away by their names; one that is not there is no error."""
        names = [tags] if isinstance(tags, str) else tags
        self._change({"tags": {str(name): None for name in names}})

    def archive(self) -> None:
        """Take it off the lists. Nothing is deleted; a new run in it brings it back."""
        self._change({"archived": True})

    def reactivate(self, new_name: Optional[str] = None) -> None:
        """Bring an archived experiment back to the lists, under the name it has."""
        if new_name is not None and new_name != self.name:
            raise _errors.not_built("Experiment.reactivate(new_name=...)", NEW_NAME)
        self._change({"archived": False})

    def refresh(self) -> None:
        """Ask the studio what is written on it now. Raises UserErrorException (NotFound)."""
        self._facts = self.workspace.client.get(self._path())

    def _said(self) -> Dict[str, Any]:
        if self._facts is None:
            self.refresh()
        return self._facts or {}

    def _change(self, words: Dict[str, Any]) -> None:
        self._facts = self.workspace.client.patch(self._path(), words)

    def _path(self) -> str:
        return self.workspace.api("experiments/" + quoted(self.name))


def texts(tags: Optional[Dict[str, Any]]) -> Dict[str, str]:
    """Return tags as the studio keeps them: texts, "" for None."""
    return {str(key): "" if text is None else str(text) for key, text in (tags or {}).items()}

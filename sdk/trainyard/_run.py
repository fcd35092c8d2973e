"""Run: one to look at by its id, or, in its own script, the one to log to."""

import importlib
import os
import sys
from typing import Any, Callable, Dict, Iterator, List, Optional, Union, cast

from trainyard import _children, _errors, _sending, _snapshot
from trainyard._children import Children, Marks
from trainyard._dataset import of_input
from trainyard._datasets import inputs, outputs
from trainyard._datastore import Datastore
from trainyard._lazy import shutil, tempfile
from trainyard._logging import Logging
from trainyard._notebook import ShownRun
from trainyard._offline import OfflineRun
from trainyard._place import Group, Place
from trainyard._remote_run import PIPELINE_RUN, STEP_RUN, type_of
from trainyard._spool import Spool
from trainyard._unbuilt import unbuilt

ENDED = ("Completed", "Failed", "Canceled")
NO_FILES = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # their snapshot


class Run(ShownRun, Logging, Children):
    """A run: one to look at (by its id), or, in its own script, the one to log to.

    Raises UserErrorException (NotFound) for an id that the studio does not know.
    """

    _current: Union[None, "Run", OfflineRun] = None
    # Finds the run of this process by its variables; _core knows the classes that takes.
    _found: Callable[[Any], Optional["Run"]]
    # Of a run that was begun by this process: what brings to the studio what it logs.
    _session: Any = None

    def __init__(
        self,
        experiment: Group,
        run_id: str,
        outputs: Any = None,
        *,
        _answer: Optional[Dict[str, Any]] = None,
        **unused: Any,
    ):
        super().__init__(experiment, run_id, _answer=_answer)

    @classmethod
    def get_context(
        cls, allow_offline: bool = True, used_for_context_manager: bool = False, **unused: Any
    ) -> "Run":
        """Return the run that this script is; elsewhere an OfflineRun, which prints.

        Nothing is asked over the network for it. Raises RunEnvironmentException where there is
        no run and allow_offline is False.
        """
        if Run._current is None or (not allow_offline and isinstance(Run._current, OfflineRun)):
            Run._current = Run._found(os.environ)
        if Run._current is None:
            if not allow_offline:
                raise _errors.RunEnvironmentException(
                    "this process is not a run of a studio: AZUREML_RUN_ID and TRAINYARD_SPOOL"
                    " are not set; submit the script, or allow an offline run"
                )
            Run._current = OfflineRun()
        # An offline one stands for a run: what a script calls is what a run has.
        return cast(Run, Run._current)

    @staticmethod
    def get(workspace: Place, run_id: str) -> "Run":
        """Return a run of any experiment of the workspace. Raises UserErrorException."""
        run: Run = workspace._run_of(workspace.client.get("runs/" + run_id))
        return run

    @classmethod
    def get_submitted_run(cls, **unused: Any) -> "Run":
        """Return get_context(allow_offline=False), as the v1 SDK called it before."""
        return cls.get_context(allow_offline=False)

    @staticmethod
    def list(
        experiment: Group,
        type: Optional[str] = None,
        tags: Marks = None,
        properties: Marks = None,
        status: Optional[str] = None,
        include_children: bool = False,
        _rehydrate_runs: bool = True,
    ) -> "Iterator[Run]":
        """Yield an experiment's runs, newest first.

        type: "azureml.scriptrun", "azureml.PipelineRun" or "azureml.StepRun".   tags, properties:
        a name, or a dict of names and values, that they must have.   include_children: also those
        that were begun in another run. Raises UserErrorException.
        """
        place = experiment.workspace
        query = _children.asked(tags, properties, status, include_children)
        for answer in place.client.items(place.api("runs"), experiment=experiment.name, **query):
            if _children.is_of_type(answer, type):
                yield Run._of(experiment, answer)

    @staticmethod
    def _of(experiment: Group, answer: Dict[str, Any]) -> "Run":
        """Return the run that the studio says this of: a PipelineRun or StepRun where it is one."""
        kind = type_of(answer)
        if kind not in (PIPELINE_RUN, STEP_RUN):
            return Run(experiment, answer["run_id"], _answer=answer)
        kinds = importlib.import_module("trainyard._pipelines.runs").KINDS
        run: Run = kinds[kind](experiment, answer["run_id"], _answer=answer)
        return run

    def _told(self, answer: Dict[str, Any]) -> "Run":
        return Run._of(self._experiment, answer)

    def _beside(self, run_id: str) -> "Run":
        if self._spool is not None and self._session is None:
            # A script has its id at once; the rest is asked for when somebody wants it.
            kind = PIPELINE_RUN if self.type == STEP_RUN else None
            return self._told({"run_id": run_id, "type": kind})
        return self._told(self._client.get("runs/" + run_id))

    @staticmethod
    def _started(experiment: Group, answer: Dict[str, Any], outputs: Optional[str]) -> "Run":
        """Return a run that the studio has begun for this process."""
        run = Run(experiment, answer["run_id"], _answer=answer)
        folder = os.path.abspath(os.path.expanduser(os.fspath(outputs or "outputs")))
        # Few scripts begin runs, and all pay for what is imported at the top.
        begin = importlib.import_module("trainyard._interactive").Session
        run._session = begin(run._client, run.id, answer.pop("token"), folder)
        run._spool = run._session.spool
        return run

    def _spool_outside(self) -> Spool:
        if os.environ.get("AZUREML_RUN_ID") == self._run_id:
            own = Run.get_context()  # its script looks at it by its id, and is its script still
            if own.id == self._run_id and own._spool is not None:
                self._spool = own._spool
                return own._spool
        interactive = importlib.import_module("trainyard._interactive")
        is_over = self._facts.get("state") in ENDED
        spool: Spool = interactive.outside(self._client, self._run_id, is_over).spool
        return spool

    def _flushed(self, timeout_s: float) -> bool:
        interactive = sys.modules.get("trainyard._interactive")
        begun = interactive and interactive.begun(self._client, self._run_id)
        own = super()._flushed(timeout_s)
        return own and (not begun or bool(begun.flush(timeout_s)))

    # --- below it ------------------------------------------------------------
    def child_run(
        self, name: Optional[str] = None, run_id: Optional[str] = None, outputs: Any = None
    ) -> "Run":
        """Begin a run below this one, here; log to it, then complete() it, or use `with`.

        name: it is called `<name of this run>><name>`.   run_id: an id of your own, of letters,
        numbers, hyphens and underscores; by default a UUID.   outputs: a folder whose files are
        kept as outputs/… when it completes; without one none are.
        Raises UserErrorException for an id that breaks the rule, Conflict for one that is taken.
        """
        order = {"name": name, "run_id": run_id}
        order = {key: str(text) for key, text in order.items() if text}
        return self._begun([order], outputs or os.devnull)[0]

    def create_children(
        self,
        count: Optional[int] = None,
        tag_key: Optional[str] = None,
        tag_values: "Optional[List[Any]]" = None,
    ) -> "List[Run]":
        """Begin `count` runs below this one, or one for each value of a tag; at most 100.

        Raises UserErrorException for neither or both.
        """
        return self._begun(_children.orders_of(count, tag_key, tag_values), os.devnull)

    def _begun(self, orders: "List[Dict[str, Any]]", outputs: Any) -> "List[Run]":
        return [Run._started(self._experiment, one, outputs) for one in self._begin(orders)]

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
        is_of_script = self._spool is not None and self._session is None
        return (Run.get_context, ()) if is_of_script else super().__reduce_ex__(protocol)

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Flush; one that this process has begun is completed, or failed with the error."""
        if self._session is None:
            self.flush()
        elif error is None:
            self.complete()
        else:
            self.fail("{}: {}".format(type(error).__name__, error))

    def start(self) -> None:
        """Nothing is left to do: a run that this process began is Running from then on."""

    def complete(self, _set_status: bool = True) -> None:
        """End an interactive run as Completed, with the files of ./outputs.

        In a script that was submitted it waits until what was logged is kept, and the exit code
        decides the state. Raises Conflict for a run of a cluster that has not ended.
        """
        self._end(None, _set_status)

    def fail(
        self, error_details: Any = None, error_code: Optional[str] = None, _set_status: bool = True
    ) -> None:
        """End an interactive run as Failed, with these words.

        In a script that was submitted they stand in its log, and the exit code decides the state.
        """
        words = "" if error_details is None else str(error_details)
        self._end({"type": str(error_code or ""), "message": words}, _set_status)

    def _end(self, error: Optional[Dict[str, str]], is_end: bool) -> None:
        if self._spool is not None and self._session is None:
            self.flush()
            if error is not None:
                sys.stderr.write("trainyard: Run.fail: {}\n".format(error["message"]))
            return
        if self._session is not None:
            self._session.finish()
            self._spool = None  # it is gone; what is logged from here on has no place
        self.flush()
        if is_end and (self._session is not None or not self._has_ended()):
            self._facts = self._client.post(self._base + "/end", {"error": error})

    def _has_ended(self) -> bool:
        return self._fetch()["state"] in ENDED

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
        if self._spool is None or self._session is not None:
            told = self._fetch().get("inputs") or ()
            return {one["name"]: self._input(one["name"], one) for one in told}
        found = inputs.of_script(os.environ)
        return {
            name: self._input(name, {"dataset": value}) if mode == "direct" else value
            for name, (mode, value) in found.items()
        }

    def _input(self, name: str, told: Dict[str, Any]) -> Any:
        """Return an input as a dataset: a table where it is read as one."""
        value = str(told["dataset"] or told["tree"])
        reading = None if ":" in value else self.properties.get(inputs.READING + name)
        return of_input(self._experiment.workspace, value, reading)

    @property
    def output_datasets(self) -> Dict[str, Any]:
        """Name → path of each output folder in the script.

        Outside of the script: name → Dataset of what was written, once it was.
        """
        if self._spool is not None and self._session is None:
            return dict(outputs.of_script(os.environ))
        workspace = self._experiment.workspace
        told = {one["name"]: one["dataset"] or one["tree"] for one in self._outputs()}
        return {name: of_input(workspace, told[name]) for name in told if told[name]}

    def _outputs(self) -> List[Dict[str, Any]]:
        return list(self._fetch().get("output_datasets") or ())

    def get_output_data(self, name: str) -> outputs.OutputData:
        """Return where an output lies in the store: .path_on_datastore, .download(local_path).

        Raises UserErrorException for a name that the run has no output of.
        """
        told = {one["name"]: one["destination"] for one in self._outputs()}
        if name not in told:
            raise _errors.UserErrorException(
                'run {} has no output "{}"; its outputs: {}'.format(
                    self._run_id, name, ", ".join(told) or "none"
                )
            )
        store = Datastore(self._experiment.workspace)
        return outputs.OutputData(store, name, told[name], "upload")

    def take_snapshot(self, file_or_folder_path: str) -> str:
        """Keep a file or a folder as the code of a run that was begun without; return its id.

        Once for a run. Raises SnapshotException for what cannot be sent, and UserErrorException
        for a run that has its code.
        """
        if self._fetch()["snapshot"] != NO_FILES:
            raise _errors.UserErrorException(
                "run {} has its code already, and a run keeps one snapshot; upload_file and"
                " upload_folder keep other files".format(self._run_id)
            )
        path = os.path.expanduser(os.fspath(file_or_folder_path))
        place = self._experiment.workspace
        found = _snapshot.checked(self._client, place.name, path)
        # As files are sent that a script registers: a run's own token may do that.
        sent = _sending.send(place, [(one.path, one.place) for one in found])
        order = {"snapshot": self._client.post(place.api("snapshots"), {"files": sent})["snapshot"]}
        try:
            self._client.post(self._base + "/snapshot", order)
        except _errors.Conflict as error:
            raise _errors.UserErrorException(error.message) from None
        return str(self._fetch()["snapshot"])


for _name, _instead in (
    ("get_secret", "a variable of the run's environment: RunConfiguration.environment_variables"),
):
    setattr(Run, _name, unbuilt("Run." + _name, _instead))

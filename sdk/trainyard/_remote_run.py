"""What can be asked of a run over HTTP: its details, metrics, files; wait, cancel, register."""

import json
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, cast

from trainyard import _errors, _following, _metrics, _run_details
from trainyard._client import file_path
from trainyard._environment import Environment
from trainyard._image_build import page_of
from trainyard._place import Group
from trainyard._run_files import RunFiles

if TYPE_CHECKING:  # What stands above is named for people's editors and checkers alone.
    from trainyard._experiment import Experiment

DESCRIPTION = "description"
SCRIPT_RUN, PIPELINE_RUN, STEP_RUN = "azureml.scriptrun", "azureml.PipelineRun", "azureml.StepRun"


def type_of(facts: Dict[str, Any]) -> Optional[str]:
    """Return what the v1 SDK calls this kind of run; None of one that start_logging began."""
    usual = None if facts.get("interactive") else SCRIPT_RUN
    found: Optional[str] = facts.get("type", usual)
    return found


class RemoteRun(RunFiles):
    """A run of an experiment by its id. Raises UserErrorException (NotFound) for an unknown one."""

    def __init__(self, experiment: Group, run_id: str, *, _answer: Optional[Dict[str, Any]] = None):
        self._experiment = experiment
        self._run_id = run_id
        self._client = experiment.workspace.client
        self._base = "runs/" + run_id
        self._facts = self._fetch() if _answer is None else _answer

    def _fetch(self) -> Dict[str, Any]:
        self._facts = dict(self._client.get(self._base))
        return self._facts

    def _fact(self, key: str) -> Any:
        """Return one fact, asking the studio if it was not told yet."""
        return self._facts[key] if key in self._facts else self._fetch()[key]

    # --- what it is ------------------------------------------------------------
    @property
    def experiment(self) -> "Experiment":
        """The experiment that it is a run of."""
        return cast("Experiment", self._experiment)

    @property
    def id(self) -> str:
        """`<experiment>_<seconds>_<8 hex>`, or a UUID of one that start_logging began."""
        return self._run_id

    @property
    def number(self) -> int:
        """Its number in its experiment, from 1."""
        return int(self._fact("number"))

    @property
    def name(self) -> str:
        """The name that people see; `display_name` can be set."""
        return str(self._fact("name"))

    @property
    def display_name(self) -> str:
        """The run's name; setting it renames the run."""
        return self.name

    @display_name.setter
    def display_name(self, name: str) -> None:
        self._facts = self._client.patch(self._base, {"name": str(name)})

    @property
    def description(self) -> Optional[str]:
        """A text of one's own, kept as the property `description`; None where there is none."""
        return self.properties.get(DESCRIPTION)

    @description.setter
    def description(self, text: Optional[str]) -> None:
        self.add_properties({DESCRIPTION: "" if text is None else text})

    @property
    def type(self) -> Optional[str]:
        """azureml.scriptrun, azureml.PipelineRun, azureml.StepRun; None of an interactive one."""
        return type_of(self._facts if "interactive" in self._facts else self._fetch())

    @property
    def status(self) -> str:
        """The status as it was when last asked for; get_status() asks."""
        return str(self._fact("state"))

    @property
    def tags(self) -> Dict[str, str]:
        """Tags as they were when last asked for; get_tags() asks."""
        return dict(self._fact("tags"))

    @property
    def properties(self) -> Dict[str, str]:
        """Properties as they were when last asked for; get_properties() asks."""
        return dict(self._fact("properties"))

    def get_status(self) -> str:
        """Ask the studio, and return the status: "Queued", "Running", "Completed", …"""
        return str(self._fetch()["state"])

    def get_tags(self) -> Dict[str, str]:
        """Ask the studio, and return name → text of the tags."""
        return dict(self._fetch()["tags"])

    def get_properties(self) -> Dict[str, str]:
        """Ask the studio, and return name → text of the properties."""
        return dict(self._fetch()["properties"])

    def get_snapshot_id(self) -> str:
        """Return what names the run's code; the same files are the same snapshot."""
        return str(self._fact("snapshot"))

    def get_events(self) -> List[Dict[str, Any]]:
        """Return the run's stages so far: dicts with number, state, text and at (UTC)."""
        return list(self._fetch()["events"])

    def get_portal_url(self) -> str:
        """Return the address of the run's page."""
        return "{}/experiments/{}/runs/{}".format(
            self._client.url, self._experiment.name, self._run_id
        )

    def get_details(self) -> Dict[str, Any]:
        """Return the run as a dict with the v1 SDK's keys."""
        facts = self._fetch()
        is_here = bool(facts.get("interactive"))
        has_script = not is_here and type_of(facts) != PIPELINE_RUN
        items = list(self._client.items(self._base + "/files"))
        url = "{}/api/v1/{}/files".format(self._client.url, self._base)
        details = {
            "runId": self._run_id,
            "target": "local" if is_here else facts["cluster"],
            "status": facts["state"],
            "startTimeUtc": facts["started_at"],
            "endTimeUtc": facts["ended_at"],
            "properties": dict(
                facts["properties"],
                ContentSnapshotId=facts["snapshot"],
                **{"_azureml.ComputeTargetType": "local" if is_here else "amlcompute"},
            ),
            "inputDatasets": [_run_details.input_of(one) for one in facts.get("inputs") or ()],
            "outputDatasets": _run_details.outputs_of(facts),
            "runDefinition": _run_details.definition_of(facts) if has_script else None,
            "logFiles": {
                item["path"]: file_path(url, item["path"])
                for item in items
                if item["kind"] == "log"
            },
            "submittedBy": facts["created_by"],
        }
        warnings = _run_details.warnings_of(facts)
        if warnings:
            details["warnings"] = warnings
        if facts["error"]:
            page = self.get_portal_url()
            details["error"] = _run_details.whole_error(self._error(facts), facts, page)
        return details

    def get_details_with_logs(self) -> Dict[str, Any]:
        """Return get_details() with the logs' texts in place of their addresses."""
        details = self.get_details()
        details["logFiles"] = {path: self._text_of(path) for path in details["logFiles"]}
        return details

    def get_detailed_status(self) -> Dict[str, Any]:
        """Return {"status": …, "details": what it waits for, in words, or None}."""
        facts = self._fetch()
        return {"status": facts["state"], "details": facts.get("waits_for") or None}

    def get_environment(self) -> Environment:
        """Return the environment that the run was given, as it was written then.

        Raises UserErrorException for a run that start_logging began: it has this computer's own;
        and for one of a pipeline, whose steps have one each.
        """
        facts = self._fetch()
        if type_of(facts) == PIPELINE_RUN:
            raise _errors.UserErrorException(
                "run {} is of a pipeline: each of its steps has an environment of its own,"
                " step_run.get_environment()".format(self._run_id)
            )
        if facts.get("interactive"):
            raise _errors.UserErrorException(
                "run {} is no run of a cluster: its environment is what is installed where"
                " start_logging was called".format(self._run_id)
            )
        return _run_details.environment_of(facts)

    def _error(self, facts: Dict[str, Any]) -> Dict[str, Any]:
        """Return the error of a failed run, with the page where its cause can be mended."""
        words = _run_details.error_of(facts)
        if facts["error"].get("type") == _run_details.NO_IMAGE:
            named = facts["environment"]
            page = self.get_portal_url()
            if named.get("version") is not None:
                page = page_of(self._experiment.workspace, named["name"], named["version"])
            words["error"]["message"] += "; the page to mend it on: " + page
        return words

    # --- change and wait ------------------------------------------------------------
    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> Dict[str, Any]:
        """Wait until the run has ended; return get_details().

        show_output prints its logs as they grow. Raises ActivityFailedException for a run that
        failed, unless raise_on_error is False.
        """
        if show_output:
            url = self.get_portal_url()
            facts = _following.until_end(self._client, self._run_id, url)
            for warning in _run_details.warnings_of(facts):
                print("\nWarnings:\n" + warning["message"])
        else:
            facts = _following.silently(self._client, self._run_id)
        self._facts = facts
        if facts["state"] == "Failed":
            error = json.dumps(self._error(facts), indent=4)
            if raise_on_error:
                raise _errors.ActivityFailedException(error)
            print("\nError:\n" + error)
        return self.get_details()

    def cancel(self) -> None:
        """Ask the run to end; it is Canceled once its processes are gone."""
        self._facts = self._client.post(self._base + "/cancel", {})

    def tag(self, key: str, value: Optional[str] = None) -> None:
        """Set one tag, as text."""
        self.set_tags({key: value})

    def set_tags(self, tags: Dict[str, Any]) -> None:
        """Set tags, name → text; others stay. Raises UserErrorException."""
        words = {str(key): "" if tags[key] is None else str(tags[key]) for key in tags}
        self._facts = self._client.patch(self._base, {"tags": words})

    def remove_tags(self, tags: List[str]) -> None:
        """Take tags away by their names."""
        names = [tags] if isinstance(tags, str) else [str(name) for name in tags]
        self._facts = self._client.patch(self._base, {"remove_tags": names})

    def add_properties(self, properties: Dict[str, Any]) -> None:
        """Add properties. Raises Conflict for one that has another value: what changes is a tag."""
        words = {str(key): str(value) for key, value in properties.items()}
        self._facts = self._client.patch(self._base, {"properties": words})

    # --- metrics ------------------------------------------------------------
    def get_metrics(
        self,
        name: Optional[str] = None,
        recursive: bool = False,
        run_type: Optional[str] = None,
        populate: bool = False,
    ) -> Dict[str, Any]:
        """Return name → what was logged; of one metric when `name` is given, {} without such.

        Logged once, a value; more often, a list. A list is a list, a table column → list, or
        column → value where it has one row. Of a file (a picture, a confusion matrix, …) where it
        is; populate=True: the bytes of the picture, the dict of the others.
        recursive=True: run id → such a dict, of this run and of all below it.
        run_type: of runs of that type alone ("azureml.scriptrun"); another run has no metrics then.
        """

        def read(run: RemoteRun) -> Dict[str, Any]:
            return _metrics.read(run._client, run._base, name, populate)

        is_meant = run_type is None or self.type == run_type
        if not recursive:
            return read(self) if is_meant else {}
        below = [run for run in self._below() if run_type is None or run.type == run_type]
        return {run.id: read(run) for run in ([self] if is_meant else []) + below}

    def _below(self) -> Iterable[Any]:
        """All runs below this one; see Children."""
        return ()

    def __repr__(self) -> str:
        return "Run(Experiment: {},\nId: {},\nType: {},\nStatus: {})".format(
            self._experiment.name, self._run_id, self.type, self.status
        )

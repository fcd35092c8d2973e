"""What can be asked of a run over HTTP: its details, metrics, files; wait, cancel, register."""

import json
import os
import re
from typing import Any, Dict, List, Optional

from trainyard import _distributed, _errors, _following, _metrics
from trainyard._client import file_path
from trainyard._environment import Environment
from trainyard._image_build import page_of
from trainyard._model import Model, of_datasets, texts
from trainyard._place import Group
from trainyard._receiving import inside

NO_IMAGE = "EnvironmentFailed"  # the error's type when the run's image could not be built
OF_RANK = re.compile(r"rank \d+: ")  # of several processes, the one that failed


class RemoteRun:
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
    def experiment(self) -> Group:
        return self._experiment

    @property
    def id(self) -> str:
        return self._run_id

    @property
    def number(self) -> int:
        return int(self._fact("number"))

    @property
    def name(self) -> str:
        return str(self._fact("name"))

    @property
    def display_name(self) -> str:
        return self.name

    @property
    def type(self) -> str:
        return "azureml.scriptrun"

    @property
    def status(self) -> str:
        """The status as it was when last asked for; get_status() asks."""
        return str(self._fact("state"))

    @property
    def tags(self) -> Dict[str, str]:
        return dict(self._fact("tags"))

    @property
    def properties(self) -> Dict[str, str]:
        return dict(self._fact("properties"))

    def get_status(self) -> str:
        return str(self._fetch()["state"])

    def get_tags(self) -> Dict[str, str]:
        return dict(self._fetch()["tags"])

    def get_properties(self) -> Dict[str, str]:
        return dict(self._fetch()["properties"])

    def get_snapshot_id(self) -> str:
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
        items = list(self._client.items(self._base + "/files"))
        url = "{}/api/v1/{}/files".format(self._client.url, self._base)
        details = {
            "runId": self._run_id,
            "target": facts["cluster"],
            "status": facts["state"],
            "startTimeUtc": facts["started_at"],
            "endTimeUtc": facts["ended_at"],
            "properties": dict(
                facts["properties"],
                ContentSnapshotId=facts["snapshot"],
                **{"_azureml.ComputeTargetType": "amlcompute"},
            ),
            "inputDatasets": [_input(one) for one in facts.get("inputs") or ()],
            "outputDatasets": [],
            "runDefinition": _definition(facts),
            "logFiles": {
                item["path"]: file_path(url, item["path"])
                for item in items
                if item["kind"] == "log"
            },
            "submittedBy": facts["created_by"],
        }
        if facts["error"]:
            details["error"] = self._error(facts)
        return details

    def get_environment(self) -> Environment:
        """Return the environment that the run was given, as it was written then."""
        return _environment(self._fetch())

    def _error(self, facts: Dict[str, Any]) -> Dict[str, Any]:
        """Return the error of a failed run, with the page where its cause can be mended."""
        words = error_of(facts)
        if facts["error"].get("type") == NO_IMAGE:
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
        words = {str(key): "" if tags[key] is None else str(tags[key]) for key in tags}
        self._facts = self._client.patch(self._base, {"tags": words})

    def add_properties(self, properties: Dict[str, Any]) -> None:
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
        recursive=True: run id → such a dict; a run of this studio has no child runs.
        """
        if run_type is not None:
            raise _errors.not_built("Run.get_metrics(run_type=...)", "get_metrics()")
        found = _metrics.read(self._client, self._base, name, populate)
        return {self._run_id: found} if recursive else found

    # --- files ------------------------------------------------------------
    def get_file_names(self) -> List[str]:
        """Return the paths of the run's logs and files."""
        return [item["path"] for item in self._client.items(self._base + "/files")]

    def download_file(self, name: str, output_file_path: Optional[str] = None) -> None:
        """Download one file; into a folder, or here, under its own base name.

        Raises UserErrorException that lists what the run has.
        """
        base = os.path.basename(name)
        target = os.path.expanduser(output_file_path or base)
        if os.path.isdir(target) or target.endswith(os.sep):
            target = os.path.join(target, base)
        try:
            self._client.download(file_path(self._base + "/files", name), target)
        except _errors.NotFound:
            raise _errors.NotFound(
                "File with path {} was not found, available files include: {}".format(
                    name, ",".join(self.get_file_names())
                ),
                status=404,
            ) from None

    def download_files(
        self,
        prefix: Optional[str] = None,
        output_directory: Optional[str] = None,
        output_paths: Optional[List[str]] = None,
        batch_size: int = 100,
        *,
        append_prefix: bool = True,
        timeout_seconds: Optional[int] = None,
    ) -> None:
        """Download all files whose path begins with `prefix` into `output_directory`.

        output_paths: where each goes instead, in the order of get_file_names().
        append_prefix False leaves the prefix out of the paths.
        """
        names = [name for name in self.get_file_names() if name.startswith(prefix or "")]
        if output_paths is not None and len(output_paths) != len(names):
            raise _errors.UserErrorException(
                "{} output_paths were given for {} files: {}".format(
                    len(output_paths), len(names), ", ".join(names[:20])
                )
            )
        folder = os.path.expanduser(output_directory or ".")
        cut = 0 if append_prefix else len(prefix or "")
        targets = output_paths or [(name[cut:]).lstrip("/") for name in names]

        def fetch(number: int) -> None:
            target = targets[number]
            place = os.path.join(folder, target) if output_paths else inside(folder, target)
            self._client.download(file_path(self._base + "/files", names[number]), place)

        self._client.side_by_side(fetch, range(len(names)))

    def get_all_logs(self, destination: Optional[str] = None) -> List[str]:
        """Download all logs into `destination` (default: a folder of the run's id); their paths."""
        folder = destination or self._run_id
        items = self._client.items(self._base + "/files")
        names = [item["path"] for item in items if item["kind"] == "log"]
        places = [inside(folder, name) for name in names]
        for name, place in zip(names, places):
            self._client.download(file_path(self._base + "/files", name), place)
        return places

    def register_model(
        self,
        model_name: str,
        model_path: Optional[str] = None,
        tags: Optional[Dict[str, str]] = None,
        properties: Optional[Dict[str, str]] = None,
        model_framework: Optional[str] = None,
        model_framework_version: Optional[str] = None,
        description: Optional[str] = None,
        datasets: Any = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        **unused: Any,
    ) -> Model:
        """Register the run's file or folder `model_path` as the model's next version.

        datasets: (scenario, dataset) pairs; the run's own inputs are known without.
        Raises ModelPathNotFoundException that lists the run's files.
        """
        samples = [("sample_input", sample_input_dataset), ("sample_output", sample_output_dataset)]
        order = {
            "name": model_name,
            "path": model_path,
            "tags": texts(tags),
            "properties": dict(texts(properties), **of_datasets(datasets, samples)),
            "description": description,
            "framework": model_framework,
            "framework_version": model_framework_version,
        }
        order = {key: value for key, value in order.items() if value is not None}
        answer = self._client.post(self._base + "/models", order, repeatable=False)
        return Model(self._experiment.workspace, _answer=answer)

    def __repr__(self) -> str:
        return "Run(Experiment: {},\nId: {},\nType: {},\nStatus: {})".format(
            self._experiment.name, self._run_id, self.type, self.status
        )


def error_of(facts: Dict[str, Any]) -> Dict[str, Any]:
    """Return a failed run's error as the v1 SDK shapes it, with what the studio knows beside."""
    error = dict(facts["error"])
    message = error.get("message") or "the run failed"
    if error.get("type") == NO_IMAGE and error.get("guilty"):
        message += "; at fault: " + error["guilty"]
    if error.get("traceback"):
        # The known words stay together: people search logs for them.
        rank = OF_RANK.match(message)
        said = message[rank.end() :] if rank else message
        message = "{}User program failed with {}".format(rank.group() if rank else "", said)
    return {"error": {"code": "UserError", "message": message, "details": error}}


def _definition(facts: Dict[str, Any]) -> Dict[str, Any]:
    definition = facts.get("definition") or {}
    words = {
        "script": facts["script"],
        "command": "",
        "arguments": list(facts["arguments"]),
        "target": facts["cluster"],
        "maxRunDurationSeconds": facts["max_run_duration_seconds"],
        "environment": dict(_environment(facts).as_json(), definition=definition),
        "environmentVariables": dict(definition.get("variables") or {}),
    }
    return dict(words, **_distributed.definition(facts))


def _input(told: Dict[str, Any]) -> Dict[str, Any]:
    """Return an input of a run as the v1 SDK says it."""
    return {
        "dataset": {"id": told["dataset"] or told["tree"]},
        "consumptionDetails": {
            "type": "RunInput",
            "inputName": told["name"],
            "mechanism": str(told["mode"]).capitalize(),
            "pathOnCompute": told["path"] or None,
        },
    }


def _environment(facts: Dict[str, Any]) -> Environment:
    named = facts["environment"]
    words = {"name": named["name"], "version": named["version"]}
    return Environment._of(dict(words, definition=facts.get("definition") or {"pip": ""}))

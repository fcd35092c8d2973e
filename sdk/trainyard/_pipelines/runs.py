"""Runs of a pipeline, and of its steps: a step run is an ordinary run below the pipeline's."""

import importlib
import json
import sys
import warnings
from typing import Any, Dict, Iterator, List, Optional

from trainyard import _errors
from trainyard._children import PARENT, Marks
from trainyard._datasets.outputs import OutputData
from trainyard._pipelines import watching
from trainyard._pipelines.graph import OUTPUT_PROPERTY, STEP_NAME
from trainyard._place import Group, Place
from trainyard._remote_run import PIPELINE_RUN, STEP_RUN
from trainyard._run import Run

FOREVER_S = 9223372036854775807
AS_SUBMITTED = (
    "publish_pipeline keeps the pipeline as it was submitted, continue_on_step_failure too;"
    " Pipeline.publish(continue_on_step_failure=True) publishes one that goes on"
)
STDOUT, PREPARATION = "azureml-logs/70_driver_log", "azureml-logs/"


class PortDataReference(OutputData):
    """Where an output of a step lies in the datastore: path_on_datastore, download(local_path)."""

    @property
    def _path_on_datastore(self) -> str:
        # Public notebooks of the v1 SDK read it by this name.
        return self.path_on_datastore


class StepRunOutput:
    """An output of a step that has run; get_port_data_reference() says where it lies."""

    def __init__(self, run: "StepRun", name: str):
        self._run = run
        self.name = name

    def get_port_data_reference(self) -> PortDataReference:
        """Return where it lies in the datastore."""
        return self._run.get_output_data(self.name)

    def __repr__(self) -> str:
        return "StepRunOutput(Name: {},\nStep run: {})".format(self.name, self._run.id)


class OfPipelines(Run):
    """What the runs of a pipeline and of its steps have in common."""

    _called = ""

    def get_status(self) -> str:
        """Ask the studio, and return the status; a run that is Completed says "Finished" here.

        `status`, and get_details()["status"], say "Completed", as they do in the v1 SDK.
        """
        return watching.in_words(super().get_status())

    def wait_for_completion(  # type: ignore[override]
        self,
        show_output: bool = True,
        timeout_seconds: float = FOREVER_S,
        raise_on_error: bool = True,
    ) -> str:
        """Wait until the run has ended; return "Finished", "Failed" or "Canceled".

        show_output prints states and logs as they come. Raises ActivityFailedException for one that
        failed, unless raise_on_error is False, and ExperimentExecutionException when it has not
        ended in time: it goes on.
        """
        watch = watching.Watch(self._client, self.id, float(timeout_seconds), out=sys.stdout)
        facts = self._watched(watch) if show_output else watch.silently()
        self._facts = facts
        status = watching.in_words(facts["state"])
        if show_output:
            self._summary(status)
        if facts["state"] == "Failed":
            error = json.dumps(self._error(facts), indent=4)
            if raise_on_error:
                raise _errors.ActivityFailedException(error)
            print("\nError:\n" + error)
        return status

    def _watched(self, watch: watching.Watch) -> Dict[str, Any]:
        raise NotImplementedError("each kind prints its own")

    def _summary(self, status: str) -> None:
        raise NotImplementedError("each kind prints its own")


class StepRun(OfPipelines):
    """A run of a step: its logs, its outputs; StepRun(experiment, step_run_id, pipeline_run_id)."""

    def __init__(
        self,
        experiment: Group,
        step_run_id: str,
        pipeline_run_id: Optional[str] = None,
        node_id: Optional[str] = None,
        *,
        _answer: Optional[Dict[str, Any]] = None,
        **unused: Any,
    ):
        super().__init__(experiment, step_run_id, _answer=_answer)

    @property
    def step_name(self) -> str:
        """The name of the step in its pipeline."""
        return str(self._fact("step_name"))

    @property
    def parent(self) -> Any:
        """The PipelineRun that it is a step of, or None."""
        return super().parent

    @property
    def pipeline_run_id(self) -> Optional[str]:
        """The id of the run of its pipeline."""
        return self.properties.get(PARENT)

    def get_output(self, name: str) -> StepRunOutput:
        """Return an output by its name. Raises UserErrorException for one that is not there."""
        self.get_output_data(name)
        return StepRunOutput(self, name)

    def get_outputs(self) -> Dict[str, StepRunOutput]:
        """Return name → output of all that the step writes."""
        return {one["name"]: StepRunOutput(self, one["name"]) for one in self._outputs()}

    def get_output_data(self, name: str) -> PortDataReference:
        """Return where an output lies in the datastore: .path_on_datastore, .download(local_path).

        Raises UserErrorException for a name that the step has no output of.
        """
        found = super().get_output_data(name)
        place = found.path_on_datastore
        return PortDataReference(found.datastore, found.data_reference_name, place, found.mode)

    def get_job_log(self) -> str:
        """Return what was said before the script, and after it."""
        return self._logs(lambda path: not path.startswith(STDOUT))

    def get_stdout_log(self) -> str:
        """Return what the script has printed, on stdout and stderr."""
        return self._logs(lambda path: path.startswith(STDOUT))

    def get_stderr_log(self) -> str:
        """Return what the script has printed: stdout and stderr are one log here."""
        return self.get_stdout_log()

    def _logs(self, is_meant: Any) -> str:
        items = self._client.items(self._base + "/files")
        paths = sorted(item["path"] for item in items if item["kind"] == "log")
        wanted = [path for path in paths if path.startswith(PREPARATION) and is_meant(path)]
        return "".join(self._text_of(path) for path in wanted)

    def _watched(self, watch: watching.Watch) -> Dict[str, Any]:
        return watch.step(self.id, self.step_name, self.get_portal_url())

    def _summary(self, status: str) -> None:
        print("\n{}\n{}".format(watching.step_summary(self.step_name, status), self.get_details()))


class PipelineRun(OfPipelines):
    """A run of a pipeline. Its children are the runs of its steps.

    Raises UserErrorException (NotFound) for an id that the studio does not know.
    """

    def __init__(
        self,
        experiment: Group,
        run_id: str,
        _service_endpoint: Optional[str] = None,
        *,
        _answer: Optional[Dict[str, Any]] = None,
        **unused: Any,
    ):
        super().__init__(experiment, run_id, _answer=_answer)

    @staticmethod
    def get(workspace: Place, run_id: str, **unused: Any) -> "PipelineRun":
        """Return a pipeline's run of any experiment of the workspace.

        Raises UserErrorException for an unknown id, and for a run of something else.
        """
        found = Run.get(workspace, run_id)
        if not isinstance(found, PipelineRun):
            raise _errors.UserErrorException(
                "run {} is no run of a pipeline; Run.get(workspace, run_id) returns it".format(
                    run_id
                )
            )
        return found

    @staticmethod
    def get_pipeline_runs(workspace: Place, pipeline_id: str, **unused: Any) -> "List[PipelineRun]":
        """Return the runs of a published pipeline, newest first."""
        asked = "azureml.pipelineid={}".format(pipeline_id)
        found = workspace.client.items(workspace.api("runs"), property=asked)
        runs = [workspace._run_of(answer) for answer in found]
        return [run for run in runs if isinstance(run, PipelineRun)]

    # --- its steps ------------------------------------------------------------
    def get_children(
        self,
        recursive: bool = False,
        tags: Marks = None,
        properties: Marks = None,
        type: Optional[str] = None,
        status: Optional[str] = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Any]:
        """Yield the runs of the steps that have begun, newest first; as Run.get_children."""
        return super().get_children(recursive, tags, properties, type, status)

    def get_steps(self) -> Iterator[StepRun]:
        """Yield the runs of the steps that have begun, in the order of the steps."""
        for step in self._fetch().get("steps") or ():
            if step["run_id"]:
                yield StepRun(self._experiment, step["run_id"])

    def find_step_run(self, name: str) -> "List[StepRun]":
        """Return the runs of the steps of that name; [] while none has begun."""
        found = [run for run in self.get_children() if isinstance(run, StepRun)]
        return [run for run in found if name in (run.properties.get(STEP_NAME), run.step_name)]

    def get_pipeline_output(self, pipeline_output_name: str) -> PortDataReference:
        """Return where the PipelineData of that pipeline_output_name lies.

        Raises UserErrorException for a name that no step that has begun writes.
        """
        known: Dict[str, Any] = {}
        for run in self.get_children():
            for key, output in run.properties.items():
                if key.startswith(OUTPUT_PROPERTY):
                    known[key[len(OUTPUT_PROPERTY) :]] = (run, output)
        if pipeline_output_name not in known:
            raise _errors.UserErrorException(
                'run {} has no pipeline output "{}" yet; those it has: {}'.format(
                    self.id, pipeline_output_name, ", ".join(sorted(known)) or "none"
                )
            )
        run, output = known[pipeline_output_name]
        found: PortDataReference = run.get_output_data(output)
        return found

    def get_parameters(self) -> Dict[str, Any]:
        """Return name → value of the parameters that it was submitted with."""
        return dict(self._fetch().get("parameters") or {})

    # --- what it is ------------------------------------------------------------
    def get_details(self) -> Dict[str, Any]:
        """Return the run as a dict with the v1 SDK's keys; its steps have definitions."""
        details = super().get_details()
        del details["target"], details["runDefinition"]
        details["properties"] = dict(self._facts["properties"])
        return details

    def publish_pipeline(
        self,
        name: str,
        description: str,
        version: str,
        continue_on_step_failure: Optional[bool] = None,
        **unused: Any,
    ) -> Any:
        """Keep the pipeline that this is a run of, and return it as a PublishedPipeline.

        continue_on_step_failure is as it was submitted; Pipeline.publish() can say another.
        """
        if continue_on_step_failure:
            warnings.warn(AS_SUBMITTED, stacklevel=2)
        # What is published starts runs of this class, and so stands above it.
        published = importlib.import_module("trainyard._pipelines.published")
        order = {
            "name": str(name),
            "description": description or "",
            "version": "" if version is None else str(version),
            "run": self.id,
        }
        place = self._experiment.workspace
        answer = place.client.post(place.api("pipelines"), order, repeatable=False)
        return published.PublishedPipeline.of(place, answer)

    # --- watched ------------------------------------------------------------
    def _watched(self, watch: watching.Watch) -> Dict[str, Any]:
        return watch.pipeline(self.get_portal_url(), self._step_page)

    def _step_page(self, run_id: str) -> "StepRun":
        return StepRun(self._experiment, run_id)

    def _summary(self, status: str) -> None:
        print("\n{}\n{}".format(watching.pipeline_summary(status), self.get_details()))


KINDS = {PIPELINE_RUN: PipelineRun, STEP_RUN: StepRun}

"""PublishedPipeline: a pipeline that the studio keeps, with an address that starts runs of it."""

from typing import Any, Dict, List, Optional

from trainyard import _errors
from trainyard._experiment import Experiment, texts
from trainyard._pipelines.parameters import assigned
from trainyard._pipelines.runs import PipelineRun
from trainyard._place import Place, Submittable
from trainyard._transport import quoted

ACTIVE, DISABLED = "Active", "Disabled"


class PublishedPipeline(Submittable):
    """A pipeline of a workspace; Pipeline.publish(), get() and list() return them.

    endpoint: the address that starts a run, by a POST with the header that
    InteractiveLoginAuthentication().get_authentication_header() returns, and JSON
    {"ExperimentName": …, "ParameterAssignments": {name: value}}; the answer's "Id" is the run's.
    """

    def __init__(
        self,
        name: str,
        graph_id: Optional[str],
        description: Optional[str],
        version: Optional[str],
        published_pipeline_id: str,
        status: str,
        endpoint: str,
        total_run_steps: int,
        workspace: Place,
        continue_on_step_failure: Optional[bool] = None,
        **unused: Any,
    ):
        self._id = published_pipeline_id
        self._graph_id = graph_id
        self._workspace = workspace
        self._facts: Dict[str, Any] = {
            "name": name,
            "description": description,
            "version": version,
            "status": status,
            "endpoint": endpoint,
            "step_count": total_run_steps,
            "continue_on_step_failure": continue_on_step_failure,
        }

    @staticmethod
    def of(workspace: Place, facts: Dict[str, Any]) -> "PublishedPipeline":
        """Return the pipeline that an answer of the studio describes."""
        found = PublishedPipeline(
            facts["name"],
            None,
            facts["description"],
            facts["version"],
            str(facts["id"]),
            facts["status"],
            facts["endpoint"],
            facts["step_count"],
            workspace,
            facts["continue_on_step_failure"],
        )
        found._facts = facts
        return found

    @staticmethod
    def get(workspace: Place, id: str) -> "PublishedPipeline":
        """Return the pipeline of that id. Raises UserErrorException (NotFound)."""
        return PublishedPipeline.of(
            workspace, workspace.client.get(workspace.api("pipelines/" + quoted(str(id))))
        )

    @staticmethod
    def list(
        workspace: Place, active_only: bool = True, **unused: Any
    ) -> "List[PublishedPipeline]":
        """Return the workspace's pipelines, newest first; active_only: without disabled ones."""
        active = 1 if active_only else None
        found = workspace.client.items(workspace.api("pipelines"), active=active)
        return [PublishedPipeline.of(workspace, one) for one in found]

    @staticmethod
    def get_all(workspace: Place, active_only: bool = True) -> "List[PublishedPipeline]":
        """Return list(workspace, active_only), as the v1 SDK called it before."""
        return PublishedPipeline.list(workspace, active_only)

    # --- what it is ------------------------------------------------------------
    @property
    def id(self) -> str:
        """What names it in the studio."""
        return self._id

    @property
    def name(self) -> str:
        """The name that it was published under."""
        return str(self._facts["name"])

    @property
    def description(self) -> str:
        """What was written on it."""
        return str(self._facts["description"] or "")

    @property
    def version(self) -> Optional[str]:
        """The version that it was published as; None without one."""
        return self._facts["version"] or None

    @property
    def status(self) -> str:
        """ "Active" or "Disabled", as it was when last asked for."""
        return str(self._facts["status"])

    @property
    def endpoint(self) -> str:
        """The address that starts a run of it."""
        return str(self._facts["endpoint"])

    @property
    def total_run_steps(self) -> int:
        """How many steps it has."""
        return int(self._facts["step_count"])

    @property
    def continue_on_step_failure(self) -> bool:
        """Whether steps that need no failed one begin nevertheless."""
        return bool(self._facts["continue_on_step_failure"])

    @property
    def parameters(self) -> Dict[str, Any]:
        """Name → {"type", "default"} of its parameters."""
        if "parameters" not in self._facts:
            self._facts = self._workspace.client.get(self._path())
        return dict(self._facts["parameters"])

    def _path(self) -> str:
        return self._workspace.api("pipelines/" + quoted(self._id))

    # --- what one does with it ------------------------------------------------------------
    def enable(self) -> None:
        """Let it start runs again."""
        self._set(ACTIVE)

    def activate(self) -> None:
        """Let it start runs again: enable(), as the v1 SDK called it before."""
        self._set(ACTIVE)

    def disable(self) -> None:
        """Let it start no more runs; those that run go on."""
        self._set(DISABLED)

    def _set(self, status: str) -> None:
        self._facts = self._workspace.client.patch(self._path(), {"status": status})

    def submit(
        self,
        workspace: Place,
        experiment_name: str,
        pipeline_parameters: Optional[Dict[str, Any]] = None,
        **unused: Any,
    ) -> PipelineRun:
        """Start a run of it, and return at once.

        pipeline_parameters: name → value, in place of the defaults.
        Raises UserErrorException, Conflict for one that is disabled.
        """
        home = Experiment(workspace, experiment_name)
        return self.submitted_to(home, pipeline_parameters=pipeline_parameters)

    def submitted_to(
        self, experiment: Any, tags: Optional[Dict[str, str]] = None, **options: Any
    ) -> PipelineRun:
        """Start a run in an experiment; what Experiment.submit does. Raises as submit()."""
        if experiment.workspace.name != self._workspace.name:
            raise _errors.UserErrorException(
                "pipeline {} is of workspace {}, and experiment {} of {}".format(
                    self.name, self._workspace.name, experiment.name, experiment.workspace.name
                )
            )
        given = options.get("pipeline_parameters") or options.get("pipeline_params")
        order = {
            "experiment": experiment.name,
            "tags": texts(tags),
            "properties": texts(options.get("properties")),
            "parameters": assigned(self.parameters, given),
        }
        answer = self._workspace.client.post(self._path() + "/runs", order, repeatable=False)
        run = PipelineRun(experiment, answer["run_id"], _answer=answer)
        print("Submitted PipelineRun {}\nLink to Portal: {}".format(run.id, run.get_portal_url()))
        return run

    def __repr__(self) -> str:
        return "Pipeline(Name: {},\nId: {},\nStatus: {},\nEndpoint: {})".format(
            self.name, self._id, self.status, self.endpoint
        )

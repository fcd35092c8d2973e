"""Pipeline: steps that the studio runs one after the other, whoever submitted them being away.

data = PipelineData("prepared", datastore=workspace.get_default_datastore())
prepare = PythonScriptStep("prepare.py", arguments=["--to", data], outputs=[data], …)
train = PythonScriptStep("train.py", arguments=["--from", data], inputs=[data], …)
run = Experiment(workspace, "digits").submit(Pipeline(workspace, steps=[train]))
"""

import os
from typing import Any, Dict, List, Optional, Tuple, Union

from trainyard import _errors, _git, _snapshot
from trainyard._datastore import Datastore
from trainyard._experiment import Experiment, texts
from trainyard._pipelines.graph import Defaults, Graph, Telling
from trainyard._pipelines.parameters import assigned
from trainyard._pipelines.published import PublishedPipeline
from trainyard._pipelines.runs import PipelineRun
from trainyard._pipelines.steps import flat
from trainyard._place import Place, Submittable

UNNAMED = "Pipeline"


class Pipeline(Submittable):
    """Steps with what flows between them. Each runs when those before it are Completed.

    steps: steps, or lists of steps in lists. Steps that write what these read need not be named.
    default_datastore: of PipelineData without one.   default_source_directory: of steps without
    one.   resolve_closure: False takes no step that is not named.
    Raises UserErrorException: for what no step writes, for what two write, for a circle.
    """

    def __init__(
        self,
        workspace: Place,
        steps: Any,
        description: Optional[str] = None,
        default_datastore: Union[None, str, Datastore] = None,
        default_source_directory: Optional[str] = None,
        resolve_closure: bool = True,
        **unused: Any,
    ):
        self._workspace = workspace
        self._steps = list(flat(steps))
        self.description = description
        store = default_datastore
        self._store = store if isinstance(store, Datastore) else Datastore(workspace, store)
        self._folder = default_source_directory
        self._is_closed = resolve_closure
        self._graph()

    @property
    def workspace(self) -> Place:
        """The workspace that it runs in."""
        return self._workspace

    def _graph(self) -> Graph:
        """Return the steps in their order; run_after() may have been called since the last time."""
        return Graph(self._steps, is_closed=self._is_closed)

    def _telling(self, graph: Graph) -> Telling:
        return Telling(graph, self._workspace, Defaults(self._store, self._folder))

    def validate(self) -> List[str]:
        """Return what is wrong with the pipeline as far as it is known here, a line each."""
        try:
            graph = self._graph()
        except _errors.AzureMLException as error:
            return [error.message]
        wrong = []
        telling = self._telling(graph)
        for step in graph.steps:
            try:
                telling.told(step)
            except (_errors.AzureMLException, NotImplementedError) as error:
                wrong.append(getattr(error, "message", str(error)))
        return wrong

    def graph(self, continue_on_step_failure: Optional[bool] = None) -> Dict[str, Any]:
        """Send the source folders, and return the pipeline as the studio is told it.

        Raises SnapshotException, ExperimentExecutionException, UserErrorException,
        NotImplementedError.
        """
        graph = self._graph()
        telling = self._telling(graph)
        told = [telling.told(step) for step in graph.steps]  # all of it before a byte is sent
        sent: Dict[str, Tuple[str, Dict[str, str]]] = {}
        steps = []
        for step, one in zip(graph.steps, told):
            folder = os.path.abspath(os.path.expanduser(one.folder))
            if folder not in sent:
                sent[folder] = (self._sent(folder), _git.properties(folder))
            one.order["snapshot"], of_git = sent[folder]
            one.order["properties"].update(of_git)
            name, after = graph.names[step], graph.after(step)
            steps.append({"name": name, "after": after, "order": one.order})
        return {
            "steps": steps,
            "parameters": telling.parameters.graph(),
            "continue_on_step_failure": bool(continue_on_step_failure),
            "description": self.description or "",
        }

    def _sent(self, folder: str) -> str:
        return _snapshot.take(self._workspace.client, self._workspace.name, folder)

    def submit(
        self,
        experiment_name: str,
        pipeline_parameters: Optional[Dict[str, Any]] = None,
        continue_on_step_failure: Optional[bool] = None,
        regenerate_outputs: bool = False,
        parent_run_id: Optional[str] = None,
        **unused: Any,
    ) -> PipelineRun:
        """Start a run of the pipeline, and return at once.

        pipeline_parameters: name → value, in place of the defaults.   continue_on_step_failure:
        begin steps that need no failed one.   regenerate_outputs: taken; every step runs anyway.
        Raises as graph(), and UserErrorException for a parameter that it does not have.
        """
        home = Experiment(self._workspace, experiment_name)
        return self.submitted_to(
            home,
            pipeline_parameters=pipeline_parameters,
            continue_on_step_failure=continue_on_step_failure,
        )

    def submitted_to(
        self, experiment: Any, tags: Optional[Dict[str, str]] = None, **options: Any
    ) -> PipelineRun:
        """Start a run in an experiment; what Experiment.submit does. Raises as submit()."""
        graph = self.graph(options.get("continue_on_step_failure"))
        given = options.get("pipeline_parameters") or options.get("pipeline_params")
        order = {
            "experiment": experiment.name,
            "graph": graph,
            "tags": texts(tags),
            "properties": texts(options.get("properties")),
            "parameters": assigned(graph["parameters"], given),
        }
        place = self._workspace
        answer = place.client.post(place.api("pipelines/runs"), order, repeatable=False)
        for step in graph["steps"]:
            print(
                "Created step {}, (This step will run and generate new outputs)".format(
                    step["name"]
                )
            )
        run = PipelineRun(experiment, answer["run_id"], _answer=answer)
        print("Submitted PipelineRun {}\nLink to Portal: {}".format(run.id, run.get_portal_url()))
        return run

    def publish(
        self,
        name: Optional[str] = None,
        description: Optional[str] = None,
        version: Optional[str] = None,
        continue_on_step_failure: Optional[bool] = None,
    ) -> PublishedPipeline:
        """Keep the pipeline in the studio with an address of its own that starts runs of it.

        Raises as graph().
        """
        order = {
            "name": name or UNNAMED,
            "description": description or self.description or "",
            "version": "" if version is None else str(version),
            "graph": self.graph(continue_on_step_failure),
        }
        place = self._workspace
        answer = place.client.post(place.api("pipelines"), order, repeatable=False)
        return PublishedPipeline.of(place, answer)

    def __repr__(self) -> str:
        return "Pipeline(steps={!r})".format([step.name for step in self._steps])

"""Pipelines under a name and an address: published from a graph or a run, run again and again."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now as clock

from runs import control
from runs.models import Pipeline, PipelineRun, Run
from runs.pipelines import checking, graphs, starting, values
from runs.pipelines.graphs import Graph
from runs.pipelines.starting import Wanted
from studio.errors import BadInput, Conflict
from studio.models import User, Workspace
from studio.texts import checked, mapping

STATUSES = {"Active": False, "Disabled": True}
# What scripts of the old service send; one that forgets ExperimentName is told so.
BY_ADDRESS = {"ExperimentName", "ParameterAssignments", "Description", "Tags"}
# A graph is checked before anybody has said in which experiment it will run.
ANY_EXPERIMENT = "any"


def publish(user: User, workspace: Workspace, graph: Graph, **words: Any) -> Pipeline:
    """Publish a graph: it is checked as it would run with its defaults.

    words: name, description, version. Raises what starting a run of it would.
    """
    name = checked("name", words.get("name"), 255, empty=False)
    description = checked(
        "description",
        words.get("description") or graph.given.get("description") or "",
        graphs.MOST_DESCRIPTION,
    )
    version = checked("version", words.get("version") or "", 100)
    found = checking.check(
        workspace,
        graph,
        values.stand_ins(graph.parameters),
        experiment=ANY_EXPERIMENT,
        marks=checking.marks(ANY_EXPERIMENT, {}),
    )
    with transaction.atomic():
        pipeline = Pipeline.objects.create(
            workspace=workspace,
            name=name,
            description=description,
            version=version,
            graph=graph.given,
            steps=graph.in_short,
            parameters={name: one.facts for name, one in graph.parameters.items()},
            goes_on=graph.goes_on,
            created_by=user,
        )
        starting.keep(workspace, found, pipeline=pipeline)
    return pipeline


def graph_of(run: Run) -> Graph:
    """The graph of a pipeline run. Raises BadInput for another run."""
    pipeline = PipelineRun.objects.filter(run=run).first()
    if pipeline is None:
        raise BadInput(
            f"run {run.run_id} is no pipeline run, and has no graph to publish",
            fields={"run": "no pipeline run"},
        )
    return graphs.read(pipeline.graph)


def set_status(pipeline: Pipeline, status: Any) -> Pipeline:
    """Say whether it can be run: "Active" or "Disabled". Raises BadInput."""
    if not isinstance(status, str) or status not in STATUSES:
        known = ", ".join(STATUSES)
        raise BadInput(f"status is one of {known}", fields={"status": f"one of {known}"})
    at = (pipeline.disabled_at or clock()) if STATUSES[status] else None
    Pipeline.objects.filter(pk=pipeline.pk).update(disabled_at=at)
    pipeline.disabled_at = at
    return pipeline


def run(user: User, pipeline: Pipeline, given: dict[str, Any]) -> Run:
    """Run a published pipeline, as either form of POST says (docs/api.md).

    Raises Conflict for one that is disabled, and what starting a run does.
    """
    if pipeline.disabled_at is not None:
        raise Conflict(
            f'pipeline "{pipeline.name}" ({pipeline.uuid}) is disabled and takes no runs; enable'
            ' it first: PATCH {"status": "Active"}'
        )
    if "graph" in given:
        words = "a published pipeline has its graph; leave it out, or POST pipelines/runs with it"
        raise BadInput(words, fields={"graph": words})
    wanted = _as_by_address(given) if given.keys() & BY_ADDRESS else given
    read = starting.read({**wanted, "graph": pipeline.graph})
    return starting.start(user, pipeline.workspace, _of(read, pipeline))


def _of(wanted: Wanted, pipeline: Pipeline) -> Wanted:
    return Wanted(**{**vars(wanted), "published": pipeline})


def _as_by_address(given: dict[str, Any]) -> dict[str, Any]:
    """Read what scripts send to the address of a published pipeline. Raises BadInput."""
    for key in ("DataPathAssignments", "DataSetDefinitionValueAssignments"):
        if given.get(key):
            raise BadInput(f"{key} is nothing that can be given here; use ParameterAssignments")
    description = checked("Description", given.get("Description") or "", 1000)
    tags = given.get("Tags")
    if isinstance(tags, list):  # of names alone
        tags = dict.fromkeys(map(str, tags), "")
    return {
        "experiment": given.get("ExperimentName"),
        "parameters": given.get("ParameterAssignments"),
        "tags": mapping("Tags", tags),
        "properties": {control.DESCRIPTION: description} if description else {},
    }


def shown(pipeline: Pipeline) -> dict[str, Any]:
    """A published pipeline as the API shows it."""
    place = f"{settings.URL}/api/v1/workspaces/{pipeline.workspace.name}"
    return {
        "id": str(pipeline.uuid),
        "name": pipeline.name,
        "description": pipeline.description,
        "version": pipeline.version,
        "status": "Active" if pipeline.disabled_at is None else "Disabled",
        "endpoint": f"{place}/pipelines/{pipeline.uuid}/runs",
        "parameters": pipeline.parameters,
        "steps": pipeline.steps,
        "step_count": len(pipeline.steps),
        "continue_on_step_failure": pipeline.goes_on,
        "created_at": pipeline.created_at,
        "created_by": pipeline.created_by.username,
    }

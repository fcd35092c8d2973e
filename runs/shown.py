"""A run as the API shows it."""

from typing import Any

from django.conf import settings

from runs import inputs, output_datasets, tasks
from runs.models import PipelineRun, PipelineStep, Run
from runs.pipelines.checking import OF_PIPELINE, OF_STEP, SOURCE

OF_SCRIPT = "azureml.scriptrun"


def run_dict(run: Run, *, whole: bool = True) -> dict[str, Any]:
    """A run's facts; `whole` adds its nodes, events and the environment's definition."""
    facts: dict[str, Any] = {
        "run_id": run.run_id,
        "name": run.name,
        "number": run.number,
        "experiment": run.experiment.name,
        "workspace": run.workspace.name,
        "state": run.state,
        "reason": run.reason,
        "waits_for": run.waits_for,
        "error": run.error,
        "script": run.script,
        "arguments": run.arguments,
        "environment": {
            "name": run.environment_name,
            "version": run.environment.number if run.environment else None,
        },
        "cluster": run.cluster.name,
        "backend": run.cluster.backend,
        "node_count": run.node_count,
        "process_count_per_node": run.processes_per_node,
        "distribution": run.distribution,
        "parameter_server_count": run.parameter_servers,
        "max_run_duration_seconds": run.max_seconds,
        "max_retries": run.max_retries,
        "retried": run.retried,
        "tags": run.tags,
        "properties": run.properties,
        "interactive": run.is_interactive,
        **_kind(run),
        "snapshot": run.snapshot.sha256,
        "created_by": run.created_by.username,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "url": f"{settings.URL}/runs/{run.run_id}/",
    }
    if whole:
        nodes = tasks.nodes_of([run])[run.pk]
        facts["nodes"] = nodes
        facts["node_number"] = nodes[0]["node_number"] if nodes else None
        facts["inputs"] = inputs.shown(run)
        facts["output_datasets"] = output_datasets.shown(run)
        facts["definition"] = run.definition
        if run.is_pipeline:
            facts |= _pipeline(run)
        facts["events"] = list(run.events.values("number", "state", "text", "at"))
    return facts


def _kind(run: Run) -> dict[str, Any]:
    """What sort of a run it is; a list of many asks no more for this."""
    if run.is_pipeline:
        return {"type": OF_PIPELINE}
    if (step := step_of(run)) is not None:
        return {"type": OF_STEP, "step_name": step.name}
    return {"type": None if run.is_interactive else OF_SCRIPT}


def step_of(run: Run) -> PipelineStep | None:
    """The step of a pipeline that the run is. Only one that says so is looked up."""
    is_said = run.properties.get(SOURCE) == OF_STEP
    return getattr(run, "step", None) if is_said else None


def _pipeline(run: Run) -> dict[str, Any]:
    """The steps of a pipeline run, and the parameters that it was submitted with."""
    pipeline = PipelineRun.objects.defer("graph").get(run=run)
    steps = pipeline.steps.select_related("run").defer("order")
    return {"steps": [step.facts for step in steps], "parameters": pipeline.parameters}

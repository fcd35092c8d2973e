"""A pipeline run is made: all of it checked, then one row for the run and one for each step."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.timezone import now as clock

from compute import clusters
from runs import actors, experiments, lifecycle, listing, making, names, orders, parameters
from runs.models import Pipeline, PipelineRun, PipelineStep, PipelineTree, Run
from runs.pipelines import checking, graphs, values
from runs.pipelines.graphs import Graph
from runs.states import State
from studio import queue
from studio.errors import BadInput
from studio.files import trees
from studio.models import User, Workspace
from studio.texts import checked, mapping


@dataclass(frozen=True)
class Wanted:
    """A run that is asked for. published: the pipeline that the graph is of, if any."""

    experiment: str
    graph: Graph
    name: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Any] | None = None
    published: Pipeline | None = None


KEYS = {"experiment", "graph", "name", "tags", "properties", "parameters"}


def read(given: dict[str, Any]) -> Wanted:
    """Return what POST pipelines/runs asks for (docs/api.md). Raises BadInput."""
    if unknown := given.keys() - KEYS:
        raise BadInput(
            f"{min(unknown)[:60]} is nothing that a pipeline run has; it has:"
            f" {', '.join(sorted(KEYS))}"
        )
    return Wanted(
        experiment=orders.experiment_name(given.get("experiment") or ""),
        graph=graphs.read(given.get("graph")),
        name=checked("name", given.get("name") or "", 100),
        tags=mapping("tags", given.get("tags")),
        properties=mapping("properties", given.get("properties")),
        parameters=given.get("parameters"),
    )


def again(run: Run) -> Wanted:
    """The same graph with the same parameters. Raises BadInput for a run that has none."""
    pipeline = PipelineRun.objects.select_related("published").filter(run=run).first()
    if pipeline is None:
        raise BadInput(f"run {run.run_id} is no pipeline run; submit its script again instead")
    return Wanted(
        experiment=run.experiment.name,
        graph=graphs.read(pipeline.graph),
        tags=run.tags,
        parameters=pipeline.parameters,
        published=pipeline.published,
    )


def start(user: User, workspace: Workspace, wanted: Wanted) -> Run:
    """Make a pipeline run, and have its first steps begun.

    Everything is checked before anything is made. Raises BadInput, NotFound, UnknownCluster,
    NotAllowed, which name the step that they are of.
    """
    graph, at = wanted.graph, clock()
    run_id = making.run_id(wanted.experiment, at)
    chosen = values.chosen(graph.parameters, wanted.parameters)
    properties = mapping("properties", {**wanted.properties, **_marks(wanted.published)})
    found = checking.check(
        workspace,
        graph,
        chosen,
        experiment=wanted.experiment,
        marks=checking.marks(run_id, properties),
    )
    nothing = trees.make([])
    with transaction.atomic():
        home = experiments.get_or_make(workspace, wanted.experiment)
        experiments.count(home, 1)
        run = Run.objects.create(
            run_id=run_id,
            experiment=home,
            number=home.run_count,
            name=wanted.name or names.friendly(),
            state=State.RUNNING,
            snapshot=nothing,
            cluster=clusters.of_steps(workspace),
            tags=wanted.tags,
            properties=properties,
            parent=listing.parent_of(home, properties),
            created_by=user,
            created_at=at,
            started_at=at,
        )
        pipeline = PipelineRun.objects.create(
            run=run,
            graph=graph.given,
            parameters=chosen,
            goes_on=graph.goes_on,
            published=wanted.published,
        )
        keep(workspace, found, pipeline_run=pipeline)
        PipelineStep.objects.bulk_create(
            PipelineStep(
                pipeline=pipeline,
                number=step.number,
                name=step.name,
                after=step.after,
                order=found.orders[step.number],
            )
            for step in graph.steps
        )
        parameters.keep_named(run, dict(values.shown(pipeline)))
        count = len(graph.steps)
        words = f"submitted by {user.username}: {count} step{'' if count == 1 else 's'}"
        lifecycle.began(run, words)
        queue.send(actors.advance, run.pk)
    return run


def keep(workspace: Workspace, found: checking.Checked, **of: Any) -> None:
    """Keep what steps name for as long as the pipeline or pipeline run that `of` says is there."""
    PipelineTree.objects.bulk_create(
        PipelineTree(workspace=workspace, **{role: tree}, **of)
        for role, named in (("code", found.code), ("data", found.data))
        for tree in named
    )


def _marks(published: Pipeline | None) -> dict[str, str]:
    marks = {checking.SOURCE: checking.OF_PIPELINE}
    if published is not None:
        marks[checking.PIPELINE] = str(published.uuid)
    return marks

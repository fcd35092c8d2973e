"""The only way a request gets hold of an experiment or a run."""

import uuid
from collections.abc import Sequence

from runs.models import Experiment, Pipeline, Run
from studio import access
from studio.access import Person
from studio.errors import NotFound
from studio.models import Workspace


def run_for(user: Person, run_id: str, *, write: bool = False) -> Run:
    """Return the run, with its experiment, workspace, cluster and people loaded.

    Raises NotFound for one that is absent or in a workspace that is not the user's; NotAllowed
    for a reader who wants to write.
    """
    run = (
        Run.objects.select_related(
            "experiment__workspace",
            "cluster",
            "created_by",
            "canceled_by",
            "environment__asset",
            "parent",
            "step",
            "snapshot",
            "image_build",
        )
        .defer("step__order")
        .filter(run_id=run_id)
        .first()
    )
    if run is None or not access.allow(user, run.workspace, write=write):
        raise NotFound(f"no run {run_id} that you may see; it may be in another workspace")
    return run


def experiment_for(workspace: Workspace, name: str) -> Experiment:
    """Return the experiment. Raises NotFound."""
    experiment = (
        Experiment.objects.select_related("workspace")
        .filter(workspace=workspace, name=name)
        .first()
    )
    if experiment is None:
        raise NotFound(
            f'no experiment "{name}" in workspace "{workspace.name}";'
            " it is made when its first run is submitted"
        )
    return experiment


def pipeline_for(workspace: Workspace, pipeline_id: str) -> Pipeline:
    """Return the published pipeline with this id, its people loaded. Raises NotFound."""
    try:
        wanted = uuid.UUID(pipeline_id)
    except ValueError:
        found = None
    else:
        there = Pipeline.objects.filter(workspace=workspace, uuid=wanted)
        found = there.select_related("created_by", "workspace").first()
    if found is None:
        raise NotFound(
            f'no published pipeline "{pipeline_id[:100]}" in workspace "{workspace.name}"; GET'
            " pipelines lists those there are"
        )
    return found


def runs_for(workspace: Workspace, run_ids: Sequence[str]) -> list[Run]:
    """Return the runs with these ids, in their order, with their experiment loaded.

    Raises NotFound that names one which is not in the workspace.
    """
    there = Run.objects.filter(experiment__workspace=workspace, run_id__in=run_ids)
    found = {run.run_id: run for run in there.select_related("experiment")}
    absent = next((run_id for run_id in run_ids if run_id not in found), None)
    if absent is not None:
        raise NotFound(f'no run "{absent[:300]}" in workspace "{workspace.name}"')
    return [found[run_id] for run_id in dict.fromkeys(run_ids)]

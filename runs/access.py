"""The only way a request gets hold of an experiment or a run."""

from runs.models import Experiment, Run
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
            "snapshot",
            "image_build",
        )
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

"""Access for API views: a person's, or a run's own to itself."""

from django.db.models import Q
from rest_framework.request import Request

from runs import listing
from runs.access import run_for
from runs.models import PipelineStep, Run
from studio.auth import subject_of, user_of, workspace_limit
from studio.errors import NotAllowed, NotFound


def run_of(request: Request, run_id: str, *, write: bool = False) -> Run:
    """Return the run for the caller. Raises NotFound, NotAllowed.

    A run's token reaches its own run and the children it began; that of a step its pipeline run,
    and to read the other steps of it. No token reaches beyond its workspace.
    """
    subject = subject_of(request)
    run = None
    if (
        subject is None
        or subject == run_id
        or _is_below(subject, run_id)
        or _is_of_its_pipeline(subject, run_id, write=write)
    ):
        run = run_for(user_of(request), run_id, write=write)
    if run is None:
        raise NotAllowed(f"the token of run {subject} is good for that run only")
    limit = workspace_limit(request)
    if limit is not None and limit != run.experiment.workspace_id:
        raise NotFound(f"no run {run_id} in the workspace of this token")
    return run


def _is_below(subject: str, run_id: str) -> bool:
    """Whether run `run_id` was begun in the run `subject`, or in one that was."""
    found = Run.objects.filter(run_id=run_id).values_list("properties", flat=True).first() or {}
    return subject in (found.get(listing.PARENT), found.get(listing.ROOT))


def _is_of_its_pipeline(subject: str, run_id: str, *, write: bool) -> bool:
    """Whether `run_id` is the pipeline run that `subject` is a step of, or another step of that.

    write: whether it may change it; another step it may not.
    """
    step = PipelineStep.objects.filter(run__run_id=subject).only("pipeline_id").first()
    if step is None:
        return False
    found = Q(pipeline=step.pipeline_id)
    if not write:
        found |= Q(step__pipeline=step.pipeline_id)
    return Run.objects.filter(found, run_id=run_id).exists()

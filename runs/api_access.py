"""Access for API views: a person's, or a run's own to itself."""

from rest_framework.request import Request

from runs.access import run_for
from runs.models import Run
from studio.auth import subject_of, user_of, workspace_limit
from studio.errors import NotAllowed, NotFound


def run_of(request: Request, run_id: str, *, write: bool = False) -> Run:
    """Return the run for the caller. Raises NotFound, NotAllowed.

    A run's token reaches its own run only; no token reaches beyond its workspace.
    """
    subject = subject_of(request)
    if subject is not None and subject != run_id:
        raise NotAllowed(f"the token of run {subject} is good for that run only")
    run = run_for(user_of(request), run_id, write=write)
    limit = workspace_limit(request)
    if limit is not None and limit != run.experiment.workspace_id:
        raise NotFound(f"no run {run_id} in the workspace of this token")
    return run

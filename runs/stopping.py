"""After a cancel, and after the end: the task goes, its node goes to who waits."""

import time

from django.conf import settings
from django.utils.timezone import now as clock

from compute.backends import backend_for
from runs import launching, preparing, watching
from runs.models import Run
from runs.states import State

# A driver that has reported its end is gone within milliseconds; supervise tries again later.
LEAVES_WITHIN_S = 2.0


def stop(run_pk: int) -> None:
    """End the task of a run in CancelRequested; one that has no task is canceled at once."""
    run = _load(run_pk)
    if run.state != State.CANCEL_REQUESTED:
        return
    if run.handle is not None:
        backend_for(run.cluster).stop(run.handle, settings.CANCEL_GRACE_SECONDS)
        watching.look(run, clock())
        return
    watching.end_canceled(run)


def clean(run_pk: int) -> None:
    """Free what an ended run left, an image build that only it waited for, and place the next."""
    run = _load(run_pk)
    preparing.let_go(run.image_build)
    deadline = time.monotonic() + LEAVES_WITHIN_S
    while not watching.clean(run) and time.monotonic() < deadline:
        time.sleep(0.02)
    launching.place(run.cluster)


def _load(run_pk: int) -> Run:
    return Run.objects.select_related(
        "experiment__workspace", "cluster", "created_by", "canceled_by", "image_build"
    ).get(pk=run_pk)

"""After a cancel, and after the end: the tasks go, their nodes go to who waits."""

import time

from django.conf import settings
from django.utils.timezone import now as clock

from compute.backends import backend_for
from runs import cleaning, ending, placing, preparing, tasks, watching
from runs.models import Run
from runs.starting import at_once
from runs.states import State

# A driver that has reported its end is gone within milliseconds; supervise tries again later.
LEAVES_WITHIN_S = 2.0


def stop(run_pk: int) -> None:
    """End the tasks of a run whose cancel was asked, or of which a node failed.

    One that has no task yet is canceled at once.
    """
    run = _load(run_pk)
    is_asked = run.state == State.CANCEL_REQUESTED
    if not is_asked and not tasks.has_failed(run):
        return
    left = list(tasks.present().filter(run=run))
    backend = backend_for(run.cluster)
    handles = [task.handle for task in left if task.handle is not None]
    at_once(lambda handle: backend.stop(handle, settings.CANCEL_GRACE_SECONDS), handles)
    for task in left:
        if task.handle is not None:
            watching.look(task, clock())
        elif is_asked:
            tasks.end(task, {"canceled": True}, clock())
    if is_asked and not handles:
        run.refresh_from_db()
        ending.end_canceled(run)


def clean(run_pk: int) -> None:
    """Free what a run left, an image build that only it waited for, and place the next."""
    run = _load(run_pk)
    preparing.let_go(run.image_build)
    deadline = time.monotonic() + LEAVES_WITHIN_S
    while not cleaning.clean(run) and time.monotonic() < deadline:
        time.sleep(0.02)
    placing.place()


def _load(run_pk: int) -> Run:
    return Run.objects.select_related(
        "experiment__workspace", "cluster", "created_by", "canceled_by", "image_build"
    ).get(pk=run_pk)

"""After a cancel, and after the end: the tasks go, their nodes go to who waits."""

import logging
import time

from django.conf import settings
from django.utils.timezone import now as clock

from compute.backends import backend_for
from compute.backends.base import Unreachable
from runs import cleaning, ending, placing, preparing, tasks, watching
from runs.models import Run
from runs.starting import at_once
from runs.states import State

logger = logging.getLogger(__name__)
# A driver that has reported its end is gone within milliseconds; supervise tries again later.
LEAVES_WITHIN_S = 2.0
LAST_GRACE_S = 1


def stop(run_pk: int) -> None:
    """End the tasks of a run whose cancel was asked, or of which a node failed.

    One that has no task yet is canceled at once. The node that failed is left alone: what it has
    is brought still.
    """
    run = _load(run_pk)
    is_asked = run.state == State.CANCEL_REQUESTED
    if not is_asked and not tasks.has_failed(run):
        return
    present = tasks.present().filter(run=run)
    left = list(present if is_asked else present.filter(failed_at=None))
    backend = backend_for(run.cluster)
    for task in left:  # one whose start was not noted may run all the same
        task.handle = task.handle or backend.find(task.task_id, tasks.folder(task.task_id))
    handles = [task.handle for task in left if task.handle is not None]
    # After a failure they have had the grace, since their heartbeats told them.
    grace_s = settings.CANCEL_GRACE_SECONDS if is_asked else LAST_GRACE_S
    at_once(lambda handle: backend.stop(handle, grace_s), handles)
    deadline = time.monotonic() + LEAVES_WITHIN_S
    for task in left:
        task.run = run
        if task.handle is not None:
            watching.look(task, clock())
            while task.ended_at is None and time.monotonic() < deadline:
                time.sleep(0.05)  # what it left is being brought
                watching.look(task, clock())
        elif is_asked:
            tasks.end(task, {"canceled": True}, clock())
    if is_asked and not handles:
        run.refresh_from_db()
        ending.end_canceled(run)
    else:  # the last of them may be one that was never started
        ending.settle(run)


def clean(run_pk: int) -> None:
    """Free what a run left, an image build that only it waited for, and place the next."""
    run = _load(run_pk)
    preparing.let_go(run.image_build)
    deadline = time.monotonic() + LEAVES_WITHIN_S
    try:
        while not cleaning.clean(run) and time.monotonic() < deadline:
            time.sleep(0.02)
    except Unreachable as error:
        logger.warning("%s cannot be cleaned up yet: %s", run, error)
    placing.place()


def _load(run_pk: int) -> Run:
    return Run.objects.select_related(
        "experiment__workspace", "cluster", "created_by", "canceled_by", "image_build"
    ).get(pk=run_pk)

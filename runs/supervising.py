"""One round of supervise: what a row says is due is sent again, what runs is looked at.

The queue may lose a message and any process may be killed: after a round or two everything that
was left behind goes on. Each step of a round stands alone, so one failure does not stop the rest.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from compute import clusters, images
from compute.actors import build_image
from compute.models import Cluster
from compute.states import BUILD_ENDED
from runs import actors, launching, watching
from runs.models import Run, RunQuerySet
from runs.states import FINAL, ON_A_NODE, State
from studio import tokens
from studio.models import Workspace

logger = logging.getLogger(__name__)
# Messages arrive within milliseconds; what has not moved after this was lost.
DUE = timedelta(seconds=3)


def prepare() -> None:
    """What the first start needs of the upper apps: a cluster in every workspace that has none."""
    for workspace in Workspace.objects.filter(clusters__isnull=True):
        clusters.ensure_default(workspace)


def once(now: datetime) -> None:
    """Do one round."""
    steps: list[Callable[[datetime], None]] = [
        _look_at_tasks,
        _clean_ended,
        _start_again,
        _go_on_after_builds,
        _resend_builds,
        _resend_new,
        _place_waiting,
        _housekeeping,
    ]
    for step in steps:
        try:
            step(now)
        except Exception:  # the outer edge: the next round tries again
            logger.exception("supervise: %s failed", step.__name__.strip("_"))


def _look_at_tasks(now: datetime) -> None:
    for run in _runs(state__in=ON_A_NODE, handle__isnull=False):
        watching.look(run, now)


def _clean_ended(now: datetime) -> None:
    ended = _runs(state__in=FINAL, cleaned_at__isnull=True)
    for run in ended:
        watching.clean(run, now)


def _start_again(now: datetime) -> None:
    """A worker was killed between taking a node and starting the task: start it, the same task."""
    late = Q(seen_at__lt=now - DUE)
    for run in _runs(state=State.STARTING, handle__isnull=True).filter(late):
        launching.start(run)
    for run in _runs(state=State.CANCEL_REQUESTED, handle__isnull=True):
        if run.cancel_requested_at and now - run.cancel_requested_at > DUE:
            actors.stop.send(run.pk)


def _go_on_after_builds(now: datetime) -> None:
    for run in _runs(state=State.PREPARING, image_build__state__in=BUILD_ENDED):
        launching.launch(run.pk)


def _resend_builds(now: datetime) -> None:
    images.abandoned(now)
    needed = _runs(state=State.PREPARING, image_build__state="Waiting")
    due = needed.filter(image_build__asked_at__lt=now - DUE)
    for pk in due.values_list("image_build_id", flat=True).distinct():
        build_image.send(pk)


def _resend_new(now: datetime) -> None:
    new = Q(state=State.NOT_STARTED) | Q(state=State.PREPARING, image_build__isnull=True)
    for pk in Run.objects.filter(new, created_at__lt=now - DUE).values_list("pk", flat=True):
        launching.launch(pk)


def _place_waiting(now: datetime) -> None:
    queued = Run.objects.filter(state=State.QUEUED).values("cluster")
    for cluster in Cluster.objects.filter(pk__in=queued):
        launching.place(cluster)


def _housekeeping(now: datetime) -> None:
    clusters.retire_idle(now)
    if now.minute == 0 and now.second == 0:
        tokens.forget_expired(now)


def _runs(**wanted: object) -> RunQuerySet:
    return Run.objects.select_related(
        "experiment__workspace", "cluster", "created_by", "canceled_by", "image_build__image"
    ).filter(**wanted)

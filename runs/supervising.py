"""One round of supervise: what a row says is due is sent again, what runs is looked at.

The queue may lose a message and any process may be killed: after a round or two everything that
was left behind goes on. Each row stands alone, so one that fails does not stop the others.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import Q

from compute import clusters, images
from compute.actors import build_image
from compute.models import Cluster, Node
from compute.states import BUILD_ENDED, BuildState, NodeState
from runs import actors, launching, watching
from runs.models import Run, RunQuerySet
from runs.states import FINAL, ON_A_NODE, State
from studio import queue, tokens
from studio.files import blobs
from studio.models import Workspace

logger = logging.getLogger(__name__)
Row = TypeVar("Row")
# Messages arrive within milliseconds; what has not moved after this was lost.
DUE = timedelta(seconds=3)
# What was sent again may be under way: not once more before this.
AGAIN = timedelta(seconds=30)
# Only in this process: after a restart everything may be sent once more, and all of it is
# safe to do twice.
_sent: dict[tuple[str, int], datetime] = {}


def prepare() -> None:
    """What the first start needs of the upper apps: a cluster in every workspace that has none."""
    for workspace in Workspace.objects.filter(clusters__isnull=True):
        clusters.ensure_default(workspace)
    blobs.sweep()


def once(now: datetime) -> None:
    """Do one round."""
    steps: list[Callable[[datetime], None]] = [
        _look_at_tasks,
        _start_again,
        _stop_again,
        _clean_ended,
        _release_left_nodes,
        _go_on_after_builds,
        _resend_builds,
        _launch_new,
        _place_waiting,
        _housekeeping,
    ]
    for step in steps:
        _each([now], step)


def _each(rows: Iterable[Row], do: Callable[[Row], object]) -> None:
    """Do it for every row; one that fails is logged, and tried again in the next round."""
    for row in rows:
        try:
            do(row)
        except Exception:  # the outer edge: the other rows must not wait for this one
            logger.exception("supervise: %s failed for %s", do, row)


def _is_due(what: str, key: int, now: datetime, every: timedelta = AGAIN) -> bool:
    """Whether `what` was not sent for `key` lately; notes that it is sent now."""
    last = _sent.get((what, key))
    if last is not None and now - last < every:
        return False
    _sent[what, key] = now
    return True


def _look_at_tasks(now: datetime) -> None:
    tasks = _runs(state__in=ON_A_NODE, handle__isnull=False)
    _each(tasks, lambda run: watching.look(run, now))


def _start_again(now: datetime) -> None:
    """A worker was killed between taking a node and starting the task: start it, the same task."""
    late = _runs(state=State.STARTING, handle__isnull=True, seen_at__lt=now - DUE)
    _each(late, launching.start)


def _stop_again(now: datetime) -> None:
    """A cancel whose message was lost, or whose worker was killed while it waited for the end."""
    patience = timedelta(seconds=settings.CANCEL_GRACE_SECONDS + 10)
    asked = Q(cancel_requested_at__lt=now - DUE, handle__isnull=True)
    asked |= Q(cancel_requested_at__lt=now - patience)
    canceled = Run.objects.filter(asked, state=State.CANCEL_REQUESTED)
    for pk in canceled.values_list("pk", flat=True):
        if _is_due("stop", pk, now):
            queue.send(actors.stop, pk)


def _clean_ended(now: datetime) -> None:
    """Ending what is left of a task may take its time, so a worker does it."""
    ended = Run.objects.filter(cleaned_at__isnull=True, state__in=FINAL)
    for pk in ended.filter(ended_at__lt=now - DUE).values_list("pk", flat=True):
        if _is_due("clean", pk, now):
            queue.send(actors.clean, pk)


def _release_left_nodes(now: datetime) -> None:
    """A worker was killed after it reserved a node for a run that had just ended."""
    held = set(Node.objects.filter(state=NodeState.BUSY).values_list("holder", flat=True))
    needed = Run.objects.filter(run_id__in=held).exclude(cleaned_at__isnull=False)
    for holder in held - set(needed.values_list("run_id", flat=True)):
        clusters.release(str(holder), now)


def _go_on_after_builds(now: datetime) -> None:
    built = _runs(state=State.PREPARING, image_build__state__in=BUILD_ENDED)
    _each(built.values_list("pk", flat=True), launching.launch)


def _resend_builds(now: datetime) -> None:
    images.abandoned(now)
    needed = Run.objects.filter(
        state=State.PREPARING,
        image_build__state=BuildState.WAITING,
        image_build__asked_at__lt=now - DUE,
    )
    for pk in needed.values_list("image_build_id", flat=True).distinct():
        if pk is not None and _is_due("build", pk, now):
            queue.send(build_image, pk)


def _launch_new(now: datetime) -> None:
    new = Q(state=State.NOT_STARTED) | Q(state=State.PREPARING, image_build__isnull=True)
    late = Run.objects.filter(new, created_at__lt=now - DUE)
    _each(late.values_list("pk", flat=True), launching.launch)


def _place_waiting(now: datetime) -> None:
    queued = Run.objects.filter(state=State.QUEUED).values("cluster")
    _each(Cluster.objects.filter(pk__in=queued), launching.place)


def _housekeeping(now: datetime) -> None:
    clusters.retire_idle(now)
    if _is_due("housekeeping", 0, now, every=timedelta(hours=1)):
        tokens.forget_expired(now)
        blobs.sweep()
        for key in [key for key, at in _sent.items() if now - at > timedelta(hours=2)]:
            del _sent[key]


def _runs(**wanted: object) -> RunQuerySet:
    return Run.objects.select_related(
        "experiment__workspace", "cluster", "created_by", "canceled_by", "image_build__image"
    ).filter(**wanted)

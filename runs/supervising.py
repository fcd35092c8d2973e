"""The rounds of supervise: what a row says is due is sent again, what runs is looked at.

The queue may lose a message and any process may be killed: after a round or two everything that
was left behind goes on. Each row stands alone, so one that fails does not stop the others. Whatever
asks an engine is in a round of its own, so one that hangs does not stop the others either.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db.models import F, Min, Q

from compute import clusters, images
from compute.actors import build_image
from compute.backends.base import Unreachable
from compute.models import Node
from compute.states import BUILD_ENDED, Backend, NodeState
from registry import actors as registry_actors
from registry import environments, fetching
from runs import (
    actors,
    control,
    ending,
    launching,
    lifecycle,
    placing,
    preparing,
    removing,
    starting,
    tasks,
    watching,
)
from runs.models import PipelineRun, Run, RunQuerySet, RunTask
from runs.pipelines import advancing
from runs.states import ACTIVE, ON_A_NODE, WAITING, Reason, State
from studio import queue, tokens
from studio.files import blobs, collecting
from studio.models import Workspace

logger = logging.getLogger(__name__)
Row = TypeVar("Row")
Step = Callable[[datetime], None]
# Messages arrive within milliseconds; what has not moved after this was lost.
DUE = timedelta(seconds=3)
# Whoever asks for a build says a moment later that he waits for it; no sooner is it unwanted.
JUST_ASKED = timedelta(seconds=0.5)
# What was sent again may be under way: not once more before this.
AGAIN = timedelta(seconds=30)
# Small steps: together they come past everything that is kept.
COLLECT_EVERY = timedelta(seconds=10)
# Only in this process: after a restart everything may be sent once more, and all of it is
# safe to do twice.
_sent: dict[tuple[str, int], datetime] = {}


def prepare() -> None:
    """What a start needs of the upper apps: a cluster per workspace, the curated environments."""
    for workspace in Workspace.objects.filter(clusters__isnull=True):
        clusters.ensure_default(workspace)
    environments.load_catalog()
    blobs.sweep()


def rounds() -> list[Sequence[Step]]:
    """What is to be done every second, in the order in which it goes on.

    The first asks rows, and this machine. The others may have to wait for an engine, for half a
    minute each time where it hangs: they belong beside the first, and beside each other.
    """
    elsewhere = [kind for kind in Backend if kind != Backend.LOCAL]
    return [
        (
            partial(_look_at_tasks, Backend.LOCAL),
            _settle_again,
            _end_overdue,
            _stop_again,
            _leave_deleted_clusters,
            _clean_ended,
            _advance_again,
            _release_left_nodes,
            _go_on_after_builds,
            _end_unwanted_builds,
            _start_builds_again,
            _say_what_builds_do,
            _fetch_again,
            _housekeeping,
        ),
        *((partial(_look_at_tasks, kind),) for kind in elsewhere),
        (_start_again, _launch_new, _place_waiting),
        (_collect,),
    ]


def work_off(steps: Iterable[Step], now: datetime) -> None:
    """Do the steps of a round."""
    for step in steps:
        _each([now], step)


def once(now: datetime) -> None:
    """Do every round once, one after the other."""
    for steps in rounds():
        work_off(steps, now)


def look(now: datetime) -> None:
    """See between the rounds what must not wait for the next one: builds that ended, or may.

    compute tells nobody that a build ended, and registry knows no run that waits for one; these
    are two cheap queries.
    """
    work_off((_go_on_after_builds, _end_unwanted_builds), now)


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


def _look_at_tasks(backend: Backend, now: datetime) -> None:
    """Look at what runs. A backend that does not answer is asked once, and not for every task."""
    # A driver that says more than Starting was started, whether that was noted or not.
    started = Q(handle__isnull=False) | Q(run__state__in=(State.RUNNING, State.FINALIZING))
    there = tasks.present().filter(started, run__state__in=ON_A_NODE, run__cluster__backend=backend)
    away: list[Unreachable] = []

    def look(task: RunTask) -> None:
        if not away:
            try:
                watching.look(task, now)
            except Unreachable as error:
                logger.warning("%s: %s", task.run, error)
                away.append(error)
        if away:
            watching.note_silence(task, now, str(away[0]))

    _each(there.select_related("run__cluster").order_by("id"), look)


def _settle_again(now: datetime) -> None:
    """Somebody was killed between noting that the last task ended and ending its run."""
    live = tasks.present().values("run")
    ended = RunTask.objects.filter(attempt=F("run__attempt"), ended_at__lt=now - DUE)
    left = ended.filter(run__state__in=ON_A_NODE).exclude(run__in=live)
    _each(_runs(pk__in=left.values("run")), ending.settle)


def _start_again(now: datetime) -> None:
    """A worker was killed between taking a node and starting the task: start it, the same task.

    Or its backend did not answer.
    """
    late = tasks.present().filter(handle__isnull=True, seen_at__lt=now - DUE).values("run")
    _each(_runs(state=State.STARTING, pk__in=late), starting.start)


def _end_overdue(now: datetime) -> None:
    """Scripts that take longer than they may are asked to end, as by a cancel."""

    def ask(run: Run) -> None:
        words = f"its time limit of {run.max_seconds} s is over"
        if lifecycle.move(run, State.CANCEL_REQUESTED, words, cancel_requested_at=now):
            queue.send(actors.stop, run.pk)

    on = (State.RUNNING, State.NOT_RESPONDING)
    _each(_runs(state__in=on, must_end_at__lt=now), ask)


def _leave_deleted_clusters(now: datetime) -> None:
    """What waits for a node of a cluster that is gone would wait for ever."""

    def leave(run: Run) -> None:
        words = f"its cluster {run.cluster.name} was deleted before it could"
        if run.retried:  # nobody canceled it: it had lost a node
            error = {"type": "ProcessLost", "message": f"{words} be started again"}
            lifecycle.end_waiting(run, Reason.LOST, error["message"], error=error)
        else:
            asked = {"cancel_requested_at": now}
            lifecycle.end_waiting(run, Reason.CANCELED, f"{words} start", **asked)

    _each(_runs(state__in=WAITING, cluster__deleted_at__isnull=False), leave)


def _stop_again(now: datetime) -> None:
    """A cancel whose message was lost, or whose worker was killed while it waited for the end.

    And nodes that have not ended in their time after another of their run failed.
    """
    grace = timedelta(seconds=settings.CANCEL_GRACE_SECONDS)
    started = tasks.present().filter(handle__isnull=False).values("run")
    asked = Q(cancel_requested_at__lt=now - DUE) & ~Q(pk__in=started)
    asked |= Q(cancel_requested_at__lt=now - grace - timedelta(seconds=10))
    # A pipeline run has no task: it ends with its steps.
    canceled = Run.objects.filter(asked, state=State.CANCEL_REQUESTED, pipeline__isnull=True)
    failed = RunTask.objects.filter(
        attempt=F("run__attempt"),
        failed_at__lt=now - grace,
        run__state__in=ON_A_NODE,
        run__node_count__gt=1,
    )
    late = tasks.present().filter(failed_at=None, run__in=failed.values("run"))
    left = Run.objects.filter(pk__in=late.values("run"))
    for why, found in (("canceled", canceled), ("failed", left)):
        for pk, attempt in found.values_list("pk", "attempt"):
            if _is_due(f"stop {why}, attempt {attempt}", pk, now):
                queue.send(actors.stop, pk)


def _clean_ended(now: datetime) -> None:
    """Ending what is left of a task may take its time, so a worker does it."""
    # By what is to be cleaned: by state or time, SQLite would go through all that ever ended.
    left = Run.objects.filter(cleaned_at__isnull=True).exclude(state__in=ACTIVE)
    ended = left.order_by("id").values_list("pk", "ended_at", "reason")
    # Of one that was lost no driver has told: nobody else sends it.
    due = {(pk, "clean") for pk, at, why in ended if at and (at < now - DUE or why == Reason.LOST)}
    earlier = RunTask.objects.filter(cleaned_at=None, attempt__lt=F("run__attempt"))
    before = earlier.values_list("run_id", "run__attempt")
    due |= {(pk, f"clean before attempt {attempt}") for pk, attempt in before}
    for pk, what in due:
        if _is_due(what, pk, now):
            queue.send(actors.clean, pk)


def _advance_again(now: datetime) -> None:
    """Pipeline runs whose message was lost, or whose worker was killed between two steps."""

    def advance(pipeline: PipelineRun) -> None:
        run = pipeline.run
        if not _is_due("advance", run.pk, now, every=DUE):
            return
        if run.state == State.CANCEL_REQUESTED:
            control.cancel_steps(run, run.canceled_by or run.created_by)
        queue.send(actors.advance, run.pk)

    _each(advancing.due(now - DUE), advance)


def _release_left_nodes(now: datetime) -> None:
    """A worker was killed after it reserved nodes for a run that had just ended."""
    busy = Node.objects.filter(state=NodeState.BUSY)
    live = RunTask.objects.filter(cleaned_at=None).values("task_id")
    held = set(map(str, busy.exclude(holder__in=live).values_list("holder", flat=True)))
    if held:  # by nobody, or by runs that get their nodes at this moment
        queued = Run.objects.filter(state=State.QUEUED)
        for run in queued.only("run_id", "attempt", "node_count"):
            held -= set(tasks.ids(run))
    for holder in tasks.of_nobody(held):
        clusters.release(holder, now)


def _go_on_after_builds(now: datetime) -> None:
    ended = Run.objects.filter(state=State.PREPARING, image_build__state__in=BUILD_ENDED)
    builds = ended.values_list("image_build", "image_build__log").annotate(first=Min("id"))
    for build_pk, log_pk, _ in builds.order_by("first"):
        # By its log: a build that was asked for again and ended again is another end.
        if _is_due("go-on", log_pk, now, every=DUE):
            queue.send(actors.go_on, build_pk)


def _end_unwanted_builds(now: datetime) -> None:
    """A person took a wish back, or the last run that waited went in an unusual way."""
    preparing.let_go_of_unwanted(now - JUST_ASKED)


def _start_builds_again(now: datetime) -> None:
    """Send the builds that wait, while there is room, and those whose builder was killed."""
    images.abandoned(now)
    for build in images.startable(now):
        # One that was just asked for is sent by whoever asked.
        is_left = build.asked_at < now - DUE or build.attempt > 1
        if is_left and _is_due("build", build.log_id, now, every=DUE):
            queue.send(build_image, build.pk)


def _say_what_builds_do(now: datetime) -> None:
    preparing.tell_progress()


def _fetch_again(now: datetime) -> None:
    """A fetch whose message was lost, or whose worker was killed."""
    for number in fetching.due(now):
        if _is_due("fetch", number, now):
            queue.send(registry_actors.fetch, number)


def _launch_new(now: datetime) -> None:
    new = Q(state=State.NOT_STARTED) | Q(state=State.PREPARING, image_build__isnull=True)
    late = Run.objects.filter(new, created_at__lt=now - DUE).order_by("id")
    _each(late.values_list("pk", flat=True), launching.launch)


def _place_waiting(now: datetime) -> None:
    placing.place(everyone=True)


def _housekeeping(now: datetime) -> None:
    clusters.retire_idle(now)
    clusters.bring_up(now)
    if _is_due("make-room", images.newest(), now, every=timedelta(minutes=5)):
        queue.send(actors.make_room)
    if _is_due("housekeeping", 0, now, every=timedelta(hours=1)):
        tokens.forget_expired(now)
        blobs.sweep()
        for key in [key for key, at in list(_sent.items()) if now - at > timedelta(hours=2)]:
            del _sent[key]


def _collect(now: datetime) -> None:
    if _is_due("remove", 0, now, every=AGAIN):
        removing.go_on()
    if _is_due("collect", 0, now, every=COLLECT_EVERY):
        collecting.step(now)


def _runs(**wanted: object) -> RunQuerySet:
    found = Run.objects.select_related(
        "experiment__workspace", "cluster", "created_by", "canceled_by", "image_build__image"
    )
    return found.filter(**wanted).order_by("id")

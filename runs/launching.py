"""From submitted to started: image, node, task. Every step is safe to repeat.

Load, work, apply: nothing here builds, starts or calls inside a transaction.
"""

import logging
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.timezone import now as clock

from compute import clusters, images, machine, recipes, sizes
from compute.backends import backend_for
from compute.backends.base import NoCapacity, Refused, Unreachable
from compute.building.local import certificates
from compute.models import Cluster, Node
from compute.tasks import Task
from runs import lifecycle, preparing
from runs.models import Run
from runs.states import ON_A_NODE, Reason, State
from studio import tokens
from studio.models import TokenKind

logger = logging.getLogger(__name__)
TOKEN_DAYS = 60
WITH = ("experiment__workspace", "cluster", "created_by", "image_build__image")
PLACED_TOGETHER = 20
TURNED_AWAY_FOR = timedelta(seconds=5)


def launch(run_pk: int) -> None:
    """Take a run as far as it can go now: to a started task, or to what it waits for."""
    run = _load(run_pk)
    if run.state == State.NOT_STARTED:
        lifecycle.move(run, State.PREPARING)
    if run.state == State.PREPARING:
        preparing.prepare(run)
    if run.state == State.QUEUED:
        place(run.cluster)


def _load(run_pk: int) -> Run:
    return Run.objects.select_related(*WITH).get(pk=run_pk)


def go_on(build_pk: int) -> None:
    """Let the runs that waited for a build that ended go on: to their nodes, or to their end."""
    waiting = list(preparing.waiting_for(build_pk).select_related(*WITH).order_by("id"))
    for number, run in enumerate(waiting):
        try:
            preparing.prepare(run)
        except Exception:  # the outer edge: the others must not wait for this one
            logger.exception("%s could not go on", run)
        if number % PLACED_TOGETHER == 0:  # the first start while the last are still told
            place(run.cluster)
    for cluster in {run.cluster_id: run.cluster for run in waiting}.values():
        place(cluster)


def _error(kind: str, message: str) -> dict[str, object]:
    return {"type": kind, "message": message}


def place(cluster: Cluster) -> None:
    """Give the waiting runs of a cluster its free nodes, in order; say why the rest wait."""
    waiting = list(
        Run.objects.select_related("experiment__workspace", "cluster", "created_by")
        .filter(cluster=cluster, state=State.QUEUED)
        .order_by("id")
    )
    for position, run in enumerate(waiting, start=1):
        if _was_turned_away(run):
            return
        node = clusters.reserve(cluster, run.run_id, clock())
        if isinstance(node, clusters.Full):
            _say_why(node, waiting[position - 1 :])
            return
        _start_on(run, node)


def _was_turned_away(run: Run) -> bool:
    """Whether its backend had no room a moment ago: a queued run was only seen when it started."""
    return run.seen_at is not None and clock() - run.seen_at < TURNED_AWAY_FOR


def _say_why(full: clusters.Full, waiting: list[Run]) -> None:
    names = list(Run.objects.filter(run_id__in=full.holders).values_list("name", flat=True)[:4])
    more = ", …" if len(names) > 3 else ""
    held = f" by {', '.join(names[:3])}{more}" if names else ""
    for position, run in enumerate(waiting, start=1):
        place_words = "next in line" if position == 1 else f"number {position} in line"
        lifecycle.wait(run, f"Waiting for a node ({place_words}): {full.words}{held}")


def _start_on(run: Run, node: Node) -> None:
    """Start the run's task on its node; only the one who wins the move starts it."""
    came_up = clock() - node.came_up_at < timedelta(seconds=2)
    there = "a node came up" if came_up else f"node {node.number} was free"
    moved = lifecycle.move(
        run,
        State.STARTING,
        closing="; ".join(filter(None, [there, _granted(run.cluster).remarks])),
        node_number=node.number,
        task_id=run.task_id or uuid.uuid4().hex,
        seen_at=clock(),
    )
    if moved:
        start(run)
    elif run.state not in ON_A_NODE:
        clusters.release(run.run_id, clock())


def start(run: Run) -> None:
    """Start the task of a run in Starting; the same task id twice starts one task."""
    image = run.image_build.image if run.image_build else None
    if image is None or not images.is_there(image):
        words = "its image was removed meanwhile"
        if lifecycle.move(run, State.PREPARING, words, image_build=None):
            clusters.release(run.run_id, clock())
            preparing.prepare(run)
        return
    images.mark_used(image)
    try:
        handle = backend_for(run.cluster).start(_task(run))
    except (NoCapacity, Unreachable) as error:
        if lifecycle.move(run, State.QUEUED, str(error)):
            tokens.revoke(TokenKind.RUN, run.run_id)
            clusters.release(run.run_id, clock())
            lifecycle.wait(run, str(error))
        return
    except Refused as error:
        lifecycle.end(run, Reason.START_FAILED, error=_error("StartFailed", str(error)))
        return
    # Somebody may have canceled and cleaned up meanwhile: then there is something to clean again.
    Run.objects.filter(pk=run.pk).update(handle=handle, cleaned_at=None)
    run.refresh_from_db()
    if run.is_final or run.state == State.CANCEL_REQUESTED:
        backend_for(run.cluster).stop(handle, settings.CANCEL_GRACE_SECONDS)


def _task(run: Run) -> Task:
    _, secret = tokens.issue(
        run.created_by,
        run.workspace,
        name=run.name,
        kind=TokenKind.RUN,
        subject=run.run_id,
        expires_at=_token_end(clock()),
    )
    folder = Path(settings.TASKS) / run.task_id
    assert run.image_build is not None and run.image_build.image is not None
    python = images.python_of(run.image_build.image)
    granted = _granted(run.cluster)
    return Task(
        id=run.task_id,
        command=[python, "-m", "trainyard.driver"],
        env={
            **certificates(),
            **recipes.variables_of(run.definition),
            "PATH": f"{Path(python).parent}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(settings.SDK),
            "TRAINYARD_URL": settings.URL,
            "TRAINYARD_SOCKET": str(settings.WEB_SOCKET),
            "TRAINYARD_WORK": str(folder),
            "TRAINYARD_TASK": run.task_id,
            "AZUREML_RUN_TOKEN": secret,
            "AZUREML_RUN_ID": run.run_id,
        },
        folder=str(folder),
        grace_s=settings.CANCEL_GRACE_SECONDS,
        image=run.image_build.image.place,
        # The socket's folder, not the socket: a studio that was started again has another one.
        reads=(
            str(settings.SDK),
            str(settings.WEB_SOCKET.parent),
            *certificates().values(),
        ),
        cpus=granted.cpus,
        memory_bytes=granted.memory_bytes,
        gpus=granted.gpus,
        has_network=run.cluster.has_network,
    )


def _granted(cluster: Cluster) -> sizes.Grant:
    return sizes.grant(sizes.find(cluster.node_size), machine.this())


def _token_end(now: datetime) -> datetime:
    """A run's token dies with the run; this is for a run whose end nobody could see."""
    return now + timedelta(days=TOKEN_DAYS)

"""What a task left that ended without a word is brought by another task, before the end is noted.

A driver that was killed, or whose container was, has no time for its last words: they lie in the
task's folder. The other task reads that folder and is as confined as the first was, for what lies
there is users' own. Every step is safe to repeat.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from django.utils.dateparse import parse_datetime

from compute.backends import backend_for
from compute.backends.base import NoCapacity, Refused, Unreachable
from runs import starting, tasks
from runs.models import RunTask

logger = logging.getLogger(__name__)
TAKES_AT_MOST = timedelta(seconds=7)


def is_brought(task: RunTask, now: datetime) -> bool:
    """Have what `task` left brought; True once it is, or cannot be. Ask again until then."""
    if task.rest is None:
        RunTask.objects.filter(pk=task.pk, rest__isnull=True).update(rest=_start(task, now))
        task.refresh_from_db(fields=["rest"])
    if not task.rest:
        return True
    backend, handle = backend_for(task.run.cluster), task.rest["handle"]
    try:
        if backend.look(handle).state != "running":
            return True
        if now < (parse_datetime(task.rest["until"]) or now):
            return False
        backend.stop(handle, 0)
    except Unreachable as error:
        logger.warning("%s: what it left is not brought: %s", task.run, error)
    return True


def _start(task: RunTask, now: datetime) -> dict[str, object]:
    folder = Path(tasks.folder(task.task_id))
    if task.handle is None or not folder.is_dir():
        return {}
    backend = backend_for(task.run.cluster)
    first = starting.order(task.run, task)
    order = replace(
        first,
        id=f"{task.task_id}-rest",
        command=[first.command[0], "-m", "trainyard._driver.rest"],
        env={**first.env, "TRAINYARD_REST_OF": task.task_id},
        folder=f"{folder}-rest",
        reads=(*first.reads, str(folder)),
        gpus=(),
        group="",
    )
    try:
        backend.stop(task.handle, 0)  # nothing of it writes any more
        handle = backend.start(order)
    except (NoCapacity, Refused, Unreachable) as error:
        logger.warning("%s: what it left is not brought: %s", task.run, error)
        return {}
    return {"handle": handle, "until": (now + TAKES_AT_MOST).isoformat()}


def forget(task: RunTask) -> None:
    """Free what brought it. Raises Unreachable."""
    if task.rest:
        backend = backend_for(task.run.cluster)
        backend.stop(task.rest["handle"], 0)
        backend.forget(task.rest["handle"])

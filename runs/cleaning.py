"""What ended tasks left is freed: process or container, node, folder, token. Safe to repeat."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.timezone import now as clock

from compute import clusters
from compute.backends import backend_for
from compute.backends.base import Unreachable
from runs import logs
from runs.models import Run, RunTask
from studio import tokens
from studio.models import TokenKind

logger = logging.getLogger(__name__)
# A driver that has reported goes by itself; after that it is ended.
LEAVES_WITHIN = timedelta(seconds=3)


def clean(run: Run, now: datetime | None = None) -> bool:
    """Free what a run left that has ended, or is to be started again. False: try again later."""
    now = now or clock()
    if run.cleaned_at is not None:
        return True
    left = run.tasks.filter(cleaned_at=None)
    if not run.is_final:
        left = left.filter(attempt__lt=run.attempt)
    freed = [_free(run, task, now) for task in left]  # each of them, whatever becomes of the first
    if not run.is_final or not all(freed):
        return all(freed)
    tokens.revoke(TokenKind.RUN, run.run_id)
    logs.finish(run)
    # A task may have been started since we looked: then there is more to clean.
    ended = Run.objects.filter(pk=run.pk).exclude(tasks__in=run.tasks.filter(cleaned_at=None))
    return bool(ended.update(cleaned_at=now))


def _free(run: Run, task: RunTask, now: datetime) -> bool:
    backend = backend_for(run.cluster)
    try:
        # A start that was not answered may have come through: then nobody noted its handle.
        folder = str(Path(settings.TASKS) / task.task_id)
        handle = task.handle or backend.find(task.task_id, folder)
        if handle is not None:
            ended_at = task.ended_at or run.ended_at
            is_early = ended_at is not None and now - ended_at < LEAVES_WITHIN
            if is_early and backend.look(handle).state == "running":
                return False
            backend.stop(handle, settings.CANCEL_GRACE_SECONDS)
            backend.forget(handle)
    except Unreachable as error:
        logger.warning("%s cannot be cleaned up yet: %s", run, error)
        return False
    clusters.release(task.task_id, now)
    same = RunTask.objects.filter(pk=task.pk, handle__isnull=task.handle is None)
    return bool(same.update(cleaned_at=now))

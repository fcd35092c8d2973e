"""What ended tasks left is freed: process or container, node, folder, token. Safe to repeat."""

import shutil
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.timezone import now as clock

from compute import clusters
from compute.backends import backend_for
from runs import logs, metrics, outside, rescue, tasks
from runs.models import Run, RunTask
from studio import tokens
from studio.models import TokenKind

# A driver that has reported goes by itself; after that it is ended.
LEAVES_WITHIN = timedelta(seconds=3)


def clean(run: Run, now: datetime | None = None) -> bool:
    """Free what a run left that has ended, or is to be started again. False: try again later.

    Raises Unreachable.
    """
    now = now or clock()
    if run.cleaned_at is not None:
        return True
    left = run.tasks.filter(cleaned_at=None)
    if not run.is_final:
        left = left.filter(attempt__lt=run.attempt)
    freed = [_free(run, task, now) for task in left]  # each, though the first may need some time
    if not run.is_final or not all(freed):
        return all(freed)
    tokens.revoke(TokenKind.RUN, run.run_id)
    tokens.revoke(TokenKind.LOG, run.run_id)
    outside.revoke_of(run)
    logs.finish(run)
    metrics.merge(run)
    # A task may have been started since we looked: then there is more to clean.
    ended = Run.objects.filter(pk=run.pk).exclude(tasks__in=run.tasks.filter(cleaned_at=None))
    return bool(ended.update(cleaned_at=now))


def _free(run: Run, task: RunTask, now: datetime) -> bool:
    backend = backend_for(run.cluster)
    # A start that was not answered may have come through: then nobody noted its handle.
    folder = tasks.folder(task.task_id)
    handle = task.handle or backend.find(task.task_id, folder)
    if handle is not None:
        ended_at = task.ended_at or run.ended_at
        is_early = ended_at is not None and now - ended_at < LEAVES_WITHIN
        if is_early and backend.look(handle).state == "running":
            return False
        backend.stop(handle, settings.CANCEL_GRACE_SECONDS)
        backend.forget(handle)
    else:  # a start that was refused may have made its folder
        shutil.rmtree(folder, ignore_errors=True)
    rescue.forget(task)
    clusters.release(task.task_id, now)
    same = RunTask.objects.filter(pk=task.pk, handle__isnull=task.handle is None)
    return bool(same.update(cleaned_at=now))

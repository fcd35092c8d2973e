"""A run's logs: paths that point at streams."""

import re
from typing import NamedTuple

from django.db import transaction

from runs import lifecycle
from runs.models import Run, RunLog
from studio import live, streams
from studio.errors import BadInput, NotFound
from studio.files.trees import safe_path
from studio.models import Stream

BUILD = "azureml-logs/20_image_build_log.txt"
DRIVER = "azureml-logs/70_driver_log.txt"
# What a driver may write; the image build's log is the studio's own.
FOLDERS = ("azureml-logs/", "logs/")
MOST_LOGS = 2000
OF_RANK = re.compile(r"(.*_)(\d+)(\.[a-z]+)?")


class Taken(NamedTuple):
    """Where the log's writer goes on, and whether that is in vain: the log is cut at its limit."""

    at: int
    is_cut: bool


def attach(run: Run, path: str, stream: Stream) -> None:
    """Show `stream` as the run's log `path`, in place of what was there."""
    if run.logs.filter(path=path, stream=stream).exists():
        return
    RunLog.objects.update_or_create(run=run, path=path, defaults={"stream": stream})
    live.publish(lifecycle.group(run), "files-changed")


def append(run: Run, path: str, offset: int, data: bytes) -> int:
    """Add bytes to a log and return its new size. The first append makes the log.

    Raises BadInput for a path outside the log folders, WrongOffset with `at`.
    """
    return take(run, path, offset, data).at


def take(run: Run, path: str, offset: int, data: bytes) -> Taken:
    """Add bytes as `append` does; who writes to a log that was cut before is told so."""
    if safe_path(path) == BUILD or not path.startswith(FOLDERS):
        raise BadInput(f"{path} is no log of a run; logs lie in {' or '.join(FOLDERS)}")
    log = run.logs.select_related("stream").filter(path=path).first() or _make(run, path)
    if data and log.stream.is_cut:
        return Taken(offset + len(data), True)  # without a transaction
    return Taken(streams.append(log.stream_id, offset, data), False)


def _make(run: Run, path: str) -> RunLog:
    if run.logs.count() >= MOST_LOGS:
        raise BadInput(f"a run has at most {MOST_LOGS:,} logs; write {path} to outputs/ instead")
    with transaction.atomic():
        stream = streams.create()
        log, made = RunLog.objects.get_or_create(run=run, path=path, defaults={"stream": stream})
        if made:
            live.publish(lifecycle.group(run), "files-changed")
        else:
            stream.delete()
    return log


def log_for(run: Run, path: str) -> RunLog:
    """Return a log by its path. Raises NotFound that lists the logs."""
    log = run.logs.select_related("stream").filter(path=path).first()
    if log is None:
        paths = ", ".join(run.logs.values_list("path", flat=True)[:10])
        raise NotFound(f"run {run.run_id} has no log {path}; its logs: {paths or 'none yet'}")
    return log


def finish(run: Run) -> None:
    """Say of the run's own logs that nothing more will come."""
    for log in run.logs.exclude(path=BUILD).filter(stream__is_complete=False):
        streams.finish(log.stream_id)


def ranks_of(run: Run, path: str) -> list[tuple[int, str]]:
    """The logs that are like `path` of the run's other processes, by rank: [(rank, path)…].

    Empty where it is the log of no rank, or the only one.
    """
    own = OF_RANK.fullmatch(path)
    if own is None:
        return []
    paths = run.logs.filter(path__startswith=own[1]).values_list("path", flat=True)
    found = [(other, path) for path in paths if (other := OF_RANK.fullmatch(path))]
    alike = [(int(m[2]), path) for m, path in found if (m[1], m[3]) == (own[1], own[3])]
    return sorted(alike) if len(alike) > 1 else []

"""A log of many lines, made in the studio's own process by rows (manage.py shell)."""

from collections.abc import Iterable
from pathlib import Path

from benchmarks.long_log import chunks
from runs import logs
from runs.models import Experiment
from runs.states import State
from studio import streams
from studio.models import Stream, StreamChunk, User, Workspace
from tests.factories import make_run

ROWS = 64


def fill(lines: int) -> str:
    """Make an ended run with a log of so many lines; its id."""
    return _filled(chunks(lines))


def fill_from(place: str) -> str:
    """Make an ended run with the log that is in a file; its id."""
    with Path(place).open("rb") as file:
        return _filled(iter(lambda: file.read(streams.CHUNK_BYTES), b""))


def _filled(pieces: Iterable[bytes]) -> str:
    workspace = Workspace.objects.get(name="default")
    experiment = Experiment.objects.create(workspace=workspace, name="long-logs")
    user = User.objects.get(username="admin")
    run = make_run(experiment=experiment, user=user, state=State.COMPLETED)
    logs.append(run, logs.DRIVER, 0, b"")
    stream = run.logs.get().stream
    rows, size, lines = [], 0, 0
    for data in pieces:
        rows.append(StreamChunk(stream=stream, offset=size, first_line=lines, data=data))
        size, lines = size + len(data), lines + data.count(b"\n")
        if len(rows) == ROWS:
            StreamChunk.objects.bulk_create(rows)
            rows = []
    StreamChunk.objects.bulk_create(rows)
    whole = {"size_bytes": size, "line_count": lines, "is_complete": True}
    Stream.objects.filter(pk=stream.pk).update(**whole)
    return run.run_id

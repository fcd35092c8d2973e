"""A log of many lines, made in the studio's own process by rows (manage.py shell)."""

from benchmarks.long_log import CHUNK_LINES, chunks
from runs import logs
from runs.models import Experiment
from runs.states import State
from studio.models import Stream, StreamChunk, User, Workspace
from tests.factories import make_run

ROWS = 64


def fill(lines: int) -> str:
    """Make an ended run with a log of so many lines; its id."""
    workspace = Workspace.objects.get(name="default")
    experiment = Experiment.objects.create(workspace=workspace, name="long-logs")
    user = User.objects.get(username="admin")
    run = make_run(experiment=experiment, user=user, state=State.COMPLETED)
    logs.append(run, logs.DRIVER, 0, b"")
    stream = run.logs.get().stream
    rows, size = [], 0
    for number, data in enumerate(chunks(lines)):
        first_line = number * CHUNK_LINES
        rows.append(StreamChunk(stream=stream, offset=size, first_line=first_line, data=data))
        size += len(data)
        if len(rows) == ROWS:
            StreamChunk.objects.bulk_create(rows)
            rows = []
    StreamChunk.objects.bulk_create(rows)
    whole = {"size_bytes": size, "line_count": lines, "is_complete": True}
    Stream.objects.filter(pk=stream.pk).update(**whole)
    return run.run_id

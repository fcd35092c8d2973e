"""Queue entry points of runs: an id in, one call out. All safe to run twice."""

from runs import inputs, launching, preparing, stopping, storage
from runs.pipelines import advancing
from studio import queue
from studio.queue import actor


@actor(queue_name="runs", max_retries=5)
def launch(run_pk: int) -> None:
    """Take a run as far as it can go now."""
    launching.launch(run_pk)


@actor(queue_name="runs", max_retries=5)
def stop(run_pk: int) -> None:
    """End the task of a run whose cancel was asked."""
    stopping.stop(run_pk)


@actor(queue_name="runs", max_retries=20, min_backoff=200, max_backoff=2000)
def clean(run_pk: int) -> None:
    """Free what an ended run left, then give its node to who waits."""
    stopping.clean(run_pk)


@actor(queue_name="runs", max_retries=5)
def advance(run_pk: int) -> None:
    """Let a pipeline run go on: launch the steps whose turn it is, or end it."""
    for begun in advancing.advance(run_pk):
        queue.send(launch, begun)


@actor(queue_name="runs", max_retries=5)
def go_on(build_pk: int) -> None:
    """Let the runs that waited for an image build go on, now that it has ended."""
    launching.go_on(build_pk)


@actor(queue_name="runs", max_retries=0, time_limit=24 * 3600 * 1000)
def lay_out(tree_pk: int) -> None:
    """Lay the files of a dataset out for the runs that wait for them; their drivers ask again."""
    inputs.lay(tree_pk)


@actor(queue_name="images", max_retries=0)
def make_room() -> None:
    """Remove images that nobody needs where all take too much."""
    preparing.make_room()


@actor(queue_name="images", max_retries=0, time_limit=3600 * 1000)
def count_storage() -> None:
    """Count what every workspace keeps, for Settings."""
    storage.work()

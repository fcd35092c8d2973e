"""Queue entry points of registry: an id in, one call out. Safe to run twice."""

from functools import partial

from registry import fetch_work, profiling
from studio import queue
from studio.queue import actor

DAY_MS = 24 * 3600 * 1000


@actor(queue_name="fetches", max_retries=3, time_limit=DAY_MS)
def fetch(number: int) -> None:
    """Bring the files of a fetch; only the one who claims it does. Then the next may come."""
    fetch_work.work(number)
    fetch_work.next_one(partial(queue.send, fetch))


@actor(queue_name="profiles", max_retries=0)
def profile(version_pk: int) -> None:
    """Count what is in a table's columns, for its page."""
    profiling.work(version_pk)

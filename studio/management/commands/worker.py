"""`manage.py worker`: one process that does what lies in the queues."""

import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules
from dramatiq import Worker

from studio.queue import broker

logger = logging.getLogger(__name__)
# How long an actor that is at work may take to end; its message comes back when it does not.
STOP_WITHIN_MS = 2500
FETCHES = "fetches"


class Command(BaseCommand):
    help = "Work on the queues: build images, start runs, finish them. SIGTERM stops it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        autodiscover_modules("actors")
        stop = threading.Event()

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, ask_to_stop)
        signal.signal(signal.SIGINT, ask_to_stop)
        # A queue that is idle is asked every 100 ms: half the default's latency.
        workers = [
            Worker(broker, queues=queues, worker_threads=threads, worker_timeout=100)
            for queues, threads in _threads(broker.get_declared_queues())
        ]
        # Each adds a middleware for its own queues: two of one type are meant here.
        broker.logger.addFilter(lambda record: "same type twice" not in str(record.msg))
        for worker in workers:
            worker.start()
        logger.info("working on %s", ", ".join(sorted(broker.get_declared_queues())))
        stop.wait()
        ending = [threading.Thread(target=w.stop, args=[STOP_WITHIN_MS]) for w in workers]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join()
        broker.close()


def _threads(queues: set[str]) -> list[tuple[set[str], int]]:
    """Which queues share how many threads: fetches, which wait for others' servers, have theirs."""
    own = {FETCHES} & queues
    shared = (queues - own, settings.WORKER_THREADS)
    return [shared, (own, settings.FETCHES_AT_ONCE)] if own else [shared]

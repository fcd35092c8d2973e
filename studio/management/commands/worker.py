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
        worker = Worker(broker, worker_threads=settings.WORKER_THREADS, worker_timeout=100)
        worker.start()
        logger.info("working on %s", ", ".join(sorted(broker.get_declared_queues())))
        stop.wait()
        worker.stop(timeout=STOP_WITHIN_MS)
        broker.close()

"""Every second: re-send what a row says is due, look at what runs, end what went silent.

Ten times a second: let runs go on whose image is ready, end builds that nobody waits for.
"""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils.timezone import now as clock

from runs import supervising

logger = logging.getLogger(__name__)
# A second has one round, and so many looks at what must go on at once.
LOOKS = 10


class Command(BaseCommand):
    """One round a second, until SIGTERM."""

    help = "Looks after runs: one round a second, until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        supervising.prepare()
        logger.info("supervise is up")
        beat = 0
        while not ended.wait(1.0 / LOOKS):
            close_old_connections()
            beat = (beat + 1) % LOOKS
            supervising.once(clock()) if beat == 0 else supervising.look(clock())

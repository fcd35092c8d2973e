"""Every second: re-send what a row says is due, look at what runs, end what went silent.

Ten times a second: let runs go on whose image is ready, end builds that nobody waits for. What may
have to wait for an engine is done in threads beside that.
"""

import logging
import signal
import threading
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils.timezone import now as clock

from runs import supervising

logger = logging.getLogger(__name__)
# A second has one round, and so many looks at what must go on at once.
LOOKS = 10
# How long a round that is under way may take to end; after that it is cut off, as by a kill.
STOP_WITHIN_S = 2.0


class Command(BaseCommand):
    """One round a second, until SIGTERM."""

    help = "Looks after runs: one round a second, until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        supervising.prepare()
        mine, *others = supervising.rounds()
        beside = [
            threading.Thread(target=_every_second, args=(steps, ended), daemon=True)
            for steps in others
        ]
        for thread in beside:
            thread.start()
        logger.info("supervise is up")
        beat = 0
        while not ended.wait(1.0 / LOOKS):
            close_old_connections()
            beat = (beat + 1) % LOOKS
            supervising.work_off(mine, clock()) if beat == 0 else supervising.look(clock())
        for thread in beside:
            thread.join(STOP_WITHIN_S / len(beside))


def _every_second(steps: Sequence[supervising.Step], ended: threading.Event) -> None:
    while not ended.wait(1.0):
        close_old_connections()
        supervising.work_off(steps, clock())

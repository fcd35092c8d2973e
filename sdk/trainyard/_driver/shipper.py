"""A thread that brings one kind of thing to the studio: as it comes, and the rest at the end."""

import sys
import threading
import time
from typing import Callable, List

from trainyard._driver.link import Link, RunEnded, Undelivered

# Something came lately: look again soon, so that a line is on its way within 25 ms. Nothing for
# a while: ten looks a second cost next to nothing and still feel immediate.
BUSY_S, IDLE_S, BUSY_FOR_S = 0.025, 0.1, 3.0


class Shipper(threading.Thread):
    """Calls `step` again and again; after finish() once more with is_last, then ends.

    on_ended is called (from this thread) when the studio has closed the run.
    """

    busy_s, idle_s = BUSY_S, IDLE_S

    def __init__(self, name: str, link: Link, on_ended: Callable[[], None]):
        super().__init__(name=name, daemon=True)
        self.link = link
        self.notes: List[str] = []
        self.undelivered = ""
        self._on_ended = on_ended
        self._finishing = threading.Event()

    def step(self, is_last: bool) -> bool:
        """Bring what is there; return whether there was anything."""
        raise NotImplementedError

    def left(self) -> str:
        """Say what is not delivered; "" when all is."""
        raise NotImplementedError

    def finish(self) -> None:
        """Ask for the rest to be brought; join() waits for it."""
        self._finishing.set()

    def note(self, text: str) -> None:
        """Keep something worth a line in the run's 75_job_post.txt, once."""
        if text not in self.notes and len(self.notes) < 100:
            self.notes.append(text)

    def refuse(self, path: str, why: str) -> None:
        """Note that a file is not kept, and why."""
        self.note("{!r} was not kept: {}".format(path, why))

    def run(self) -> None:
        """Bring what comes until finish(), then the rest."""
        active_at = time.monotonic()
        while not self._finishing.is_set():
            if self._guarded(False):
                active_at = time.monotonic()
            is_busy = time.monotonic() - active_at < BUSY_FOR_S
            self._finishing.wait(self.busy_s if is_busy else self.idle_s)
        self._guarded(True)
        self.undelivered = self.left()
        self.link.close()

    def bring_rest(self) -> None:
        """Bring what is left from the calling thread, once this one has ended or never began."""
        self._guarded(True)

    def _guarded(self, is_last: bool) -> bool:
        """Step; what goes wrong here must neither end the thread nor go unsaid."""
        try:
            return self.step(is_last)
        except RunEnded:
            self._finishing.set()
            self._on_ended()
        except Undelivered as error:
            self.note(str(error))
        except Exception as error:
            self.note("{} failed: {}: {}".format(self.name, type(error).__name__, error))
            sys.stderr.write("driver: " + self.notes[-1] + "\n")
            self._finishing.wait(1.0)
        return False

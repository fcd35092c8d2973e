"""What wakes the driver's main thread."""

import os
import select
from typing import Optional


class Bell:
    """Rung by threads and by signal handlers, where no lock may be taken."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        os.set_blocking(self._in, False)

    def ring(self) -> None:
        """Wake who waits, or who waits next."""
        try:
            os.write(self._in, b".")
        except BlockingIOError:
            pass  # It is ringing already.

    def wait(self, timeout_s: Optional[float]) -> None:
        """Return once it was rung, or after `timeout_s`; None waits for as long as it takes."""
        if select.select([self._out], [], [], timeout_s)[0]:
            os.read(self._out, 4096)

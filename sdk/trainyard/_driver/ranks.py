"""The processes of one node, treated as one: they start together, and one that fails ends all."""

import math
import signal
import time
from typing import Callable, Dict, Iterator, List, Optional, Sequence

from trainyard._driver import script, variables
from trainyard._driver.bell import Bell
from trainyard._driver.part import Part
from trainyard._driver.script import Script

PART_FOR_LAST_WORDS = 0.5  # of the grace


class Ranks:
    """Started processes, each a Script; `place` says in which file a log is kept here.

    before_end: called before any of them is sent a signal.
    """

    def __init__(
        self,
        part: Part,
        bell: Bell,
        place: Callable[[str], str],
        before_end: Callable[[], None] = lambda: None,
    ):
        self._before_end = before_end
        self._part = part
        self._bell = bell
        self._place = place
        self._scripts: List[Script] = []
        # Parameter servers: they serve until the workers have ended, and are ended then.
        self._servers: List[Script] = []

    def __iter__(self) -> Iterator[Script]:
        return iter(self._scripts)

    def start(self, command: List[str], folder: str, environ: Dict[str, str]) -> None:
        """Start one process for each of the node's ranks.

        Raises OSError when one cannot be started; those that were are ended.
        """
        try:
            for number in range(self._part.servers):
                own = variables.of_server(environ, self._part, number)
                self._servers.append(self._started(command, folder, own, self._part.world + number))
            for local in range(self._part.processes):
                own = variables.of_rank(environ, self._part, local)
                self._scripts.append(self._started(command, folder, own, self._part.first + local))
        except OSError:
            self.kill()
            raise

    def _started(
        self, command: List[str], folder: str, environ: Dict[str, str], rank: int
    ) -> Script:
        log = self._place(self._part.log(rank))
        return Script(command, folder, environ, log, rank=rank, on_exit=self._bell.ring)

    # --- how they are ------------------------------------------------------------
    @property
    def have_ended(self) -> bool:
        """Whether every process has."""
        return all(one.has_ended for one in self._scripts)

    @property
    def failed(self) -> Optional[Script]:
        """The one that failed first; those that were ended for its sake did so later."""
        bad = [one for one in self._scripts if one.has_failed]
        # A server that its workers have left may end as it likes.
        ended_at = max(one.ended_at for one in self._scripts) if self.have_ended else math.inf
        bad += [one for one in self._servers if one.has_failed and one.failed_at < ended_at]
        return min(bad, key=lambda one: one.failed_at, default=None)

    @property
    def told(self) -> Script:
        """The one whose end is told as that of all."""
        return self.failed or self._scripts[0]

    # --- their end ------------------------------------------------------------
    def end(self, grace_s: float) -> bool:
        """Tell all that still run to end, and end those that do not within the grace.

        One that has just said why it fails is let go by itself, for a moment: it may have been the
        first, and its end is what people want to know. Returns whether one had failed before.
        """
        began = time.monotonic()
        is_alone = not self._part.is_several
        self._before_end()
        dying = [one for one in self._scripts if one.is_dying and not is_alone]
        _tell([one for one in self._scripts if one not in dying], signal.SIGTERM)
        self._wait(dying, began + PART_FOR_LAST_WORDS * grace_s)
        _tell(dying, signal.SIGTERM)
        self._wait(self._scripts, began + grace_s)
        if not self.have_ended:
            self._before_end()
        _tell(self._scripts, signal.SIGKILL)
        self._wait(self._scripts, None)
        failed = self.failed
        return failed is not None and failed.failed_at < began and not is_alone

    def end_left(self) -> int:
        """End what the ended processes left behind; return how many processes that were."""
        self._end_servers()
        return script.end_left([one.pid for one in self._scripts + self._servers])

    def _end_servers(self) -> None:
        """End the parameter servers: nobody asks them any more."""
        _tell(self._servers, signal.SIGTERM)
        self._wait(self._servers, time.monotonic() + script.LEFT_BEHIND_S)
        _tell(self._servers, signal.SIGKILL)
        self._wait(self._servers, None)

    def kill(self) -> None:
        """End everything at once."""
        self.end(0.0)
        self.end_left()

    def _wait(self, scripts: Sequence[Script], until: Optional[float]) -> None:
        """Wait for the end of these, but not longer than until then (monotonic)."""
        while not all(one.has_ended for one in scripts):
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return
            self._bell.wait(left)

    # --- in words ------------------------------------------------------------
    def how(self, one: Script) -> str:
        """Say how one process ended: "rank 2 ended with exit code 3"."""
        who = self._part.called(one.rank)
        if one.signal is not None:
            return "{} was ended by signal {}".format(who, one.signal)
        return "{} ended with exit code {}".format(who, one.exit_code)

    def ends(self, were_ended: bool) -> List[str]:
        """Say how all ended, a line each. were_ended: by us, for the sake of the one that failed.

        One that fails is told first.
        """
        scripts = self._scripts + self._servers
        lines = ["{} after {:.1f} s".format(self.how(one), one.ran_s) for one in scripts]
        failed = self.failed
        if failed is None or len(lines) < 2:
            return lines
        line = lines.pop(scripts.index(failed))
        return [line + "; the others were ended" * were_ended] + lines


def _tell(scripts: Sequence[Script], number: int) -> None:
    for one in scripts:
        if not one.has_ended:
            one.tell(number)

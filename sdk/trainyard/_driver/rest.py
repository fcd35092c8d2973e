"""Brings what a driver that was killed left: the last of its logs, its points, its whole files.

    python -m trainyard._driver.rest

Started by the studio in a task of its own, as confined as the first, once nothing of that one runs
any more. It reads the folder of the first (TRAINYARD_WORK) and writes nothing there. What the
studio has already is known by the offsets that the driver noted beside its files.
"""

import json
import os
import sys
from typing import Any, Tuple

from trainyard import _errors
from trainyard._client import file_sha256
from trainyard._driver.link import RunEnded, Undelivered
from trainyard._driver.outputs import STILL_S, OutputShipper
from trainyard._driver.part import Part
from trainyard._driver.paths import walk
from trainyard._driver.preparation import LOG_SIZES
from trainyard._driver.written import Written
from trainyard.driver import NOT_DELIVERED, Driver

BRINGS_WITHIN_S = 5.0


class Rest(Driver):
    """The heir of a driver: of the same task, without a script."""

    def drive(self) -> int:
        """Bring what the driver left behind; return the exit code."""
        self.patience.ends_in(BRINGS_WITHIN_S)
        span = self._span()  # before anything of ours is written beside their files
        self.job = self._call("GET", "job")
        self.job["logs"] = self._log_sizes()
        self.part = Part(self.job)
        log, metrics, outputs = self._shippers()
        metrics.go_on()
        log.follow(self.part.end, self._place(self.part.end))
        log.bring_rest()
        metrics.bring_rest()
        self._know(outputs, *span)
        outputs.bring_rest()
        lines, _ = Written(self.job, self.work, say=lambda line: None).bring(
            self.link, is_well=False, before=span[1] - STILL_S
        )
        for line in lines:
            sys.stderr.write("driver: rest: {}\n".format(line))
        for shipper in (log, metrics, outputs):
            for note in shipper.notes + [shipper.left()]:
                sys.stderr.write("driver: rest: {}\n".format(note) if note else "")
        return 0

    def _log_sizes(self) -> Any:
        """Return how much the studio had of each log when the driver began."""
        try:
            with open(self._place(LOG_SIZES)) as file:
                return json.load(file)
        except (OSError, ValueError):
            return self.job.get("logs")  # It had not begun.

    def _know(self, outputs: OutputShipper, began: float, ended: float) -> None:
        """Find what the studio has already of ./outputs, and what is not to be brought.

        What was there before the script is what the studio gave: another node may have made a newer
        one since. What changed in the last second before the end may be half a file; by ctime, for
        a program may set the other times as it likes.
        """
        for name, place, status in walk(os.path.join(self.code, "outputs"), outputs.refuse):
            path = "outputs/" + name
            if status.st_ctime <= began:
                outputs.leave(path, status)
            elif self._is_kept(path, place, status.st_size):
                outputs.known(path, place, file_sha256(place))
            elif status.st_ctime > ended - STILL_S:
                outputs.leave(path, status)
                outputs.refuse(path, "it was being written when its run was killed")

    def _is_kept(self, path: str, place: str, size: int) -> bool:
        kept = {name: (sha256, size) for name, sha256, size in self.job.get("outputs") or []}
        sha256, there = kept.get(path, ("", -1))
        return there == size and bool(file_sha256(place) == sha256)

    def _span(self) -> Tuple[float, float]:
        """Return when the scripts began, and when they or their driver last wrote something."""
        try:
            began = os.stat(self._place(LOG_SIZES)).st_ctime
        except OSError:
            began = 0.0
        newest = began
        for folder in (self.spool, self.code, os.path.join(self.work, "written")):
            for _, _, status in walk(folder, lambda path, why: None):
                newest = max(newest, status.st_ctime)
        return began, newest


def main() -> int:
    """Bring what is left of the task that TRAINYARD_REST_OF names; return the exit code."""
    environ = dict(os.environ)
    environ["TRAINYARD_TASK"] = environ.get("TRAINYARD_REST_OF", "")
    try:
        return Rest(environ).drive()
    except (RunEnded, Undelivered) as error:
        sys.stderr.write("driver: rest: {}\n".format(error))
    except (KeyError, OSError, _errors.AzureMLException) as error:
        sys.stderr.write("driver: rest: {}: {}\n".format(type(error).__name__, error))
    return NOT_DELIVERED


if __name__ == "__main__":
    sys.exit(main())

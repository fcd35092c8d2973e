"""Brings what a driver that was killed left: the last of its logs, its points, its whole files.

    python -m trainyard._driver.rest

Started by the studio in a task of its own, as confined as the first, once nothing of that one runs
any more. It reads the folder of the first (TRAINYARD_WORK) and writes nothing there. What the
studio has already is known by the offsets that the driver noted beside its files.
"""

import json
import os
import sys
from typing import Any

from trainyard import _errors
from trainyard._client import file_sha256
from trainyard._driver.link import RunEnded, Undelivered
from trainyard._driver.outputs import OutputShipper
from trainyard._driver.part import Part
from trainyard.driver import LOG_SIZES, NOT_DELIVERED, Driver

BRINGS_WITHIN_S = 5.0


class Rest(Driver):
    """The heir of a driver: of the same task, without a script."""

    def drive(self) -> int:
        self.patience.ends_in(BRINGS_WITHIN_S)
        self.job = self._call("GET", "job")
        self.job["logs"] = self._log_sizes()
        self.part = Part(self.job)
        log, metrics, outputs = self._shippers()
        metrics.go_on()
        log.follow(self.part.end, self._place(self.part.end))
        log.bring_rest()
        metrics.bring_rest()
        self._know(outputs)
        outputs.bring_rest()
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

    def _know(self, outputs: OutputShipper) -> None:
        """Find what the studio has already of ./outputs."""
        for path, sha256, size in self.job.get("outputs") or []:
            place = os.path.join(self.code, path)
            try:
                if os.stat(place).st_size == size and file_sha256(place) == sha256:
                    outputs.known(path, place, sha256)
            except OSError:
                continue


def main() -> int:
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

"""What the node does while the script runs, every second, as metrics apart from the script's own.

    counters of the kernel, GPUs ──► one line each into spool/metrics/system-*.points ──► as metrics

The names begin with `trainyard/node-<number>/`; the step is the Unix second. What is written is
brought like the script's own points, so a studio that is away loses none. Whether the script ran
out of memory is known here too: the kernel counts whom it ends for that.
"""

import collections
import json
import os
import sys
import threading
import time
from typing import Any, Deque, Dict, List, Optional

from trainyard._driver.gpus import Gpus
from trainyard._driver.metrics import ENDING, RESERVED, SYSTEM
from trainyard._driver.usage import node_of

EVERY_S = 1.0
# The first comes early, so that a short run has one.
FIRST_S = 0.25
# Rates over less than this say nothing: the kernel counts time in hundredths of a second.
LEAST_S = 0.2
# An end is blamed on memory when the kernel ended somebody for it in the last few samples.
SAMPLES_KEPT = 5
KILLED, KILLED_IN_SHELL = 9, 137
# Whom the kernel ends first when the machine has no memory left; 1000 is "always this one".
FIRST_TO_GO = "500"
JOIN_S = 2.0


class Monitor(threading.Thread):
    """Samples the node of one task until finish(). `root` is where its /proc and /sys are."""

    def __init__(self, spool: str, node_number: int, environ: Dict[str, str], root: str = "/"):
        super().__init__(name="monitor", daemon=True)
        self.peak_bytes = 0
        self._folder = os.path.join(spool, "metrics")
        self._prefix = "{}node-{}/".format(RESERVED, node_number)
        self._environ = environ
        self._node = node_of(environ.get("TRAINYARD_TASK", ""), root)
        self._kills: Deque[int] = collections.deque([self._node.kills()], SAMPLES_KEPT)
        self._finishing = threading.Event()
        self._file = -1
        self._written: Dict[str, float] = {}

    def run(self) -> None:
        """Sample until the end; what fails here must never disturb the run."""
        try:
            self._open()
            self._watch()
        except Exception as error:
            sys.stderr.write("driver: monitor: {}: {}\n".format(type(error).__name__, error))
        finally:
            if self._file >= 0:
                os.close(self._file)

    def _watch(self) -> None:
        counters, at = self._node.counters(), time.monotonic()
        gpus = Gpus(self._environ.get("CUDA_VISIBLE_DEVICES"))
        due = at + FIRST_S
        while not self._finishing.wait(max(0.0, due - time.monotonic())):
            counters, at = self._sample(gpus, counters, at)
            self._kills.append(self._node.kills())
            # What a machine that stood still has missed is not made up for.
            due = max(due, at - EVERY_S) + EVERY_S
        self._rest(counters, at)

    def finish(self) -> None:
        """Take a last sample, and end."""
        self._finishing.set()
        if self.ident is not None:
            self.join(JOIN_S)

    def _sample(self, gpus: Gpus, before: Dict[str, float], since: float) -> Any:
        counters, at = self._node.counters(), time.monotonic()
        values = self._node.levels()
        values.update(gpus.levels())
        values.update(_rates(before, counters, at - since))
        self.peak_bytes = max(self.peak_bytes, int(values.get("memory_bytes", 0)))
        self._write(values)
        return counters, at

    def _rest(self, before: Dict[str, float], since: float) -> None:
        """Write what was used after the last sample; the memory is free again by now."""
        lasted_s = time.monotonic() - since
        if lasted_s >= LEAST_S:
            self._write(_rates(before, self._node.counters(), lasted_s))

    def _open(self) -> None:
        os.makedirs(self._folder, exist_ok=True)
        name = "{}{}{}".format(SYSTEM, os.urandom(4).hex(), ENDING)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        self._file = os.open(os.path.join(self._folder, name), flags, 0o600)

    def _write(self, values: Dict[str, float]) -> None:
        """Write one line per value, in one call; what seldom changes only when it does."""
        now = time.time()
        lines: List[str] = []
        for name, value in values.items():
            is_constant = name == "cores" or name.endswith("_limit_bytes")
            if is_constant and self._written.get(name) == value:
                continue
            self._written[name] = value
            kind, text = ("i", "%d") if name.endswith("bytes") else ("f", "%.6g")
            quoted = json.dumps(self._prefix + name)
            lines.append("%s\t%d\t%.3f\t%s\t%s\n" % (kind, now, now, text % value, quoted))
        os.write(self._file, "".join(lines).encode("ascii"))

    # --- out of memory ------------------------------------------------------------
    def out_of_memory(self, exit_code: Optional[int], sign: Optional[int]) -> Optional[str]:
        """Say how the script ran out of memory, after finish(); None when it did not.

        exit_code, sign: how the script itself ended; sign is the signal's number.
        """
        is_killed = sign == KILLED or exit_code == KILLED_IN_SHELL
        if not self._node.kills() > self._kills[0] or exit_code == 0:
            return None
        if not is_killed and not self._node.is_own:
            return None  # It may have been somebody else's process.
        who = "the script" if is_killed else "a process that the script had started"
        words = "{} was ended because it ran out of memory".format(who)
        limit = self._node.limit()
        peak = max(self.peak_bytes, self._node.peak())
        if limit and peak:
            words += ": peak {} of a limit of {}".format(gib(min(peak, limit)), gib(limit))
        return words


def offer_first(pid: int) -> None:
    """Tell the kernel to end this process and its children, not the studio, for want of memory."""
    try:
        with open("/proc/{}/oom_score_adj".format(pid), "w") as file:
            file.write(FIRST_TO_GO)
    except OSError:
        pass


def _rates(before: Dict[str, float], now: Dict[str, float], lasted_s: float) -> Dict[str, float]:
    """Return the growth per second of what was counted both times."""
    rates = {}
    for name in now:
        if name in before and lasted_s > 0:
            rate = max(0.0, (now[name] - before[name]) / lasted_s)
            rates[name] = min(100.0, rate) if name.endswith("percent") else rate
    return rates


def gib(size_bytes: float) -> str:
    """7516192768 → "7.0 GiB"; below one GiB in MiB."""
    if size_bytes < 2**30:
        return "{:.0f} MiB".format(size_bytes / 2**20)
    return "{:.1f} GiB".format(size_bytes / 2**30)

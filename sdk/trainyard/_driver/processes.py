"""The processes of a task, by /proc: their time, memory and disk, without their machine's others.

What an ended process has used is added by the kernel to the one that buried it, so the sums only
grow: orphans come to the driver, which is the one that buries them.
"""

import os
import time
from typing import Dict, List, NamedTuple, Optional, Set

# A process's number may be given again; who belongs to us is found anew this often.
FORGET_EVERY_S = 60.0
# Weighing shared pages takes time that grows with the memory: at most this part of one core.
WEIGHING = 0.001

Stat = NamedTuple("Stat", [("parent", int), ("own_s", float), ("buried_s", float), ("memory", int)])


class Processes:
    """The processes below this one; `is_everyone`: all there are, in a container of the task's."""

    def __init__(self, proc: str = "/proc", is_everyone: bool = False):
        self._proc = proc
        self._is_everyone = is_everyone
        self._me = os.getpid()
        self._tick_s = 1.0 / os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._ours: Dict[int, Stat] = {}
        self._others: Set[int] = set()
        self._forgot_at = time.monotonic()
        self._weigh_at = 0.0
        self._weight = 1.0

    def look(self) -> None:
        """See which processes there are, and what each has used."""
        if time.monotonic() - self._forgot_at > FORGET_EVERY_S:
            self._others, self._forgot_at = set(), time.monotonic()
        try:
            there = {int(name) for name in os.listdir(self._proc) if name.isdigit()}
        except OSError:
            there = set()
        self._others &= there
        known, self._ours = self._ours, {}
        new = {}
        for pid in there - self._others:
            stat = self._stat(pid)
            if stat is None:
                continue
            if self._is_everyone or pid == self._me or pid in known:
                self._ours[pid] = stat
            else:
                new[pid] = stat
        self._adopt(new)
        self._others |= set(new)

    def _adopt(self, new: Dict[int, Stat]) -> None:
        """Take those of `new` whose parent is ours, and theirs; leave the others in it."""
        found: Optional[List[int]] = None
        while found is None or found:
            found = [pid for pid, stat in new.items() if stat.parent in self._ours]
            for pid in found:
                self._ours[pid] = new.pop(pid)

    def _stat(self, pid: int) -> Optional[Stat]:
        try:
            with open("{}/{}/stat".format(self._proc, pid), "rb") as file:
                # The name may hold spaces and brackets; what follows the last ")" is plain.
                words = file.read().rpartition(b")")[2].split()
        except OSError:
            return None
        own = int(words[11]) + int(words[12])
        buried = int(words[13]) + int(words[14])
        tick_s = self._tick_s
        return Stat(int(words[1]), own * tick_s, buried * tick_s, int(words[21]) * self._page)

    def cpu_s(self) -> Optional[float]:
        """Seconds of CPU used so far, without those of this process itself."""
        if not self._ours:
            return None
        total = sum(stat.own_s + stat.buried_s for stat in self._ours.values())
        me = self._ours.get(self._me)
        return total - (me.own_s if me else 0.0)

    def memory(self) -> Optional[int]:
        """Bytes of memory in use, without this process itself; shared pages are counted once."""
        if not self._ours:
            return None
        sizes = {pid: stat.memory for pid, stat in self._ours.items() if pid != self._me}
        whole = sum(sizes.values())
        if len(sizes) < 2:
            return whole
        if time.monotonic() >= self._weigh_at:
            began = time.monotonic()
            weighed = sum(self._shared(pid, size) for pid, size in sizes.items())
            self._weight = min(1.0, weighed / whole) if whole else 1.0
            self._weigh_at = began + (time.monotonic() - began) / WEIGHING
        return int(whole * self._weight)

    def _shared(self, pid: int, size: int) -> int:
        """Return a process's memory where a page that n processes share counts an n-th for each."""
        try:
            with open("{}/{}/smaps_rollup".format(self._proc, pid), "rb") as file:
                for line in file:
                    if line.startswith(b"Pss:"):
                        return int(line.split()[1]) * 1024
        except OSError:
            pass
        return size

    def disk(self) -> Dict[str, float]:
        """Bytes read from and written to disks so far; what the cache answered is not counted."""
        read = written = 0
        is_known = False
        for pid in self._ours:
            try:
                with open("{}/{}/io".format(self._proc, pid), "rb") as file:
                    words = file.read().split()
            except OSError:
                continue
            read += int(words[9])
            written += int(words[11])
            is_known = True
        if not is_known:
            return {}
        return {
            "disk_read_bytes_per_s": float(read),
            "disk_write_bytes_per_s": float(written),
        }

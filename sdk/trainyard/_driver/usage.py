"""What a task uses of its node, as the kernel counts it: by its container, or by its processes.

A container is the task's alone when its first process carries the task's mark; its control group
then counts the task and nothing else. Anywhere else (a bare machine, or a studio that is in a
container itself) the task is the processes below its driver, and the machine is told beside it.

Both kinds answer counters() → total so far, and levels() → value now, by the name of the series.
A total is in such units that its growth in one second is the series' value. What this node cannot
tell is left out. Linux only: elsewhere everything is left out.
"""

import os
import resource
from typing import Dict, List, Optional, Union

from trainyard._driver.processes import Processes

# A page limit of version 1 that means "none" is about 2**63.
NO_LIMIT = 2**60


class Container:
    """A container of the task's own."""

    is_own = True

    def __init__(self, root: str = "/"):
        groups = control_groups(root)
        self._root = root
        self._cpu = groups.get("cpuacct") or groups.get("")
        self.memory = MemoryGroup(groups.get("memory") or groups.get(""))
        self.cores = _cores(groups.get("cpu") or groups.get(""))
        self._processes = Processes(os.path.join(root, "proc"), is_everyone=True)

    def counters(self) -> Dict[str, float]:
        """Name → what it counts so far; the monitor makes rates of it."""
        self._processes.look()
        found = self._processes.disk()
        found.update(network(self._root))
        used_s = self._cpu_s()
        if used_s is not None:
            found["cpu_percent"] = 100.0 * used_s / self.cores
        return found

    def _cpu_s(self) -> Optional[float]:
        if self._cpu is None:
            return None
        whole = number(os.path.join(self._cpu, "cpuacct.usage"))
        if whole is not None:
            return whole / 1e9
        parts = table(os.path.join(self._cpu, "cpu.stat"))
        return parts["usage_usec"] / 1e6 if "usage_usec" in parts else None

    def levels(self) -> Dict[str, float]:
        """Name → how much it is now: memory in bytes, cores."""
        found = {"memory_bytes": self.memory.used(), "memory_limit_bytes": self.limit()}
        return dict(_known(found), cores=self.cores)

    def limit(self) -> Optional[int]:
        """The memory that the task may use, in bytes."""
        return _least(self.memory.limit(), table(_proc(self._root, "meminfo")).get("MemTotal"))

    def peak(self) -> int:
        """The most memory it has used, in bytes; 0 where nobody counts."""
        return self.memory.peak()

    def kills(self) -> int:
        """How many processes were ended here for want of memory."""
        return self.memory.kills()


class Machine:
    """A machine that the task shares with others."""

    is_own = False

    def __init__(self, root: str = "/"):
        groups = control_groups(root)
        self._root = root
        self.memory = MemoryGroup(groups.get("memory") or groups.get(""))
        self.cores = _cores(None)
        self._processes = Processes(os.path.join(root, "proc"))

    def counters(self) -> Dict[str, float]:
        """Name → what it counts so far; the monitor makes rates of it."""
        self._processes.look()
        found = self._processes.disk()
        found.update(network(self._root))
        used_s = self._processes.cpu_s()
        if used_s is not None:
            found["cpu_percent"] = 100.0 * used_s / self.cores
        busy = machine_cpu_percent(self._root)
        if busy is not None:
            found["machine_cpu_percent"] = busy
        return found

    def levels(self) -> Dict[str, float]:
        """Name → how much it is now: memory in bytes, cores."""
        memory = table(_proc(self._root, "meminfo"))
        found = {"memory_bytes": self._processes.memory(), "memory_limit_bytes": self.limit()}
        if "MemTotal" in memory and "MemAvailable" in memory:
            found["machine_memory_bytes"] = memory["MemTotal"] - memory["MemAvailable"]
        return dict(_known(found), cores=self.cores)

    def limit(self) -> Optional[int]:
        """The machine's memory, or what the service or container around the studio may use."""
        return _least(self.memory.limit(), table(_proc(self._root, "meminfo")).get("MemTotal"))

    def peak(self) -> int:
        """The most memory that one of the task's ended processes used, in bytes."""
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024

    def kills(self) -> int:
        """How many processes of the whole machine were ended for want of memory."""
        return table(_proc(self._root, "vmstat")).get("oom_kill", 0)


class MemoryGroup:
    """A control group's memory, of version 1 or 2."""

    def __init__(self, folder: Optional[str]):
        self._folder = folder or ""

    def _number(self, *names: str) -> Optional[int]:
        found = (number(os.path.join(self._folder, name)) for name in names)
        return next((value for value in found if value is not None), None)

    def used(self) -> Optional[int]:
        """Bytes in use, without the cache of files, which goes when memory is needed."""
        whole = self._number("memory.current", "memory.usage_in_bytes")
        if whole is None:
            return None
        parts = table(os.path.join(self._folder, "memory.stat"))
        # Version 1 counts the groups below under another name; version 2 always counts them.
        cached = sum(
            parts.get("total_" + name, parts.get(name, 0))
            for name in ("active_file", "inactive_file")
        )
        return max(0, whole - cached)

    def limit(self) -> Optional[int]:
        """The least limit of this group and of those around it that can be seen."""
        parts = table(os.path.join(self._folder, "memory.stat"))
        limits = [parts.get("hierarchical_memory_limit"), self._number("memory.limit_in_bytes")]
        folder = self._folder
        while os.path.exists(os.path.join(folder, "memory.max")):
            limits.append(number(os.path.join(folder, "memory.max")))
            folder = os.path.dirname(folder)
        limit = _least(*limits)
        return None if limit is None or limit >= NO_LIMIT else limit

    def peak(self) -> int:
        """The most memory it has used, in bytes; 0 where nobody counts."""
        return self._number("memory.peak", "memory.max_usage_in_bytes") or 0

    def kills(self) -> int:
        """How many of its processes were ended for want of memory."""
        for name in ("memory.events", "memory.oom_control"):
            parts = table(os.path.join(self._folder, name))
            if "oom_kill" in parts:
                return parts["oom_kill"]
        return 0


def node_of(task: str, root: str = "/") -> Union[Container, Machine]:
    """Return the node that the task with this mark runs on."""
    try:
        with open(_proc(root, "1/environ"), "rb") as file:
            mark = "TRAINYARD_TASK={}".format(task).encode()
            is_own = bool(task) and mark in file.read().split(b"\0")
    except OSError:
        is_own = False  # somebody else's first process
    return Container(root) if is_own else Machine(root)


def control_groups(root: str = "/") -> Dict[str, str]:
    """Return controller → folder of this process's control group; "" is version 2's only one."""
    own: Dict[str, str] = {}
    for line in _lines(_proc(root, "self/cgroup")):
        words = line.split(":", 2)
        if len(words) == 3:
            own.update(dict.fromkeys(words[1].split(","), words[2]))
    found: Dict[str, str] = {}
    for line in _lines(_proc(root, "self/mountinfo")):
        left, _, right = line.partition(" - ")
        place, kind = left.split(), right.split()
        if len(place) < 5 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        for name in [""] if kind[0] == "cgroup2" else kind[2].split(","):
            if name in own:
                # A container that sees its outer path does not see that folder, but its own.
                base, path = place[3], own[name]
                inside = path[len(base) :] if path.startswith(base) else ""
                parts = [part for part in (place[4] + "/" + inside).split("/") if part]
                found.setdefault(name, os.path.join(root, *parts))
    return found


def network(root: str = "/") -> Dict[str, float]:
    """Return the bytes that came in and went out, over what leads out of the machine or container.

    Bridges and the machine's ends of containers would count the same bytes again.
    """
    counts: Dict[str, List[int]] = {}
    for line in _lines(_proc(root, "self/net/dev"))[2:]:
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) >= 9 and name.strip() != "lo":
            counts[name.strip()] = [int(words[0]), int(words[8])]
    devices = [
        n for n in counts if os.path.exists(os.path.join(root, "sys/class/net", n, "device"))
    ]
    chosen = [counts[name] for name in devices or counts]
    if not chosen:
        return {}
    return {
        "network_in_bytes_per_s": float(sum(one[0] for one in chosen)),
        "network_out_bytes_per_s": float(sum(one[1] for one in chosen)),
    }


def machine_cpu_percent(root: str = "/") -> Optional[float]:
    """Return the seconds that all cores together were busy, in hundredths of all cores."""
    lines = _lines(_proc(root, "stat"))
    words = lines[0].split() if lines else []
    if not words or words[0] != "cpu":
        return None
    ticks = [int(word) for word in words[1:9]]  # what guests use is in "user" already
    busy = sum(ticks) - sum(ticks[3:5])  # idle, and waiting for the disk
    return 100.0 * busy / os.sysconf("SC_CLK_TCK") / (os.cpu_count() or 1)


def _cores(folder: Optional[str]) -> float:
    """Return how many cores this process may use; a limit of its time counts as part of one."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = float(len(affinity(0)) if affinity else os.cpu_count() or 1)
    if folder is None:
        return cores
    both = " ".join(_lines(os.path.join(folder, "cpu.max"))).split()
    quota = number(os.path.join(folder, "cpu.cfs_quota_us"))
    period = number(os.path.join(folder, "cpu.cfs_period_us"))
    if len(both) == 2 and both[0] != "max":
        quota, period = int(both[0]), int(both[1])
    return min(cores, quota / period) if quota and period and quota > 0 else cores


def table(path: str) -> Dict[str, int]:
    """Return a file of lines `name value` or `name: value kB`, in bytes; {} when there is none."""
    found = {}
    for line in _lines(path):
        words = line.split()
        if len(words) >= 2 and words[1].isdigit():
            times = 1024 if words[2:] == ["kB"] else 1
            found[words[0].rstrip(":")] = int(words[1]) * times
    return found


def number(path: str) -> Optional[int]:
    """Return the whole number that a file holds; None for another word, or no file."""
    try:
        with open(path) as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def _lines(path: str) -> List[str]:
    try:
        with open(path) as file:
            return file.read().splitlines()
    except OSError:
        return []


def _proc(root: str, path: str) -> str:
    return os.path.join(root, "proc", path)


def _known(found: Dict[str, Optional[int]]) -> Dict[str, float]:
    return {name: float(value) for name, value in found.items() if value is not None}


def _least(*values: Optional[int]) -> Optional[int]:
    return min((value for value in values if value is not None), default=None)

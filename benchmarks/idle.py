"""Resident memory of a studio that has nothing to do."""

import subprocess
import sys
import time

import psutil

from benchmarks.figures import Figure
from tests.fixtures.studio_process import StudioProcess

SETTLE_S = 5


def measure(studio: StudioProcess) -> list[Figure]:
    """Its keeper and children, beside as many bare interpreters."""
    time.sleep(SETTLE_S)
    record = studio.record
    assert record.keeper is not None
    everyone = {"keeper": record.keeper, **record.children}
    used = {name: psutil.Process(who.pid).memory_full_info() for name, who in everyone.items()}
    parts = ", ".join(f"{name} {_mb(memory.rss):.0f}" for name, memory in used.items())
    shared = _mb(sum(memory.pss for memory in used.values()))
    bare = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    time.sleep(0.5)
    each = psutil.Process(bare.pid).memory_info().rss
    bare.communicate(b"\n")
    total = sum(memory.rss for memory in used.values())
    return [
        Figure(
            "idle studio, resident", _mb(total), _mb(each) * len(used), "MB",
            f"{len(used)} bare interpreters", "≤ 400 MB",
            f"{shared:.0f} MB with shared pages counted once; {parts}",
        )
    ]  # fmt: skip


def _mb(size: float) -> float:
    return size / 1e6

"""What the builder says: lines of the log with their time, and what it does now for the page.

Both go to standard output. A progress line begins with MARK and is no part of the log: whoever
reads the output takes it out (`sieve`).
"""

from __future__ import annotations

import sys
import time

from compute.building.masking import without_places, without_secrets

MARK = "\x1e"
PROGRESS_EVERY_S = 0.5


class _Clock:
    """When the build began, of which this process may be a later step, and the last progress."""

    began = time.monotonic()
    progress_at = 0.0
    doing = ""


def start(elapsed_s: float) -> None:
    """Let the log's clock begin `elapsed_s` seconds ago."""
    _Clock.began = time.monotonic() - elapsed_s


def say(line: str) -> None:
    """Write one line of the log, with the seconds since the build began."""
    _write(f"[{time.monotonic() - _Clock.began:6.1f} s] {line}\n")


def progress(doing: str) -> None:
    """Tell the page what is done now; "" when that is over.

    Said at most twice a second while only numbers change, and never twice the same.
    """
    stage, before = doing.split(":", 1)[0], _Clock.doing.split(":", 1)[0]
    is_soon = time.monotonic() - _Clock.progress_at < PROGRESS_EVERY_S
    if doing == _Clock.doing or (is_soon and stage == before):
        return
    _Clock.doing, _Clock.progress_at = doing, time.monotonic()
    _write(f"{MARK}{doing}\n")


def count(number: int, noun: str) -> str:
    """Say a number of things: `1 package`, `25 packages`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def size(size_bytes: float) -> str:
    """Say a size: `412 MiB`, `3.1 GiB`, `48 KiB`."""
    if size_bytes >= 2**30:
        return f"{size_bytes / 2**30:.1f} GiB"
    unit, name = (2**20, "MiB") if size_bytes >= 2**20 else (2**10, "KiB")
    return f"{size_bytes / unit:.0f} {name}"


def downloading(names: list[str], done_bytes: float, all_bytes: float) -> str:
    """Say a download: `downloading scipy, torch and 3 more: 112 of 312 MiB`."""
    shown = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    unit, word = (2**30, "GiB") if all_bytes >= 2**30 else (2**20, "MiB")
    digits = 1 if unit == 2**30 or all_bytes < 10 * 2**20 else 0
    done, total = min(done_bytes, all_bytes) / unit, all_bytes / unit
    return f"downloading {shown}: {done:.{digits}f} of {total:.{digits}f} {word}"


def _write(text: str) -> None:
    text = without_places(without_secrets(text))
    # One call for one line: conda's downloads report from threads of their own.
    sys.stdout.write(text)
    sys.stdout.flush()

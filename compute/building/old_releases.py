"""A Python for exact releases that have no files for the usual one, where none is asked for.

Scripts of some years ago pin `scikit-learn==0.22.1` and name no Python, for their time had one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from compute.building import interpreters, uv
from compute.building.interpreters import Interpreter
from compute.building.requirements import Requirements

EXACT = re.compile(r"[A-Za-z0-9][\w.-]*(\[[^\]]*\])?==[0-9][\w.+!]*")


def choose(job: dict[str, Any], asked: Requirements, usual: Interpreter) -> tuple[Interpreter, str]:
    """Return `usual`, or the oldest Python here that all exact releases have wheels for.

    The oldest, since what stands beside them without a version is then of their time too. The
    second value is what to say of it, "" for the usual one.
    """
    exact = [line for line in asked.lines if EXACT.fullmatch(line)]
    if not exact or _have_wheels(job, asked, exact, usual):
        return usual, ""
    for python in reversed(interpreters.find(job["pythons"])):
        if python.version != usual.version and _have_wheels(job, asked, exact, python):
            without = [line for line in exact if not _have_wheels(job, asked, [line], usual)]
            return python, (
                f"{', '.join(without)}: no files for Python {usual.version}, and no Python is"
                f" asked for; {python.version}, for which there are some, is used"
            )
    return usual, ""


def _have_wheels(
    job: dict[str, Any], asked: Requirements, lines: list[str], python: Interpreter
) -> bool:
    """Whether each of `lines` has a file for `python` that needs no building."""
    wishes = Path(job["work"]) / "exact.in"
    wishes.write_text("\n".join([*asked.options, *lines, ""]), encoding="utf-8")
    arguments = ["pip", "compile", str(wishes), "-o", str(wishes.with_suffix(".lock")), "-qq"]
    arguments += ["--no-deps", "--python", python.path]
    if job.get("may_build", True):  # uv.run says it itself where it may not
        arguments.append("--no-build")
    code, _ = uv.run(job, arguments, doing="looking for a Python that fits")
    wishes.with_suffix(".lock").unlink(missing_ok=True)
    return not code

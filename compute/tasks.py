"""What a backend is given, and what it says it saw. Plain data, no framework."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Task:
    """A program to start on a node.

    id: marks every process of the task, and makes starting it twice start it once.
    command: program and arguments.   env: its variables, added to a bare environment.
    folder: the task's own folder, made by the backend.   grace_s: seconds between TERM and KILL.
    """

    id: str
    command: list[str]
    folder: str
    env: dict[str, str] = field(default_factory=dict)
    grace_s: int = 10


@dataclass(frozen=True)
class Sighting:
    """What a look at a task saw: it runs, it exited (with what), or it is gone without a trace."""

    state: Literal["running", "exited", "gone"]
    exit_code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False

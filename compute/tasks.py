"""What a backend is given, and what it says it saw. Plain data, no framework."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Task:
    """A program to start on a node.

    id: marks every process of the task, and makes starting it twice start it once.
    command: program and arguments.   env: its variables, added to a bare environment.
    folder: the task's own folder, made by the backend; the only place that it may write to.
    grace_s: seconds between TERM and KILL.

    For a container: the tag of its image, what of this machine it may read (at the same paths),
    how much of the machine it gets (None is all of it), and whether it has a network.

    gpus: the numbers of the machine's GPUs that it may use; it sees no other.
    group, rank: tasks of one group reach each other, those of others do not; rank counts them
    from 0. Where the first is, Backend.meeting_point says.
    """

    id: str
    command: list[str]
    folder: str
    env: dict[str, str] = field(default_factory=dict)
    grace_s: int = 10
    image: str = ""
    reads: tuple[str, ...] = ()
    cpus: float | None = None
    memory_bytes: int | None = None
    gpus: tuple[int, ...] = ()
    has_network: bool = True
    group: str = ""
    rank: int = 0


@dataclass(frozen=True)
class Sighting:
    """What a look at a task saw: it runs, it exited (with what), or it is gone without a trace.

    said: the last line that its program itself wrote, where it ended and wrote one.
    """

    state: Literal["running", "exited", "gone"]
    exit_code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False
    said: str = field(default="", compare=False)

"""The record of a studio that is up: who keeps it, its children, where it answers.

`up`, `down` and the keeper share it. One file, replaced whole, beside a lock that the keeper
holds as long as it lives. Standard library only.
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from studio.processes import Identity


@dataclass(frozen=True)
class Program:
    """One child: what starts it, and how long it may take to end before it is killed.

    listens_on: the Unix socket that must answer before the programs after this one start.
    is_shown: whether its log is shown where the studio was started; it is kept either way.
    """

    name: str
    command: list[str]
    patience_s: float
    gets_sockets: bool = False
    listens_on: str = ""
    is_shown: bool = True


@dataclass
class Record:
    """What `run/up.json` says. `keeper` is None until the keeper runs."""

    url: str
    log_folder: str
    web_socket: str
    task_folder: str
    programs: list[Program]
    keeper: Identity | None = None
    children: dict[str, Identity] = field(default_factory=dict)
    is_ready: bool = False

    def alive(self) -> dict[str, Identity]:
        """The children that still run, by name, in the order in which to end them."""
        known = ((p.name, self.children.get(p.name)) for p in reversed(self.programs))
        return {name: child for name, child in known if child and child.is_alive}


def path_in(folder: Path) -> Path:
    return folder / "up.json"


def read(folder: Path) -> Record | None:
    """Return the record in `folder`; None where there is none (or only half of an older one)."""
    try:
        words = json.loads(path_in(folder).read_text(encoding="utf-8"))
        keeper = words.pop("keeper")
        children = {name: Identity(**who) for name, who in words.pop("children").items()}
        programs = [Program(**program) for program in words.pop("programs")]
        return Record(
            **words,
            programs=programs,
            children=children,
            keeper=Identity(**keeper) if keeper else None,
        )
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def write(folder: Path, record: Record) -> None:
    """Replace the record whole: a reader never sees half of it."""
    beside = folder / f"up.json.{os.getpid()}"
    beside.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    beside.replace(path_in(folder))


def lock(folder: Path) -> IO[str] | None:
    """Take the lock on `folder`; None when somebody holds it. It lives as long as the file is open.

    The file is inheritable, so that it can be handed over to the keeper.
    """
    file = open(folder / "up.lock", "a", encoding="utf-8")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    os.set_inheritable(file.fileno(), True)
    return file

"""The contract of a backend: four verbs, three errors. tests/compute/contract.py holds it."""

from typing import Any, Protocol

from compute.tasks import Sighting, Task

# What a backend needs to find its task again, as JSON: kept in a row.
Handle = dict[str, Any]


class BackendError(Exception):
    """A backend's no; the class says what the caller should do."""


class NoCapacity(BackendError):
    """There is no room now: try again later."""


class Unreachable(BackendError):
    """The place where tasks run did not answer: try again."""


class Refused(BackendError):
    """It will never work like this: tell the person."""


class Backend(Protocol):
    """Where tasks run."""

    def start(self, task: Task) -> Handle:
        """Start `task` and return at once; the same task id again returns the same handle.

        Raises NoCapacity, Unreachable, Refused.
        """

    def find(self, task_id: str, folder: str) -> Handle | None:
        """Return the handle of a task that was started, or begun to be; None where it was not.

        For whoever does not know what became of a start: what was left is stopped and forgotten by
        it. Raises Unreachable.
        """

    def meeting_point(self, group: str, ports: int = 1) -> tuple[str, int]:
        """Return host and port where the tasks of `group` find the one of rank 0.

        ports: how many in a row must be free there, the first of which is returned.
        Asked once, before they are started: they are told by their environment.
        """

    def hosts(self, count: int) -> list[str]:
        """Return where a group's tasks find each other, in the order of their ranks."""

    def look(self, handle: Handle) -> Sighting:
        """Say whether it runs, how it ended, or that it is gone. Cheap. Raises Unreachable."""

    def stop(self, handle: Handle, grace_s: float) -> None:
        """Ask the task to end, and end it by force after `grace_s`. What is gone is no error.

        Returns as soon as nothing of the task runs any more: at once when it obeys, after `grace_s`
        and some milliseconds when it must be killed, and `grace_s` + 5 s at the very most.
        """

    def forget(self, handle: Handle) -> None:
        """Free what the task left. Safe to repeat; does nothing while something of it runs."""

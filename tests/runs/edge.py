"""The outer edge of the studio in tests: a backend that starts nothing, and does as it is told."""

from collections.abc import Callable

from compute.backends.base import Handle
from compute.tasks import Sighting, Task


class Edge:
    """Remembers the tasks it was given.

    asked_to_start: the ranks that were to be started.
    answers: what a start raises, by the task's rank.   away: what every call raises.
    meanwhile: done while a task is being started.   asked: how many calls there were.
    """

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.running: set[str] = set()
        self.asked_to_start: list[int] = []
        self.stopped: list[str] = []
        self.answers: dict[int, BaseException] = {}
        self.away: Exception | None = None
        self.meanwhile: Callable[[Task], object] = lambda task: None
        self.asked = 0

    def _ask(self) -> None:
        self.asked += 1
        if self.away is not None:
            raise self.away

    def start(self, task: Task) -> Handle:
        self._ask()
        self.asked_to_start.append(task.rank)
        if task.rank in self.answers:
            raise self.answers[task.rank]
        if task.id not in self.tasks:
            self.tasks[task.id] = task
            self.running.add(task.id)
        self.meanwhile(task)
        return {"task_id": task.id}

    def find(self, task_id: str, folder: str) -> Handle | None:
        self._ask()
        return {"task_id": task_id} if task_id in self.tasks else None

    def meeting_point(self, group: str, ports: int = 1) -> tuple[str, int]:
        return "node-0", 29500

    def hosts(self, count: int) -> list[str]:
        return [f"node-{rank}" for rank in range(count)]

    def look(self, handle: Handle) -> Sighting:
        self._ask()
        return Sighting("running" if handle["task_id"] in self.running else "gone")

    def stop(self, handle: Handle, grace_s: float) -> None:
        self._ask()
        self.stopped.append(handle["task_id"])
        self.running.discard(handle["task_id"])

    def forget(self, handle: Handle) -> None:
        self._ask()
        self.tasks.pop(handle["task_id"], None)

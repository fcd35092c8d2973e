"""From its nodes to a run's started tasks. Every step is safe to repeat.

Load, work, apply: nothing here starts or calls inside a transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now as clock

from compute import clusters, images, machine, recipes, room, sizes
from compute.backends import backend_for
from compute.backends.base import Handle, NoCapacity, Refused, Unreachable
from compute.building.local import certificates
from compute.models import Node
from compute.tasks import Task
from runs import ending, inputs, lifecycle, preparing, tasks
from runs.models import Run, RunTask
from runs.states import Distribution, Reason, State
from studio import tokens
from studio.models import TokenKind

TOKEN_DAYS = 60
CAME_UP = timedelta(seconds=2)
NOT_AGAIN_FOR = timedelta(seconds=5)
AT_ONCE = 8
# What the tasks of one run met decides together: the worst first.
WORST = (Refused, NoCapacity, Unreachable)
# What a driver signs in with, and until when that is good.
Secret = tuple[str, datetime]
Given = TypeVar("Given")
Got = TypeVar("Got")


def begin(run: Run, nodes: Sequence[Node]) -> bool:
    """Start a run on nodes that are held by the ids of its tasks, in the order of its ranks.

    Only who wins its move to Starting starts it; False for the others. Nodes of a run that went
    elsewhere meanwhile are free again.
    """
    now = clock()
    # These may ask an engine, and look for a port: not while rows are locked.
    words = "; ".join(filter(None, [_there(nodes, now), _granted(run, nodes).remarks]))
    master = _master(run)
    with transaction.atomic():
        moved = lifecycle.move(run, State.STARTING, closing=words, master=master, not_before=None)
        if moved:
            tasks.make(run, nodes, now)
    if moved:
        start(run)
    else:  # those of tasks that another made are freed when these have ended
        for holder in tasks.of_nobody(str(node.holder) for node in nodes):
            clusters.release(holder, now)
    return moved


def _there(nodes: Sequence[Node], now: datetime) -> str:
    new = sum(now - node.came_up_at < CAME_UP for node in nodes)
    if len(nodes) == 1:
        return "a node came up" if new else f"node {nodes[0].number} was free"
    return f"{new} of its {len(nodes)} nodes came up" if new else f"{len(nodes)} nodes were free"


def _master(run: Run) -> str:
    """Where the run's processes find that of rank 0: host:port, nothing where there is one."""
    if not run.distribution:
        return ""
    # A worker of TensorFlow has a port of its own, known to all before it is started.
    is_each = run.distribution == Distribution.TENSORFLOW
    all_of_it = run.node_count * run.processes_per_node + run.parameter_servers
    ports = all_of_it if is_each else 1
    host, port = backend_for(run.cluster).meeting_point(tasks.ids(run)[0], ports)
    return f"{host if run.node_count > 1 else '127.0.0.1'}:{port}"


def hosts(run: Run) -> list[str]:
    """Where the run's nodes find each other, in the order of their ranks."""
    if run.node_count == 1:
        return ["127.0.0.1"]
    return backend_for(run.cluster).hosts(run.node_count)


def start(run: Run) -> None:
    """Start the tasks of a run in Starting; the same task id twice starts one task."""
    image = run.image_build.image if run.image_build else None
    if image is None or not images.is_there(image):
        words = "its image was removed meanwhile"
        if ending.leave(run, State.PREPARING, words, image_build=None):
            preparing.prepare(run)
        return
    images.mark_used(image)
    left = list(tasks.of(run).filter(handle__isnull=True, ended_at=None))
    granted, token, attempt = _granted(run), _token(run), run.attempt
    if token is None:
        return
    errors = _start_all(run, left, [_task(run, task, token, granted) for task in left])
    run.refresh_from_db()
    if run.state == State.STARTING and run.attempt == attempt:  # else another had an answer
        _answer(run, errors)


def _start_all(
    run: Run, left: Sequence[RunTask], orders: Sequence[Task]
) -> list[tuple[RunTask, Exception]]:
    """Start some at a time, until all are or nobody wants them any more; return what went wrong."""
    errors: list[tuple[RunTask, Exception]] = []
    unwanted: list[Handle] = []
    for first in range(0, len(orders), AT_ONCE):
        if first:
            lifecycle.wait(run, f"{first} of {len(orders)} nodes have started")
        some = slice(first, first + AT_ONCE)
        for task, (handle, error) in zip(
            left[some], at_once(_starter(run), orders[some]), strict=True
        ):
            if error is not None:
                errors.append((task, error))
            elif handle is not None and not _note(run, task, handle):
                unwanted.append(handle)
        if unwanted or any(not isinstance(error, Unreachable) for _, error in errors):
            break  # the rest would be ended again
    backend = backend_for(run.cluster)
    at_once(lambda handle: backend.stop(handle, settings.CANCEL_GRACE_SECONDS), unwanted)
    return errors


def at_once(do: Callable[[Given], Got], given: Iterable[Given]) -> list[Got]:
    """Do it for all at the same time, and return the answers in their order.

    For what waits elsewhere: nothing that is done may touch the database.
    """
    things = list(given)
    if len(things) < 2:
        return [do(thing) for thing in things]
    with ThreadPoolExecutor(min(len(things), AT_ONCE)) as pool:
        return list(pool.map(do, things))


def _starter(run: Run) -> Callable[[Task], tuple[Handle | None, Exception | None]]:
    backend = backend_for(run.cluster)

    def start_one(order: Task) -> tuple[Handle | None, Exception | None]:
        try:
            return backend.start(order), None
        except (NoCapacity, Unreachable, Refused) as error:
            return None, error

    return start_one


def _note(run: Run, task: RunTask, handle: Handle) -> bool:
    """Note a task that was started; False where nobody wants it any more."""
    # Somebody may have canceled and cleaned up meanwhile: then there is something to clean again.
    RunTask.objects.filter(pk=task.pk).update(handle=handle, cleaned_at=None)
    Run.objects.filter(pk=run.pk).exclude(cleaned_at=None).update(cleaned_at=None)
    run.refresh_from_db()
    is_left = run.is_final or run.state == State.CANCEL_REQUESTED
    return not is_left and run.attempt == task.attempt


def _answer(run: Run, errors: Sequence[tuple[RunTask, Exception]]) -> None:
    """Do what the errors of a start ask for; the worst of them decides."""
    found = ((task, error) for kind in WORST for task, error in errors if isinstance(error, kind))
    task, error = next(found, (None, None))
    if task is None:
        lifecycle.wait(run, "")  # an engine that did not answer has answered now
        return
    words = f"{tasks.called(run, task)}{error}"
    if isinstance(error, Refused):
        facts = {"type": "StartFailed", "message": words}
        lifecycle.end(run, Reason.START_FAILED, error=facts)
    elif isinstance(error, NoCapacity):
        if ending.leave(run, State.QUEUED, words, not_before=clock() + NOT_AGAIN_FOR):
            lifecycle.wait(run, f"{words}; it is tried again")
    else:  # the same start again, on the same nodes: it may have come through
        tasks.of(run).filter(handle__isnull=True).update(seen_at=clock())
        lifecycle.wait(run, f"{words}; it is tried again")


def _token(run: Run) -> Secret | None:
    """Make the token of a run's drivers; None where the run is to be started no more.

    Under the lock of its row: whoever takes it from its nodes takes this token, too.
    """
    same = Run.objects.filter(pk=run.pk, state=State.STARTING, attempt=run.attempt)
    with transaction.atomic():
        if not same.select_for_update().values_list("pk"):
            return None
        return _issue(run)


def _issue(run: Run) -> Secret:
    row, secret = tokens.issue(
        run.created_by,
        run.workspace,
        name=run.name,
        kind=TokenKind.RUN,
        subject=run.run_id,
        # It dies with the run; this is for a run whose end nobody could see.
        expires_at=clock() + timedelta(days=TOKEN_DAYS),
    )
    assert row.expires_at is not None
    return secret, row.expires_at


def order(run: Run, task: RunTask) -> Task:
    """Return what the backend was asked to start as `task`, with another token of its run."""
    return _task(run, task, _issue(run), _granted(run))


def _task(run: Run, task: RunTask, token: Secret, granted: sizes.Grant) -> Task:
    folder = tasks.folder(task.task_id)
    assert run.image_build is not None and run.image_build.image is not None
    python = images.python_of(run.image_build.image)
    return Task(
        id=task.task_id,
        command=[python, "-m", "trainyard.driver"],
        env={
            **certificates(),
            **recipes.variables_of(run.definition),
            "PATH": f"{Path(python).parent}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(settings.SDK),
            "TRAINYARD_URL": settings.URL,
            "TRAINYARD_SOCKET": str(settings.WEB_SOCKET),
            "TRAINYARD_WORK": folder,
            "TRAINYARD_TASK": task.task_id,
            "AZUREML_RUN_TOKEN": token[0],
            "AZUREML_RUN_TOKEN_EXPIRY": str(int(token[1].timestamp())),
            "AZUREML_RUN_ID": run.run_id,
        },
        folder=folder,
        grace_s=settings.CANCEL_GRACE_SECONDS,
        image=run.image_build.image.place,
        # The socket's folder, not the socket: a studio that was started again has another one.
        reads=(
            str(settings.SDK),
            str(settings.WEB_SOCKET.parent),
            *certificates().values(),
            *inputs.reads(run),
        ),
        cpus=granted.cpus,
        memory_bytes=granted.memory_bytes,
        gpus=tuple(task.gpus),
        has_network=run.cluster.has_network,
        group=tasks.ids(run)[0] if run.node_count > 1 else "",
        rank=task.rank,
    )


def _granted(run: Run, nodes: Sequence[Node] = ()) -> sizes.Grant:
    """What each of its nodes has: their size is what it was when the run got them."""
    held = [*nodes] or Node.objects.select_related("cluster").filter(holder=tasks.ids(run)[0])[:1]
    size = room.size_of(held[0]) if held else None
    wanted = size or sizes.find(run.cluster.node_size)
    return sizes.grant(wanted, machine.of(run.cluster), run.node_count)

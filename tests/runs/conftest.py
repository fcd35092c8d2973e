"""A person with a workspace and a cluster, who calls the API by token."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils.timezone import now
from rest_framework.test import APIClient

from compute import clusters
from compute.backends.local import Local
from compute.clusters import ensure_default
from compute.models import Node
from compute.tasks import Task
from runs import lifecycle, supervising, tasks
from runs.models import Run, RunTask
from runs.states import State
from studio import tokens
from studio.files import blobs
from studio.models import Member, Role, TokenKind, User, Workspace


@dataclass
class Caller:
    """Someone who calls the API; `sent` submits a snapshot of the given files."""

    user: User
    workspace: Workspace
    client: APIClient

    @property
    def home(self) -> str:
        return f"/api/v1/workspaces/{self.workspace.name}"

    def get(self, path: str, /, **query: Any):
        return self.client.get(path, query)

    def post(self, path: str, data: Any = None):
        # Escapes, so that what no encoding can write is sent as well.
        body = json.dumps({} if data is None else data)
        return self.client.post(path, body, content_type="application/json")

    def sent(self, files: dict[str, str]) -> str:
        listing = [[path, blobs.put([text.encode()]).sha256] for path, text in files.items()]
        return self.post(f"{self.home}/snapshots", {"files": listing}).json()["snapshot"]

    def submit(self, files: dict[str, str] | None = None, **order: Any):
        files = files or {"train.py": "print('hello')\n"}
        wanted = {"experiment": "exp", "script": "train.py", "snapshot": self.sent(files), **order}
        return self.post(f"{self.home}/runs", wanted)


def make_caller(name: str, workspace: Workspace, role: Role = Role.OWNER) -> Caller:
    user = User.objects.create_user(name)
    Member.objects.create(user=user, workspace=workspace, role=role)
    _, secret = tokens.issue(user, workspace, name="test")
    return Caller(user, workspace, client_with(secret))


def client_with(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def on_its_nodes(caller: Caller, **order: Any) -> Run:
    """Submit a run and take it to where its drivers are about to speak; nothing is started."""
    reply = caller.submit(**order)
    assert reply.status_code == 201, reply.content
    run = Run.objects.get(run_id=reply.json()["run_id"])
    for state in (State.PREPARING, State.QUEUED):
        assert lifecycle.move(run, state)
    give_nodes(run)
    return run


def give_nodes(run: Run) -> None:
    """Take a queued run to Starting, with a task on each of its nodes."""
    nodes = clusters.reserve(run.cluster, tasks.ids(run), now())
    assert isinstance(nodes, list) and all(isinstance(node, Node) for node in nodes)
    assert lifecycle.move(run, State.STARTING)
    tasks.make(run, nodes, now())


@pytest.fixture
def give_processes() -> Iterator[Callable[[Run], None]]:
    """Have a process run for each task of a run, which does nothing."""
    local, handles = Local(), []

    def give(run: Run) -> None:
        for task in tasks.of(run):
            folder = tasks.folder(task.task_id)
            handles.append(local.start(Task(task.task_id, ["sleep", "60"], folder)))
            RunTask.objects.filter(pk=task.pk).update(handle=handles[-1])

    yield give
    for handle in handles:
        local.stop(handle, 0)
        local.forget(handle)


@pytest.fixture(autouse=True)
def nothing_was_sent() -> None:
    """What supervise sent in another test it did not send in this one: keys of rows come again."""
    supervising._sent.clear()


@pytest.fixture
def caller(db) -> Caller:
    workspace = Workspace.objects.create(name="lab")
    ensure_default(workspace)
    return make_caller("ann", workspace)


@pytest.fixture
def stranger(db, settings) -> Caller:
    settings.LOCAL_BACKEND_FOR_ALL = True
    return make_caller("eve", Workspace.objects.create(name="elsewhere"))


@pytest.fixture
def reader(caller, settings) -> Caller:
    settings.LOCAL_BACKEND_FOR_ALL = True
    return make_caller("rob", caller.workspace, Role.READER)


@pytest.fixture
def driver_of():
    """A client with a run's own token, as its driver has."""

    def client_of(run) -> APIClient:
        _, secret = tokens.issue(
            run.created_by, run.workspace, name="run", kind=TokenKind.RUN, subject=run.run_id
        )
        return client_with(secret)

    return client_of

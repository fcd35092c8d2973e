"""Rows for tests: keyword-only, the smallest that is valid; what is not said is made up."""

import itertools
from datetime import UTC, datetime
from typing import Any

from compute.clusters import ensure_default
from compute.models import Cluster
from registry import environments
from registry.models import Version
from runs.models import Experiment, Run, RunEvent
from runs.states import ENDS_AS, FINAL, Reason, State
from studio.files import blobs, trees
from studio.models import Blob, Member, Role, Tree, User, Workspace

_numbers = itertools.count(1)
AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def make_user(*, username: str = "", **fields: Any) -> User:
    return User.objects.create_user(username or f"person{next(_numbers)}", **fields)


def make_workspace(*, name: str = "") -> Workspace:
    return Workspace.objects.create(name=name or f"lab{next(_numbers)}")


def make_member(
    *, user: User | None = None, workspace: Workspace | None = None, role: Role = Role.OWNER
) -> Member:
    return Member.objects.create(
        user=user or make_user(), workspace=workspace or make_workspace(), role=role
    )


def make_cluster(*, workspace: Workspace | None = None, name: str = "", **fields: Any) -> Cluster:
    """The default cluster where no name is given; else one whose nodes take next to nothing."""
    workspace = workspace or make_workspace()
    if not name:
        return ensure_default(workspace)
    fields = {"node_size": "0.1cpu-0.1gib", **fields}
    return Cluster.objects.create(workspace=workspace, name=name, **fields)


def make_blob(content: bytes = b"") -> Blob:
    return blobs.put([content])


def make_tree(**files: str) -> Tree:
    """A tree of texts; `train__py="…"` is the file train.py."""
    files = files or {"train__py": "print('hello')\n"}
    pairs = ((name.replace("__", "."), text.encode()) for name, text in files.items())
    return trees.make((path, make_blob(content).sha256) for path, content in pairs)


def make_experiment(*, workspace: Workspace | None = None, name: str = "") -> Experiment:
    return Experiment.objects.create(
        workspace=workspace or make_workspace(), name=name or f"experiment{next(_numbers)}"
    )


def make_environment(
    *, workspace: Workspace | None = None, user: User | None = None, name: str = "", pip: str = ""
) -> Version:
    workspace = workspace or make_workspace()
    return environments.register(
        workspace,
        user or make_user(),
        name=name or f"environment{next(_numbers)}",
        definition={"pip": pip or "six==1.17.0"},
    )


def make_run(
    *,
    experiment: Experiment | None = None,
    user: User | None = None,
    state: State = State.NOT_STARTED,
    reason: Reason | None = None,
    **fields: Any,
) -> Run:
    """A run in `state`, with the event that brought it there; a final one has its reason."""
    experiment = experiment or make_experiment()
    experiment.run_count += 1
    experiment.save()
    if state in FINAL:
        reason = reason or next(why for why, end in ENDS_AS.items() if end == state)
        fields = {"reason": reason, "ended_at": AT, **fields}
    values = {
        "run_id": f"{experiment.name}_1700000000_{next(_numbers):08x}",
        "number": experiment.run_count,
        "name": f"run {experiment.run_count}",
        "script": "train.py",
        "created_by": user or make_user(),
        "created_at": AT,
        "definition": environments.DEFAULT,
        "snapshot": fields.get("snapshot") or make_tree(),
        "cluster": fields.get("cluster") or make_cluster(workspace=experiment.workspace),
        **fields,
    }
    run = Run.objects.create(experiment=experiment, state=state, **values)
    RunEvent.objects.create(run=run, number=1, state=state, at=AT)
    return run

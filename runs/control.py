"""What people ask of runs: submit, cancel, change what is written on them."""

import re
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.timezone import now as clock

from compute import recipes
from compute.access import check_may_run, cluster_for
from compute.clusters import ensure_default
from compute.models import Cluster
from registry import environments
from registry.models import Version
from runs import actors, lifecycle, names
from runs.models import Experiment, Run, RunAsset
from runs.states import FINAL, ON_A_NODE, Reason, State
from studio import queue
from studio.errors import BadInput, NotFound
from studio.files.trees import safe_path
from studio.models import Tree, User, Workspace

EXPERIMENT = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}", re.ASCII)
MOST_ARGUMENTS_CHARACTERS = 100_000


def experiment(workspace: Workspace, name: str) -> Experiment:
    """Return the experiment `name`, making it when it is new. Raises BadInput for its name."""
    if not EXPERIMENT.fullmatch(name or ""):
        raise BadInput(
            f"experiment name {name[:100]!r} is not allowed: between 1 and 255 characters, the"
            " first a letter or number, the rest letters, numbers, hyphens and underscores",
            fields={"experiment": "letters, numbers, - and _; no spaces"},
        )
    return Experiment.objects.get_or_create(workspace=workspace, name=name)[0]


def submit(user: User, workspace: Workspace, order: dict[str, Any]) -> Run:
    """Make a run of `order` (docs/api.md, Submit) and have it launched.

    Everything is checked before anything is made. Raises BadInput, NotFound, UnknownCluster.
    """
    snapshot = _snapshot(order)
    script = _script(snapshot, order)
    version, definition = _environment(workspace, order.get("environment"))
    cluster = _cluster(workspace, order.get("cluster"))
    arguments = _arguments(order.get("arguments") or [])
    home = experiment(workspace, order.get("experiment") or "")
    named = (order.get("environment") or {}).get("name") or environments.DEFAULT_NAME
    at = clock()
    with transaction.atomic():
        Experiment.objects.filter(pk=home.pk).update(run_count=F("run_count") + 1)
        home.refresh_from_db()
        run = Run.objects.create(
            run_id=_run_id(home.name, at),
            experiment=home,
            number=home.run_count,
            name=(order.get("name") or names.friendly())[:100],
            script=script,
            arguments=arguments,
            snapshot=snapshot,
            environment=version,
            environment_name=version.asset.name if version else named[:255],
            definition=definition,
            cluster=cluster,
            tags=_texts("tags", order.get("tags")),
            properties=_texts("properties", order.get("properties")),
            created_by=user,
            created_at=at,
        )
        if version:
            RunAsset.objects.create(run=run, version=version, direction=RunAsset.Direction.IN)
        lifecycle.began(run, f"submitted by {user.username}")
        queue.send(actors.launch, run.pk)
    return run


def _run_id(experiment_name: str, at: datetime) -> str:
    return f"{experiment_name}_{int(at.timestamp())}_{secrets.token_hex(4)}"


def _snapshot(order: dict[str, Any]) -> Tree:
    tree = Tree.objects.filter(sha256=order.get("snapshot") or "").first()
    if tree is None:
        raise NotFound(
            "the code was not sent: there is no such snapshot; send the files first",
            fields={"snapshot": "unknown"},
        )
    return tree


def _script(snapshot: Tree, order: dict[str, Any]) -> str:
    script = str(order.get("script") or "").removeprefix("./")
    if not script:
        raise BadInput("say which script to run", fields={"script": "missing"})
    safe_path(script)
    if not snapshot.files.filter(path=script).exists():
        scripts = list(
            snapshot.files.filter(path__endswith=".py").values_list("path", flat=True)[:10]
        )
        shown = ", ".join(scripts) or "none"
        raise BadInput(
            f"{script} script path doesn't exist in the code that was sent."
            f" The script should be inside the project folder; Python files there: {shown}",
            fields={"script": f"not in the code; there are: {shown}"},
        )
    return script


def _environment(workspace: Workspace, wanted: Any) -> tuple[Version | None, dict[str, Any]]:
    if not wanted:
        return None, environments.DEFAULT
    if not isinstance(wanted, dict):
        raise BadInput('"environment" is an object', fields={"environment": "an object"})
    try:
        if wanted.get("definition") is not None:
            recipes.from_definition(wanted["definition"])
            return None, wanted["definition"]
        version = environments.get(workspace, wanted.get("name") or "", wanted.get("version"))
    except (BadInput, NotFound) as error:
        error.fields.setdefault("environment", error.message)
        raise
    return version, version.environment.definition


def _cluster(workspace: Workspace, name: str | None) -> Cluster:
    if name:
        cluster = cluster_for(workspace, name)
    else:
        clusters = list(Cluster.objects.filter(workspace=workspace)[:2])
        cluster = clusters[0] if len(clusters) == 1 else ensure_default(workspace)
    check_may_run(cluster)
    return cluster


def _arguments(arguments: Any) -> list[str]:
    if not isinstance(arguments, list) or any(isinstance(a, dict | list) for a in arguments):
        raise BadInput('"arguments" is a list of texts and numbers', fields={"arguments": "a list"})
    words = [str(argument) for argument in arguments]
    if any("\0" in word for word in words) or sum(map(len, words)) > MOST_ARGUMENTS_CHARACTERS:
        raise BadInput(
            f"arguments hold no NUL and at most {MOST_ARGUMENTS_CHARACTERS:,} characters",
            fields={"arguments": "too long, or a NUL"},
        )
    return words


def _texts(what: str, given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadInput(f'"{what}" maps names to texts', fields={what: "an object"})
    return {str(key)[:100]: "" if value is None else str(value) for key, value in given.items()}


def cancel(run: Run, user: User) -> Run:
    """Ask `run` to end. One that has ended stays as it is; one that waits ends at once.

    A run on a node gets the time of the grace to end by itself; what it wrote is kept.
    """
    while run.state not in FINAL and run.state != State.CANCEL_REQUESTED:
        who: dict[str, Any] = {"cancel_requested_at": clock(), "canceled_by": user}
        if run.state in ON_A_NODE:
            if lifecycle.move(
                run, State.CANCEL_REQUESTED, f"cancel asked by {user.username}", **who
            ):
                queue.send(actors.stop, run.pk)
        else:
            Run.objects.filter(pk=run.pk, state=run.state).update(**who)
            if lifecycle.end(run, Reason.CANCELED, text=f"canceled by {user.username}"):
                queue.send(actors.clean, run.pk)
        run.refresh_from_db()
    return run


def change(run: Run, wanted: dict[str, Any]) -> Run:
    """Set a run's name, or add tags and properties to those it has. Raises BadInput."""
    changes: dict[str, Any] = {}
    for field in ("tags", "properties"):
        if field in wanted:
            changes[field] = {**getattr(run, field), **_texts(field, wanted[field])}
    if "name" in wanted:
        name = str(wanted["name"]).strip()
        if not 0 < len(name) <= 100:
            raise BadInput("a run's name has 1 to 100 characters", fields={"name": "1 to 100"})
        changes["name"] = name
    Run.objects.filter(pk=run.pk).update(**changes)
    run.refresh_from_db()
    lifecycle.touched(run)
    return run

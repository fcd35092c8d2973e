"""Runs that are on no cluster: a notebook or a script of somebody's own computer logs to them.

They begin as Running, take metrics and files by a token of their own, and end when it is said, or
by a cancel. Such a run may also be the child of another, as one fold or trial of it.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.timezone import now as clock

from compute.clusters import elsewhere
from runs import actors, lifecycle, listing, parameters
from runs.models import Experiment, Run
from runs.states import Reason, State
from studio import queue, tokens
from studio.errors import BadInput, Conflict
from studio.files import trees
from studio.models import TokenKind, Tree, User
from studio.texts import checked, mapping

TOKEN_DAYS = 60
MOST_CHILDREN = 100
MOST_SCRIPT = 1000
Started = tuple[Run, str]


def start(user: User, home: Experiment, orders: Sequence[dict[str, Any]]) -> list[Started]:
    """Make runs of an experiment that are Running; each with the secret of its token.

    orders: of each run name, script, snapshot, tags, properties, parent (a Run); all may be absent.
    Raises BadInput.
    """
    if not 1 <= len(orders) <= MOST_CHILDREN:
        raise BadInput(f"start from 1 to {MOST_CHILDREN} runs at a time, not {len(orders)}")
    read = [_read(given) for given in orders]
    at = clock()
    with transaction.atomic():
        Experiment.objects.filter(pk=home.pk).update(run_count=F("run_count") + len(read))
        home.refresh_from_db()
        first = home.run_count - len(read) + 1
        place = elsewhere(home.workspace)
        rows = [
            Run(
                run_id=str(uuid.uuid4()),
                experiment=home,
                number=number,
                state=State.RUNNING,
                cluster=place,
                created_by=user,
                created_at=at,
                started_at=at,
                **fields,
            )
            for number, fields in enumerate(read, first)
        ]
        made = [_made(row) for row in rows]
        parameters.keep_all(rows)
    return made


def _read(given: dict[str, Any]) -> dict[str, Any]:
    properties = mapping("properties", given.get("properties"))
    parent = given.get("parent")
    if parent is not None:
        properties[listing.PARENT] = parent.run_id
        properties[listing.ROOT] = parent.properties.get(listing.ROOT, parent.run_id)
    return {
        "name": checked("name", given.get("name") or "", 100),
        "script": checked("script", given.get("script") or "", MOST_SCRIPT),
        "snapshot": given.get("snapshot") or _nothing(),
        "tags": mapping("tags", given.get("tags")),
        "properties": properties,
    }


def _nothing() -> Tree:
    """The tree of no files."""
    return trees.make([])


def _made(run: Run) -> Started:
    run.name = run.name or f"run_{run.run_id}"
    run.save()
    lifecycle.began(run, f"started by {run.created_by.username} on a computer of their own")
    _, secret = tokens.issue(
        run.created_by,
        run.workspace,
        name=run.name,
        kind=TokenKind.RUN,
        subject=run.run_id,
        expires_at=run.created_at + timedelta(days=TOKEN_DAYS),
    )
    return run, secret


def end(run: Run, error: dict[str, str] | None) -> Run:
    """End an interactive run: Completed, or Failed with an error. Said again, nothing changes.

    Raises Conflict for a run of a cluster, which ends as its script does.
    """
    if not run.is_interactive:
        raise Conflict(
            f"run {run.run_id} is on cluster {run.cluster.name} and ends with its script; to end"
            " it now, cancel it"
        )
    if error is None:
        lifecycle.end(run, Reason.SUCCEEDED, text="completed")
    else:
        lifecycle.end(run, Reason.SCRIPT_FAILED, error=error)
    queue.send(actors.clean, run.pk)
    return run


def children(run: Run) -> QuerySet[Run]:
    """The runs that name `run` as their parent; within its experiment, where they are made."""
    found = Run.objects.filter(experiment=run.experiment)
    return listing.marked(found, "properties", {listing.PARENT: run.run_id})

"""Runs that are on no cluster: a notebook or a script of somebody's own computer logs to them.

They begin as Running, take metrics and files by a token of their own, and end when it is said, or
by a cancel. Such a run may also be the child of another, as one fold or trial of it.
"""

import re
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.timezone import now as clock

from compute.clusters import elsewhere
from runs import actors, experiments, lifecycle, listing, parameters
from runs.models import Experiment, Run
from runs.states import Reason, State
from studio import queue, tokens
from studio.errors import BadInput, Conflict
from studio.files import trees
from studio.models import TokenKind, Tree, User
from studio.texts import checked, mapping

TOKEN_DAYS = 60
MOST_CHILDREN = 100
MOST_NAME = 100
MOST_SCRIPT = 1000
RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}", re.ASCII)
Started = tuple[Run, str]


def start(user: User, home: Experiment, orders: Sequence[dict[str, Any]]) -> list[Started]:
    """Make runs of an experiment that are Running; each with the secret of its token.

    orders: of each run name, script, snapshot, tags, properties, parent (a Run), run_id (where the
    studio is not to choose it); all may be absent.
    Raises BadInput, and Conflict for an id that a run has already.
    """
    if not 1 <= len(orders) <= MOST_CHILDREN:
        raise BadInput(f"start from 1 to {MOST_CHILDREN} runs at a time, not {len(orders)}")
    read = [_read(given) for given in orders]
    at = clock()
    with transaction.atomic():
        is_below = all(given.get("parent") is not None for given in orders)
        experiments.count(home, len(read), is_shown=not is_below)
        first = home.run_count - len(read) + 1
        place = elsewhere(home.workspace)
        rows = [
            Run(
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
        _need_new([row.run_id for row in rows])
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
        "run_id": _run_id(given.get("run_id")),
        "name": checked("name", given.get("name") or "", MOST_NAME),
        "script": checked("script", given.get("script") or "", MOST_SCRIPT),
        "snapshot": given.get("snapshot") or _nothing(),
        "tags": mapping("tags", given.get("tags")),
        "properties": properties,
        "parent": parent,
    }


def _run_id(wanted: str | None) -> str:
    """The id that is asked for, or a new one. Raises BadInput for one that breaks the rule."""
    if not wanted:
        return str(uuid.uuid4())
    if not RUN_ID.fullmatch(wanted):
        raise BadInput(
            f"run id {wanted[:100]!r} is not allowed: between 1 and 255 characters, the first a"
            " letter or number, the rest letters, numbers, hyphens and underscores",
            fields={"run_id": "letters, numbers, - and _"},
        )
    return wanted


def _need_new(run_ids: Sequence[str]) -> None:
    """Raises Conflict where a run has one of the ids, or two of them are the same."""
    there = Run.objects.filter(run_id__in=run_ids).values_list("run_id", flat=True).first()
    twice = next((one for one in run_ids if run_ids.count(one) > 1), None)
    if taken := there or twice:
        raise Conflict(
            f"there is a run {taken} already, and an id is of one run in the whole studio; choose"
            " another, or leave it out and get a new one",
            fields={"run_id": "taken"},
        )


def _nothing() -> Tree:
    """The tree of no files."""
    return trees.make([])


def _made(run: Run) -> Started:
    run.name = run.name or f"run_{run.run_id}"[:MOST_NAME]
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError:  # somebody has begun one of this id since we looked
        _need_new([run.run_id])
        raise
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

    Raises Conflict for a run of a cluster, which ends as its script does, and for a pipeline run.
    """
    if run.is_pipeline:
        raise Conflict(
            f"run {run.run_id} is a pipeline run and ends with its steps; to end it now, cancel it"
        )
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


def take_snapshot(run: Run, snapshot: Tree) -> Run:
    """Keep files as the code of a run that was begun without. A run has one snapshot.

    Raises Conflict for a run that has its code; the same files again change nothing.
    """
    own = Run.objects.filter(pk=run.pk, snapshot__in=(_nothing(), snapshot))
    if not run.is_interactive or not own.update(snapshot=snapshot):
        raise Conflict(
            f"run {run.run_id} has its code already, and a run keeps one snapshot; other files go"
            " to ./outputs, or are kept by upload_file and upload_folder"
        )
    run.refresh_from_db()
    lifecycle.touched(run)
    return run


def children(run: Run) -> QuerySet[Run]:
    """The runs that were begun or submitted below `run`."""
    return run.children.all()

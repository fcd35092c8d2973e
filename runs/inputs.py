"""The inputs of a run: datasets under names, and how its nodes come by their files."""

import logging
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from compute import machine, mounts
from registry import datasets
from registry.models import DatasetForm, Version
from runs import lifecycle
from runs.models import Run, RunInput
from runs.states import ACTIVE
from studio.errors import BadInput, NotFound, StudioError
from studio.models import Tree, Workspace
from studio.texts import checked

logger = logging.getLogger(__name__)
NAME = re.compile(r"\w{1,100}", re.ASCII)
# What the SDK puts into the arguments in place of a path.
ARGUMENT = "DatasetConsumptionConfig:"
KEYS = {"name", "dataset", "tree", "mode", "path"}
MOST = 100
FILES_AT_ONCE = 10_000
# Who lays a tree out is asked again after so long, for the queue may have lost the message.
ASKED_AGAIN_S = 5.0
_asked: dict[str, float] = {}


@dataclass(frozen=True)
class Wanted:
    """An input as a submission asks for it, with its files found."""

    name: str
    version: Version | None
    tree: Tree
    mode: str
    path: str


def read(workspace: Workspace, given: Any, arguments: list[str]) -> list[Wanted]:
    """Return the inputs of a submission (docs/inputs.md). Raises BadInput, NotFound.

    Every argument that stands for an input must have it.
    """
    if not isinstance(given, list | None) or len(given or []) > MOST:
        raise _bad(f'"inputs" is a list of at most {MOST} objects')
    found = [_read(workspace, one) for one in given or []]
    names = [one.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _bad(f'two inputs are named "{twice}"; a name stands for one')
    need_named(arguments, ARGUMENT, names, "input")
    return found


def need_named(arguments: list[str], mark: str, names: list[str], what: str) -> None:
    """Raise BadInput where an argument stands for an input, or an output, that there is not.

    mark: how such an argument begins.   names: of those there are.   what: what they are.
    """
    for argument in arguments:
        named = argument.removeprefix(mark)
        if argument.startswith(mark) and named not in names:
            raise BadInput(
                f'the arguments name the {what} "{named[:100]}", which is not among the {what}s:'
                f" {', '.join(names) or 'there are none'}",
                fields={"arguments": f"no {what} {named[:100]}"},
            )


def _read(workspace: Workspace, given: Any) -> Wanted:
    if not isinstance(given, dict) or given.keys() - KEYS:
        raise _bad('an input is {"name", "dataset" or "tree", "mode", "path"}')
    name, mode = given.get("name"), given.get("mode") or RunInput.Mode.MOUNT
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _bad(
            f"the input name {str(name)[:100]!r} is not allowed: letters, digits and underscores,"
            " at most 100"
        )
    if mode not in RunInput.Mode.values:
        raise _bad(f"input {name}: a mode is one of {', '.join(RunInput.Mode.values)}")
    path = checked(f"the path of input {name}", given.get("path") or "", 1000)
    try:
        version, tree = datasets.resolve(workspace, given)
    except StudioError as error:
        error.message = f"input {name}: {error.message}"
        error.fields.setdefault("inputs", error.message)
        raise
    return Wanted(name, version, tree, mode, path)


def _bad(words: str) -> BadInput:
    return BadInput(words, fields={"inputs": words})


def keep(run: Run, wanted: Iterable[Wanted]) -> None:
    """Write the rows of a new run's inputs."""
    RunInput.objects.bulk_create(
        RunInput(
            run=run,
            name=one.name,
            version=one.version,
            tree=one.tree,
            mode=one.mode,
            path_on_compute=one.path,
        )
        for one in wanted
    )


def of(run: Run) -> QuerySet[RunInput]:
    """The run's inputs in the order in which they were given, with what a line of one shows."""
    return run.inputs.select_related("version__asset", "version__dataset", "tree")


def title(one: RunInput) -> str:
    """Return "name:version"; "" for files that were never registered."""
    return str(one.version) if one.version else ""


def shown(run: Run) -> list[dict[str, Any]]:
    """The run's inputs as the API shows them."""
    return [
        {
            "name": one.name,
            "dataset": title(one) or None,
            "tree": one.tree.sha256,
            "form": _form(one),
            "mode": one.mode,
            "path": one.path_on_compute,
            "file_count": one.tree.file_count,
            "size_bytes": one.tree.size_bytes,
        }
        for one in of(run)
    ]


def _form(one: RunInput) -> str:
    return one.version.dataset.form if one.version else DatasetForm.FILE


def for_driver(run: Run) -> list[dict[str, Any]]:
    """The run's inputs as its drivers are told of them."""
    return [{**one, "title": one["dataset"] or ""} for one in shown(run)]


def named(run: Run, name: str) -> RunInput:
    """Return one input. Raises NotFound."""
    found = of(run).filter(name=name).first()
    if found is None:
        names = ", ".join(run.inputs.values_list("name", flat=True)) or "none"
        raise NotFound(f'run {run.run_id} has no input "{name[:100]}"; its inputs: {names}')
    return found


def files(one: RunInput, after: str) -> tuple[list[list[Any]], str | None]:
    """Return the next [path, SHA-256, size] behind the path `after`, and where to go on."""
    rows = one.tree.files.filter(path__gt=after).order_by("path")
    found = rows.values_list("path", "blob_id", "blob__size_bytes")[:FILES_AT_ONCE]
    listing = [[str(path), str(sha256), int(size)] for path, sha256, size in found]
    return listing, str(listing[-1][0]) if len(listing) == FILES_AT_ONCE else None


def reads(run: Run) -> list[str]:
    """Return the folders of this machine that a task of the run must see, each once."""
    if not _is_here(run):
        return []
    laid = run.inputs.exclude(mode=RunInput.Mode.DIRECT).select_related("tree")
    return list(dict.fromkeys(str(mounts.place(one.tree)) for one in laid))


def _is_here(run: Run) -> bool:
    return machine.place_of(run.cluster) == machine.HERE


def looked_for(one: RunInput, *, is_first: bool) -> tuple[dict[str, str], bool]:
    """Return what a driver is told that needs this input, and whether it is to be laid out now.

    is_first: it has not asked before, so what went wrong for an earlier run is tried again.
    """
    if not _is_here(one.run):
        return {"state": "fetch", "place": "", "text": ""}, False
    tree = one.tree
    if is_first:
        mounts.forget_trouble(tree)
    elif trouble := mounts.trouble_of(tree):
        return {"state": "failed", "place": "", "text": trouble}, False
    if mounts.is_being_laid_out(tree):
        is_due = False
    elif folder := mounts.ready(tree):
        _asked.pop(tree.sha256, None)
        return {"state": "ready", "place": str(folder), "text": ""}, False
    else:
        now = time.monotonic()
        is_due = now - _asked.get(tree.sha256, -ASKED_AGAIN_S) >= ASKED_AGAIN_S
        if is_due:
            _asked[tree.sha256] = now
    words = f"{title(one) or one.name} is laid out on its node: {tree.file_count:,} files"
    if away := mounts.waits_for(tree):
        words = f"{title(one) or one.name} cannot be laid out yet: {away}"
    lifecycle.wait(one.run, words)
    return {"state": "waiting", "place": "", "text": words}, is_due


def lay(tree_pk: int) -> None:
    """Lay a tree out for the runs that wait for it. Safe to run twice, and at once."""
    tree = Tree.objects.filter(pk=tree_pk).first()
    if tree is None:
        return
    used = RunInput.objects.filter(run__state__in=ACTIVE).values_list("tree__sha256", flat=True)
    try:
        mounts.lay(tree, set(used))
    except mounts.NotLaidOut as error:  # the driver that waits is told, and says it to people
        logger.warning("tree %s is not laid out: %s", tree.sha256[:12], error)

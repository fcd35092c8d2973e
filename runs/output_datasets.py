"""The output datasets of a run: folders that its script fills, and what becomes of their files.

the order ─► rows ─► folders on its nodes ─► once a node's scripts have ended: files in the
workspace's store, and a tree of them ─► once the run is Completed: a version of a dataset
"""

import re
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from registry import datasets, store
from registry.models import DatasetForm, Version
from registry.tables import checked_reading
from runs import lifecycle
from runs.inputs import need_named
from runs.models import Run, RunAsset, RunOutput
from studio.errors import BadInput, Conflict, MissingBlobs, NotFound, StudioError
from studio.files import trees
from studio.texts import checked, mapping

NAME = re.compile(r"\w{1,100}", re.ASCII)
# What the SDK puts into the arguments in place of a path.
ARGUMENT = "DatasetOutputConfig:"
KEYS = {"name", "mode", "destination", "path", "overwrite", "globs", "register"}
OF_A_DATASET = {"name", "description", "tags", "form", "reading"}
RUN_ID = "{run-id}"
DESTINATION = f"dataset/{RUN_ID}/{{output-name}}"
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
STORE = "workspaceblobstore"  # as scripts call the workspace's own
MOST = MOST_GLOBS = 100
MOST_FILES = 200_000
MOST_TEXT = 1000
# The type of a run's error when its script ended well and what it wrote was not kept.
NOT_KEPT = "OutputNotKept"


# --- what is asked for ---------------------------------------------------------------------------
def read(given: Any, arguments: list[str], others: Iterable[str]) -> list[RunOutput]:
    """Return the output datasets of a submission (docs/outputs.md) as rows without a run.

    others: the names of its inputs, for a name stands for one path. Raises BadInput.
    """
    if not isinstance(given, list | None) or len(given or []) > MOST:
        raise _bad(f'"output_datasets" is a list of at most {MOST} objects')
    found = [_read(one) for one in given or []]
    names = [one.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _bad(f'two output datasets are named "{twice}"; a name stands for one')
    if both := next((name for name in others if name in names), None):
        raise _bad(f'an input and an output dataset are named "{both}"; a name stands for one')
    need_named(arguments, ARGUMENT, names, "output dataset")
    return found


def _read(given: Any) -> RunOutput:
    if not isinstance(given, dict) or given.keys() - KEYS:
        raise _bad(f"an output dataset has {', '.join(sorted(KEYS))}, and nothing else")
    name, mode = given.get("name"), given.get("mode") or RunOutput.Mode.MOUNT
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _bad(
            f"the output name {str(name)[:100]!r} is not allowed: letters, digits and underscores,"
            " at most 100"
        )
    if mode not in RunOutput.Mode.values:
        raise _bad(f"output {name}: a mode is one of {', '.join(RunOutput.Mode.values)}")
    try:
        return RunOutput(
            name=name,
            mode=mode,
            destination=_destination(given.get("destination")),
            path_on_compute=checked("path", given.get("path") or "", 1000),
            # Who writes into a mounted folder replaces what is there.
            overwrite=mode == RunOutput.Mode.MOUNT or _flag(given.get("overwrite")),
            globs=_globs(given.get("globs") or []),
            register=_registering(given.get("register")),
        )
    except StudioError as error:
        raise _bad(f"output {name}: {error.message}") from None


def _bad(words: str) -> BadInput:
    return BadInput(words, fields={"output_datasets": words})


def _flag(given: Any) -> bool:
    if given not in (None, True, False):
        raise BadInput("overwrite is true or false")
    return bool(given)


def _destination(given: Any) -> str:
    """Return the folder in the store, with placeholders; None is a folder of the run's own."""
    if given is None:
        return DESTINATION
    text = checked("destination", given, 500).removeprefix("./").strip("/")
    odd = set(PLACEHOLDER.findall(text)) - set(PLACEHOLDER.findall(DESTINATION))
    if odd:
        raise BadInput(
            f"{min(odd)} in the destination stands for nothing; {{run-id}} and {{output-name}} do"
        )
    trees.safe_path(f"{text}/file" if text else "file")
    return text


def _globs(given: Any) -> list[str]:
    if not isinstance(given, list) or len(given) > MOST_GLOBS:
        raise BadInput(f"globs is a list of at most {MOST_GLOBS} patterns")
    return [checked("globs", one, 1000, empty=False) for one in given]


def _registering(given: Any) -> dict[str, Any]:
    """Return under which name a dataset is to be made, and how; {} where none is."""
    if given is None:
        return {}
    if not isinstance(given, dict) or given.keys() - OF_A_DATASET:
        raise BadInput(f"register has {', '.join(sorted(OF_A_DATASET))}, and nothing else")
    form = given.get("form") or DatasetForm.FILE
    if form not in DatasetForm.values:
        raise BadInput(f"register: a form is one of {', '.join(DatasetForm.values)}")
    most = datasets.MOST_DESCRIPTION_CHARACTERS
    return {
        "name": datasets.check_name(checked("name", given.get("name") or "", 255)),
        "description": checked("description", given.get("description") or "", most),
        "tags": mapping("tags", given.get("tags")),
        "form": form,
        "reading": checked_reading(form, given.get("reading") or {}),
    }


def keep(run: Run, wanted: Iterable[RunOutput]) -> None:
    """Write the rows of a new run's output datasets."""
    rows = list(wanted)
    for one in rows:
        one.run = run
    RunOutput.objects.bulk_create(rows)


# --- what is told of them ------------------------------------------------------------------------
def of(run: Run) -> QuerySet[RunOutput]:
    """The run's output datasets in the order in which they were given, as lines show them."""
    return run.output_datasets.select_related("run", "version__asset", "version__dataset", "tree")


def title(one: RunOutput) -> str:
    """Return "name:version" of the dataset that it became; "" without one, or when that is gone."""
    is_there = one.version is not None and hasattr(one.version, "dataset")
    return str(one.version) if is_there else ""


def shown(run: Run) -> list[dict[str, Any]]:
    """The run's output datasets as the API shows them."""
    return [
        {
            "name": one.name,
            "mode": one.mode,
            "destination": one.place,
            "path": one.path_on_compute,
            "overwrite": one.overwrite,
            "globs": one.globs,
            "register": one.register or None,
            "dataset": title(one) or None,
            "tree": one.tree.sha256 if one.tree else None,
            "file_count": one.tree.file_count if one.tree else 0,
            "size_bytes": one.tree.size_bytes if one.tree else 0,
            "text": one.text,
        }
        for one in of(run)
    ]


def again(run: Run) -> list[dict[str, Any]]:
    """The same as another run is asked for them: with the placeholders of their destinations."""
    given = {one.name: one.destination for one in run.output_datasets.all()}
    keys = KEYS - {"destination"}
    return [
        {"destination": given[one["name"]], **{key: one[key] for key in keys}} for one in shown(run)
    ]


def for_driver(run: Run) -> list[dict[str, Any]]:
    """The run's output datasets as its drivers are told of them."""
    keys = ("name", "mode", "destination", "path", "globs")
    return [{key: one[key] for key in keys} for one in shown(run)]


def made(version: Version) -> QuerySet[Run]:
    """The runs that made a dataset's version, newest first."""
    links = RunAsset.objects.filter(version=version, direction=RunAsset.Direction.OUT)
    return Run.objects.filter(pk__in=links.values("run")).order_by("-id")


# --- what was written ----------------------------------------------------------------------------
def take(run: Run, name: str, files: list[tuple[str, str]], said: str) -> RunOutput:
    """Keep (path, SHA-256) pairs that a node of the run wrote; said: what is to be known of them.

    They go to the store, and to what other nodes wrote. Raises NotFound, MissingBlobs, and BadInput
    in words where the store cannot have them, then they stay with the run; and Conflict where the
    run was started again since `run` was read, for nothing of an earlier attempt is mixed in.
    """
    one = run.output_datasets.filter(name=name).first()
    if one is None:
        names = ", ".join(run.output_datasets.values_list("name", flat=True)) or "none"
        raise NotFound(f'run {run.run_id} has no output "{name[:100]}"; its outputs: {names}')
    try:
        is_taken = _note(one, said)
        if files:
            is_taken = _list(one, files)
            if is_taken:
                _store(one, files)
    except MissingBlobs:
        raise
    except (BadInput, Conflict) as error:
        words = f"output {name}: {error.message}"
        _note(one, words)
        raise BadInput(words) from None
    finally:
        lifecycle.touched(run)
    if not is_taken:
        raise Conflict(f"run {run.run_id} was started again; nothing more is taken of this attempt")
    return one


def _is_present(run: Run) -> bool:
    """Lock the run, so that nobody starts it again, and say whether that was done already.

    For a transaction; a run is locked before its outputs, as where it is started again.
    """
    same = Run.objects.select_for_update(no_key=True).filter(pk=run.pk, attempt=run.attempt)
    return bool(same.values_list("pk"))


def _list(one: RunOutput, files: list[tuple[str, str]]) -> bool:
    """Put files to those that are listed; False where the run was started again.

    Nodes end together, and a tree of many files takes long: it is made while nobody waits, and
    again where another was faster.
    """
    listed = trees.safe_listing(files)
    while True:
        row = RunOutput.objects.select_related("tree").get(pk=one.pk)
        there = trees.listing(row.tree) if row.tree else []
        both = {**{path: sha256 for path, sha256, _ in there}, **listed}
        if len(both) > MOST_FILES:
            raise BadInput(f"an output has at most {MOST_FILES:,} files; pack them into fewer")
        tree = trees.make(both.items())
        with transaction.atomic():
            if not _is_present(one.run):
                return False
            if RunOutput.objects.filter(pk=one.pk, tree=row.tree).update(tree=tree):
                one.tree = tree
                return True


def _store(one: RunOutput, files: list[tuple[str, str]]) -> None:
    folder = f"{one.place}/" if one.place else ""
    placed = [(folder + path, sha256) for path, sha256 in files]
    workspace, writer = one.run.workspace, f"{one.run.run_id}/{one.name}"
    # Files of its own are no obstacle: of an earlier attempt, and of its other nodes.
    is_own = one.overwrite or RUN_ID in one.destination
    if not is_own and (taken := store.differing(workspace, placed, writer=writer)):
        more = f" and {len(taken) - 1:,} more" if len(taken) > 1 else ""
        raise Conflict(
            f"{taken[0]}{more} is in the store already with other content, and overwrite is False;"
            " as_upload(overwrite=True) replaces it, {run-id} in the destination keeps runs apart"
        )
    store.put(workspace, placed, overwrite=True, writer=writer)


def _note(one: RunOutput, words: str) -> bool:
    """Add to what is said of an output, once; False where its run was started again."""
    with transaction.atomic():
        if not _is_present(one.run):
            return False
        row = RunOutput.objects.select_for_update().get(pk=one.pk)
        if words and words not in row.text:
            row.text = "; ".join(filter(None, [row.text, words]))[:MOST_TEXT]
            row.save(update_fields=["text"])
        one.text = row.text
    return True


def forget(run: Run) -> None:
    """What an earlier attempt wrote is not listed any more: the next one begins with empty folders.

    In the store it stays until it is replaced.
    """
    run.output_datasets.update(tree=None, text="")


# --- at the end ----------------------------------------------------------------------------------
def register(run: Run) -> str:
    """Make the versions that were asked for of what a run wrote; return why not, "" when all are.

    All of them or none. For a run that is about to be Completed; safe to repeat: the same files are
    the same version.
    """
    wanted = [one for one in run.output_datasets.select_related("tree") if one.register]
    notes = [
        (one, f"nothing was written, so dataset {one.register['name']} got no version")
        for one in wanted
        if one.tree is None
    ]
    trouble = ""
    try:
        with transaction.atomic():
            for one in wanted:
                _register(run, one)
    except StudioError as error:
        trouble = f"output {one.name}: {error.message}"
        notes.append((one, trouble))
    for one, words in notes:
        _note(one, words)
    return trouble


def _register(run: Run, one: RunOutput) -> None:
    if one.tree is None:
        return
    version, _ = datasets.register(
        run.workspace,
        run.created_by,
        tree=one.tree,
        source=[f"({STORE!r}, {one.place!r})"],
        create_new_version=True,
        **one.register,
    )
    RunOutput.objects.filter(pk=one.pk).update(version=version)
    RunAsset.objects.get_or_create(
        run=run, version=version, direction=RunAsset.Direction.OUT, path=""
    )

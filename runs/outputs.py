"""A run's files: what it logged and what it kept; and a model made from them."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction

from registry import model_files
from registry.models import Version
from runs import lifecycle
from runs.models import Run, RunAsset, RunFile
from studio import live, streams
from studio.errors import BadInput, Conflict, MissingBlobs, ModelPathNotFound, NotFound
from studio.files import blobs, trees
from studio.models import User

OUTPUTS = "outputs/"
MOST_FILES = 200_000
AT_ONCE = 500  # values in one query


def add(run: Run, files: Iterable[tuple[str, str]], *, is_new: bool = False) -> int:
    """Keep (path, SHA-256) pairs as the run's files, in place of what had those paths.

    is_new: a path that is taken is refused. Raises UnsafePath, MissingBlobs, Conflict, BadInput for
    a path in the log folders, or for more files than a run keeps (with `most_files` and `room`).
    """
    wanted = trees.safe_listing(files)
    if missing := blobs.missing(list(wanted.values())):
        raise MissingBlobs("contents were not sent yet", missing=missing)
    for path in wanted:
        if path.startswith(("azureml-logs/", "logs/")):
            raise BadInput(f"{path} lies in a log folder; write files to {OUTPUTS}")
    with transaction.atomic():
        taken = _taken(run, list(wanted))
        if is_new and taken:
            raise Conflict(
                f"run {run.run_id} has a file {min(taken)} already; choose another name, or say"
                " that it is to be replaced (overwrite)"
            )
        room = MOST_FILES - run.files.count()
        if len(wanted) - len(taken) > room:
            raise BadInput(
                f"a run keeps at most {MOST_FILES:,} files; pack them into one",
                most_files=MOST_FILES,
                room=max(0, room),
            )
        RunFile.objects.bulk_create(
            [RunFile(run=run, path=path, blob_id=sha256) for path, sha256 in wanted.items()],
            update_conflicts=True,
            update_fields=["blob", "updated_at"],
            unique_fields=["run", "path"],
            batch_size=AT_ONCE,
        )
        live.publish(lifecycle.group(run), "files-changed")
    return len(wanted)


def _taken(run: Run, paths: list[str]) -> set[str]:
    """Those of `paths` that the run has; not all that it has, for it may have very many."""
    found: set[str] = set()
    for first in range(0, len(paths), AT_ONCE):
        some = run.files.filter(path__in=paths[first : first + AT_ONCE])
        found.update(some.values_list("path", flat=True))
    return found


def listing(run: Run) -> list[dict[str, Any]]:
    """Every log and file of the run by path: path, size_bytes, kind ("log"/"file"), is_growing."""
    logs = run.logs.values_list("path", "stream__size_bytes", "stream__is_complete")
    items: list[dict[str, Any]] = [
        {"path": path, "size_bytes": size, "kind": "log", "is_growing": not (done or run.is_final)}
        for path, size, done in logs
    ]
    files = run.files.values_list("path", "blob__size_bytes")
    items += [
        {"path": path, "size_bytes": size, "kind": "file", "is_growing": False}
        for path, size in files
    ]
    return sorted(items, key=lambda item: item["path"])


def first_files(run: Run, most: int) -> list[dict[str, Any]]:
    """Return the first files that the run kept, by path: path, size_bytes."""
    files = run.files.order_by("path").values_list("path", "blob__size_bytes")[:most]
    return [{"path": path, "size_bytes": size} for path, size in files]


def file_for(run: Run, path: str) -> RunFile:
    """Return a kept file. Raises NotFound that lists some of the files."""
    found = run.files.select_related("blob").filter(path=path).first()
    if found is None:
        paths = ", ".join(item["path"] for item in first_files(run, 20))
        raise NotFound(f"run {run.run_id} has no file {path}; its files: {paths or 'none yet'}")
    return found


def zip_entries(run: Run, prefix: str = "") -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield (path, bytes) of every log and file below `prefix`, for one zip."""
    logs = run.logs.select_related("stream").filter(path__startswith=prefix)
    for log in logs:
        yield log.path, streams.chunks_of(log.stream)
    for path, sha256 in run.files.filter(path__startswith=prefix).values_list("path", "blob_id"):
        yield path, blobs.read(sha256)


def register_model(
    run: Run,
    user: User,
    *,
    name: str,
    path: str = "",
    description: str = "",
    tags: dict[str, str] | None = None,
    properties: dict[str, str] | None = None,
    framework: str = "",
    framework_version: str = "",
) -> Version:
    """Make the next version of model `name` from the file or folder `path` (default: `name`).

    A file keeps its own name, a folder's files their paths below it. No byte is copied.
    Raises ModelPathNotFound that lists the run's files, BadInput for the name.
    """
    path = (path or name).strip("/")
    below = path + "/"
    found = dict(run.files.values_list("path", "blob_id"))
    if path in found:
        files = [(path.rsplit("/", 1)[-1], found[path])]
    else:
        top = path.rsplit("/", 1)[-1]
        files = [
            (f"{top}/{kept[len(below) :]}", sha256)
            for kept, sha256 in found.items()
            if kept.startswith(below)
        ]
    if not files:
        raise ModelPathNotFound(
            f"Could not locate the provided model_path {path} in the set of files uploaded to the"
            f" run: {[item['path'] for item in listing(run)[:50]]}",
            fields={"path": "no such file or folder in this run"},
        )
    tree = trees.make(files)
    with transaction.atomic():
        version = model_files.register(
            run.workspace,
            user,
            name=name,
            tree=tree,
            description=description,
            tags=tags,
            properties={**(properties or {}), "run_id": run.run_id},
            framework=framework,
            framework_version=framework_version,
        )
        RunAsset.objects.create(
            run=run, version=version, direction=RunAsset.Direction.OUT, path=path
        )
        lifecycle.touched(run)
    return version

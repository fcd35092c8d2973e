"""What workspaces keep, by kind: counted by the worker past all contents, and told from a file.

Contents are kept once, whoever names them. So each kind has its size, and beside it what nothing
else has: what would be free if all of that kind were deleted.
"""

import heapq
import json
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Model, Sum
from django.utils.timezone import now as clock

from compute import mounts
from registry.models import DatasetVersion, Fetch, ModelVersion, PrivateWheel, StoredFile
from runs.models import PipelineTree, Run, RunFile, RunInput, RunLog, RunOutput
from studio import live
from studio.models import Blob, TreeFile, Upload, Workspace

KINDS = ("outputs", "code", "datasets", "models", "store", "wheels", "inputs")
# Who names trees: the model, the kind, and the ways to the tree and to the workspace.
OF_TREES: tuple[tuple[type[Model], str, str, str], ...] = (
    (Run, "code", "snapshot", "experiment__workspace"),
    (PipelineTree, "code", "code", "workspace"),
    (PipelineTree, "inputs", "data", "workspace"),
    (DatasetVersion, "datasets", "tree", "version__asset__workspace"),
    (ModelVersion, "models", "tree", "version__asset__workspace"),
    (RunInput, "inputs", "tree", "run__experiment__workspace"),
    (RunOutput, "outputs", "tree", "run__experiment__workspace"),
    (Fetch, "inputs", "tree", "workspace"),
)
# Who names contents without a tree.
OF_FILES: tuple[tuple[type[Model], str, str], ...] = (
    (RunFile, "outputs", "run__experiment__workspace"),
    (StoredFile, "store", "workspace"),
    (PrivateWheel, "wheels", "workspace"),
)
FRESH_S = 600
# The queue may have lost who was asked; a count of millions of files takes minutes.
LOST_AFTER_S = 900
ROWS_AT_ONCE = 5000

# A workspace and a kind, and a content that it names: (SHA-256, workspace, kind).
Holder = tuple[int, str]
Named = tuple[str, int, str]


@dataclass
class Kept:
    """Files, their bytes (each content once), and the bytes that nothing else names."""

    files: int = 0
    size_bytes: int = 0
    alone_bytes: int = 0

    def as_dict(self) -> dict[str, int]:
        """As docs/api.md says."""
        return {
            "files": self.files, "size_bytes": self.size_bytes, "alone_bytes": self.alone_bytes
        }  # fmt: skip


@dataclass
class Count:
    """What was counted: of each workspace and kind, of each workspace, and of the studio."""

    kinds: dict[Holder, Kept] = field(default_factory=lambda: defaultdict(Kept))
    workspaces: dict[int, Kept] = field(default_factory=lambda: defaultdict(Kept))
    studio: Kept = field(default_factory=Kept)
    unnamed: Kept = field(default_factory=Kept)

    def add(self, size: int, holders: Counter[Holder]) -> None:
        """Count one content, which so many files of these holders have."""
        whole = self.studio if holders else self.unnamed
        whole.files += 1
        whole.size_bytes += size
        workspaces = {workspace for workspace, _ in holders}
        for holder, files in holders.items():
            kept = self.kinds[holder]
            kept.files += files
            kept.size_bytes += size
            kept.alone_bytes += size if len(holders) == 1 else 0
            self.workspaces[holder[0]].files += files
        for workspace in workspaces:
            kept = self.workspaces[workspace]
            kept.size_bytes += size
            kept.alone_bytes += size if len(workspaces) == 1 else 0


def count() -> Count:
    """Walk once past all contents, in the order of their names, beside all that name them.

    One pass over the index of each table, in little memory, however many files there are.
    """
    found = Count()
    trees = _holders_of_trees()
    named = heapq.merge(_in_trees(trees), *(_in_rows(*source) for source in OF_FILES))
    groups = groupby(named, key=itemgetter(0))
    sha256, holders = "", Counter[Holder]()
    blobs = Blob.objects.order_by("pk").values_list("pk", "size_bytes")
    for blob, size in blobs.iterator(chunk_size=ROWS_AT_ONCE):
        while sha256 < blob and (following := next(groups, None)) is not None:
            sha256, holders = following[0], Counter(row[1:] for row in following[1])
        found.add(size, holders if sha256 == blob else Counter())
    return found


def _holders_of_trees() -> dict[int, set[Holder]]:
    """Who names each tree. Data of runs that a dataset has as well counts as the dataset's."""
    holders: dict[int, set[Holder]] = defaultdict(set)
    for model, kind, tree, workspace in OF_TREES:
        rows = model._default_manager.filter(**{f"{tree}__isnull": False}).order_by()
        for pk, place in rows.values_list(tree, workspace).distinct().iterator():
            holders[pk].add((place, kind))
    for here in holders.values():
        here -= {(place, "inputs") for place, kind in here if kind == "datasets"}
    return holders


def _in_trees(holders: dict[int, set[Holder]]) -> Iterator[Named]:
    rows = TreeFile.objects.order_by("blob_id").values_list("blob_id", "tree_id")
    for sha256, tree in rows.iterator(chunk_size=ROWS_AT_ONCE):
        for workspace, kind in holders.get(tree, ()):
            yield sha256, workspace, kind


def _in_rows(model: type[Model], kind: str, workspace: str) -> Iterator[Named]:
    rows = model._default_manager.order_by("blob_id").values_list("blob_id", workspace)
    for sha256, place in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield sha256, place, kind


# --- kept and told -------------------------------------------------------------------------------
def work() -> None:
    """Count, keep what was counted, and tell the pages."""
    began = time.monotonic()
    found = count()
    logs = _by_workspace(RunLog, "run__experiment__workspace", "stream__size_bytes")
    uploads = _by_workspace(Upload, "workspace", "received_bytes")
    _keep(
        {
            "counted_at": clock().isoformat(),
            "seconds": round(time.monotonic() - began, 2),
            "studio": found.studio.as_dict(),
            "unnamed": found.unnamed.as_dict(),
            "laid_out_bytes": mounts.taken(),
            "workspaces": {
                str(pk): {
                    **found.workspaces[pk].as_dict(),
                    "kinds": {kind: found.kinds[pk, kind].as_dict() for kind in KINDS},
                    "log_bytes": logs.get(pk, 0),
                    "upload_bytes": uploads.get(pk, 0),
                }
                for pk in Workspace.objects.values_list("pk", flat=True)
            },
        }
    )
    _mark().unlink(missing_ok=True)
    groups = [live.workspace_group(pk) for pk in Workspace.objects.values_list("pk", flat=True)]
    live.publish_to(groups, "storage-counted")


def _by_workspace(model: type[Model], workspace: str, size: str) -> dict[int, int]:
    rows = model._default_manager.order_by().values_list(workspace).annotate(Sum(size))
    return dict(rows)


@dataclass(frozen=True)
class Told:
    """What was counted of one workspace; `counted_at` None where it was never.

    kinds: by name.   whole: the workspace.   studio: all workspaces.   unnamed: what goes soon.
    """

    counted_at: datetime | None
    is_counting: bool
    kinds: dict[str, Kept]
    whole: Kept
    studio: Kept
    unnamed: Kept
    log_bytes: int = 0
    upload_bytes: int = 0
    laid_out_bytes: int = 0


def told(workspace: Workspace, ask: Callable[[], None], *, anew: bool = False) -> Told:
    """Return what was counted last; `ask` is called where that is old, or `anew` is wanted."""
    if (anew or _is_old(_read(), workspace)) and _begin():
        ask()
    is_counting = _is_asked()  # asked first: when that has ended, what is read next is its count
    known = _read()
    here = known.get("workspaces", {}).get(str(workspace.pk), {})
    return Told(
        counted_at=datetime.fromisoformat(known["counted_at"]) if here else None,
        is_counting=is_counting,
        kinds={kind: Kept(**here.get("kinds", {}).get(kind, {})) for kind in KINDS},
        whole=Kept(**{key: here.get(key, 0) for key in Kept().as_dict()}),
        studio=Kept(**known.get("studio", {})),
        unnamed=Kept(**known.get("unnamed", {})),
        log_bytes=here.get("log_bytes", 0),
        upload_bytes=here.get("upload_bytes", 0),
        laid_out_bytes=known.get("laid_out_bytes", 0),
    )


def _is_old(known: dict[str, Any], workspace: Workspace) -> bool:
    if str(workspace.pk) not in known.get("workspaces", {}):
        return True
    return (clock() - datetime.fromisoformat(known["counted_at"])).total_seconds() > FRESH_S


def _place() -> Path:
    return Path(settings.CACHE) / "storage.json"


def _mark() -> Path:
    return Path(settings.CACHE) / "storage.counting"


def _read() -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(_place().read_bytes())
    except (OSError, ValueError):
        return {}
    return known


def _keep(known: dict[str, Any]) -> None:
    _place().parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=_place().parent, suffix=".new")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(known, file)
    os.replace(name, _place())


def _is_asked() -> bool:
    try:
        return time.time() - _mark().stat().st_mtime < LOST_AFTER_S
    except FileNotFoundError:
        return False


def _begin() -> bool:
    """Note that a count was asked for; False where one is under way."""
    if _is_asked():
        return False
    _mark().parent.mkdir(parents=True, exist_ok=True)
    _mark().touch()
    return True

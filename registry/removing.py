"""Datasets deleted: what that would free, and who uses them, is said first.

Who uses a version is whatever row may not lose it: registry knows no runs, the database does.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model, ProtectedError, prefetch_related_objects
from django.db.models.deletion import Collector
from django.utils.timezone import now

from registry import datasets
from registry.models import Alias, Asset, DatasetVersion, Version
from studio.errors import Conflict
from studio.files import collecting
from studio.models import User

MOST_USERS = 100
MOST_SHOWN_USERS = 5


@dataclass(frozen=True)
class Users:
    """Who needs versions that are to go: the first of them by name, and how many in all."""

    names: list[str]
    count: int

    @property
    def words(self) -> str:
        """As a sentence says it: "run a, run b and 3 more"."""
        shown = self.names[:MOST_SHOWN_USERS]
        more = self.count - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")


def users(going: Asset | Version) -> Users:
    """Who uses a dataset, or one version of it; nobody for one that may go."""
    try:
        Collector(using="default", origin=going).collect([going])
    except ProtectedError as error:
        rows = sorted(error.protected_objects, key=lambda row: -row.pk)
        return Users(sorted(set(_names(rows[:MOST_USERS]))), len(rows))
    return Users([], 0)


def _names(rows: list[Any]) -> list[str]:
    """The runs that rows belong to, in one query a kind of row."""
    kinds: dict[type[Model], list[Any]] = defaultdict(list)
    for row in rows:
        kinds[type(row)].append(row)
    for kind, alike in kinds.items():
        if hasattr(kind, "run"):
            prefetch_related_objects(alike, "run")
    return [str(getattr(row, "run", row)) for row in rows]


def freed(going: Asset | Version) -> tuple[int, int]:
    """(Files, bytes) that deleting a dataset, or one version of it, would free."""
    named = {"version": going} if isinstance(going, Version) else {"version__asset": going}
    details = DatasetVersion.objects.filter(**named).select_related("tree")
    # Two versions of the same files name their tree twice, and both go.
    return collecting.freed(trees=[detail.tree for detail in details])


def delete(asset: Asset) -> None:
    """Delete a dataset with all its versions, for ever; its files go when nobody else has them.

    Raises Conflict that names who uses a version: what runs read stays.
    """
    _check(asset, f"dataset {asset.name}", "archive it instead, or delete those first")
    workspace = asset.workspace
    asset.delete()
    datasets.tell(workspace)


def delete_version(version: Version, user: User) -> dict[str, Any]:
    """Delete one version; return what that frees. Its number is never given again.

    The dataset leaves the lists with its last version. Raises Conflict as `delete`.
    """
    with transaction.atomic():
        Version.objects.select_for_update().get(pk=version.pk)
        _check(version, f"{version}", "delete those first")
        files, size_bytes = freed(version)
        Alias.objects.filter(version=version).delete()
        DatasetVersion.objects.filter(version=version).delete()
        version.description, version.tags = "", {}
        version.properties = {
            "deleted_by": user.username,
            "deleted_at": now().isoformat(timespec="seconds"),
        }
        version.save(update_fields=["description", "tags", "properties"])
        if not datasets.there(version.asset).exists():
            datasets.archive(version.asset, True)
        datasets.tell(version.asset.workspace)
    return {"deleted": [str(version)], "freed_files": files, "freed_bytes": size_bytes}


def _check(going: Asset | Version, name: str, way_out: str) -> None:
    needed = users(going)
    if needed.count:
        raise Conflict(
            f"{name} is used by {needed.words}, which would not know any more what they read;"
            f" {way_out}",
            used_by=needed.names,
        )

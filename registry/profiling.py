"""Profiles of tables: what is in their columns. Small ones at once, others by the worker.

A profile that is made stands in a file beside the answers (registry/tables.py): `<key>.making`.
"""

import time
from pathlib import Path
from typing import Any

from django.conf import settings

from registry import tables
from registry.models import DatasetForm, Version
from studio import live
from studio.errors import BadInput, StudioError

SMALL_BYTES = 4 * 2**20
# A table that takes longer is told as far as it was read.
SMALL_SECONDS, LARGE_SECONDS = 10, 300
LOST_AFTER_S = LARGE_SECONDS + 60


def group(version: Version) -> str:
    """The live group that hears `profile-changed`."""
    return f"profile.{version.pk}"


def key_of(version: Version) -> str:
    """The name under which the profile of a version is kept."""
    detail = version.dataset
    return tables.key_of(detail.tree, "", detail.reading, {"do": "profile"})


def profile(version: Version) -> tuple[dict[str, Any], bool]:
    """Return the profile of a version's table, and whether the worker has to be asked for it.

    {"state": "Completed", "row_count", "columns", …}, or "Running", or "Failed" with "error".
    Raises BadInput for a dataset that is no table.
    """
    if version.dataset.form != DatasetForm.TABULAR:
        raise BadInput(f"{version} is a dataset of files, not a table; it has no columns")
    key = key_of(version)
    if (known := tables.kept(key)) is not None:
        return known, False
    if version.dataset.tree.size_bytes <= SMALL_BYTES:
        return _make(version, key, SMALL_SECONDS), False
    return {"state": "Running"}, _begin(key)


def _begin(key: str) -> bool:
    """Note that a profile is asked for; False where it was, not long ago."""
    mark = _mark(key)
    mark.parent.mkdir(parents=True, exist_ok=True)
    try:
        if time.time() - mark.stat().st_mtime < LOST_AFTER_S:
            return False
    except FileNotFoundError:
        pass
    mark.touch()
    return True


def work(version_pk: int) -> None:
    """Make a profile that was asked for; nothing for a version that is gone."""
    found = Version.objects.select_related("asset", "dataset__tree").filter(pk=version_pk)
    version = found.filter(dataset__isnull=False).first()
    if version is None:
        return
    key = key_of(version)
    if tables.kept(key) is None:
        _make(version, key, LARGE_SECONDS)
    _mark(key).unlink(missing_ok=True)
    live.publish(group(version), "profile-changed")


def _make(version: Version, key: str, seconds: int) -> dict[str, Any]:
    """Have the table read and keep what is said of it, also that it cannot be."""
    detail = version.dataset
    asked = {"do": "profile", "seconds": seconds}
    try:
        found = tables.read(
            detail.tree, detail.reading, path="", asked=asked, seconds=seconds, key=f"{key}-read"
        )
        answer = {"state": "Completed", "error": "", **found}
    except BadInput as error:
        answer = {"state": "Failed", "error": error.message}
    except StudioError as error:  # not the table's fault: to be tried again
        return {"state": "Failed", "error": error.message}
    tables.keep(key, answer)
    return answer


def _mark(key: str) -> Path:
    return Path(settings.TABLES) / f"{key}.making"

"""Models deleted: what it would free is said first, and what it did afterwards."""

from typing import Any

from django.db import transaction

from registry import model_files
from registry.models import Version
from studio.errors import NotFound
from studio.files import collecting
from studio.models import User


def freed(versions: list[Version]) -> tuple[int, int]:
    """How many contents, with how many bytes, nothing else of the studio needs."""
    return collecting.freed(trees=[version.model.tree for version in versions])


def delete(versions: list[Version], user: User) -> dict[str, Any]:
    """Delete versions of one model; return what that frees. Raises NotFound for none.

    The bytes themselves are collected a while later, when nobody reads them any more.
    """
    if not versions:
        raise NotFound("this model has no version any more: there is nothing to delete")
    with transaction.atomic():
        files, size_bytes = freed(versions)
        for version in versions:
            model_files.delete(version, user)
        asset = versions[0].asset
        if not asset.versions.filter(model__isnull=False).exists():
            model_files.archive(asset, True)  # the name is kept for what runs say, and not listed
    return {
        "deleted": [str(version) for version in versions],
        "freed_files": files,
        "freed_bytes": size_bytes,
    }

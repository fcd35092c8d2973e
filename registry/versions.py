"""Register: the next number under a name. The only writer of Asset and Version."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from registry.models import Asset, Kind, Version
from studio.errors import BadInput
from studio.models import User, Workspace
from studio.texts import merged

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")
TRIES = 20


def check_name(kind: Kind, name: str) -> str:
    """Return `name` when a version may be called so. Raises BadInput."""
    if not NAME.fullmatch(name):
        raise BadInput(
            f"{kind} name {name[:100]!r} is not allowed: letters, numbers, dashes, periods and"
            " underscores, beginning with a letter or number, at most 255 characters",
            fields={"name": "letters, numbers, - . _"},
        )
    return name


def register(
    workspace: Workspace | None,
    user: User | None,
    *,
    kind: Kind,
    name: str,
    digest: str,
    add_detail: Callable[[Version], Any],
    description: str = "",
    tags: dict[str, str] | None = None,
    properties: dict[str, str] | None = None,
    only_new: bool = False,
) -> Version:
    """Make the next version of `name`. `add_detail` adds its own row in the same transaction.

    workspace and user: None for what comes with the studio.   only_new: a version with this digest
    is returned as it is, so that the same content has one number.
    Two who register at once get two numbers: the loser of the unique constraint counts again. A
    name that was archived is in the lists again. Raises BadInput for a name that is not allowed.
    """
    check_name(kind, name)
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                asset, _ = Asset.objects.get_or_create(workspace=workspace, kind=kind, name=name)
                archive(asset, None)
                # Counted before looking: who adds the same in between has taken our number.
                newest = asset.versions.aggregate(number=Max("number"))["number"] or 0
                there = asset.versions.filter(**{f"{kind}__isnull": False}, digest=digest)
                same = there.first() if only_new else None
                if same is not None:
                    return same
                version = Version.objects.create(
                    asset=asset,
                    number=newest + 1,
                    digest=digest,
                    description=description,
                    tags=tags or {},
                    properties=properties or {},
                    created_by=user,
                )
                add_detail(version)
                return version
        except IntegrityError as error:
            clash = error
    raise clash


def archive(asset: Asset, at: datetime | None) -> None:
    """Take `asset` out of the lists; None puts it back. By name it is there all the time."""
    if (asset.archived_at is None) != (at is None):
        asset.archived_at = at
        asset.save(update_fields=["archived_at"])


def describe(
    version: Version,
    *,
    description: str | None = None,
    tags: dict[str, str | None] | None = None,
    properties: dict[str, str | None] | None = None,
) -> None:
    """Change what is written on a version: `tags` and `properties` are merged, None removes one.

    Raises BadInput for tags that are not names and texts, or too many.
    """
    with transaction.atomic():
        row = Version.objects.select_for_update().get(pk=version.pk)
        if description is not None:
            row.description = description
        if tags is not None:
            row.tags = merged("tags", row.tags, tags)
        if properties is not None:
            row.properties = merged("properties", row.properties, properties)
        row.save(update_fields=["description", "tags", "properties"])
    version.description, version.tags = row.description, row.tags
    version.properties = row.properties


def newest(kind: Kind) -> QuerySet[Version]:
    """The newest version of each asset of `kind`, by name, with its asset, author and detail."""
    # A version without its detail was deleted: its number stays taken, and nothing else of it.
    there = Version.objects.filter(**{f"{kind}__isnull": False})
    newer = there.filter(asset=OuterRef("asset"), number__gt=OuterRef("number"))
    found = there.filter(~Exists(newer), asset__kind=kind)
    return found.select_related("asset", "created_by", f"{kind}").order_by("asset__name")


def latest(workspace: Workspace, kind: Kind) -> list[Version]:
    """Return the newest version of each asset of `kind` in `workspace`, by name."""
    return list(newest(kind).filter(asset__workspace=workspace))

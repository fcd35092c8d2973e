"""Register: the next number under a name. The only writer of Asset and Version."""

import re
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef

from registry.models import Asset, Kind, Version
from studio.errors import BadInput
from studio.models import User, Workspace

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
    workspace: Workspace,
    user: User,
    *,
    kind: Kind,
    name: str,
    digest: str,
    add_detail: Callable[[Version], Any],
    description: str = "",
    tags: dict[str, str] | None = None,
    properties: dict[str, str] | None = None,
) -> Version:
    """Make the next version of `name`. `add_detail` adds its own row in the same transaction.

    Two who register at once get two numbers: the loser of the unique constraint counts again.
    Raises BadInput for a name that is not allowed.
    """
    check_name(kind, name)
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                asset, _ = Asset.objects.get_or_create(workspace=workspace, kind=kind, name=name)
                newest = asset.versions.aggregate(number=Max("number"))["number"] or 0
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


def latest(workspace: Workspace, kind: Kind) -> list[Version]:
    """Return the newest version of each asset of `kind`, by name."""
    newer = Version.objects.filter(asset=OuterRef("asset"), number__gt=OuterRef("number"))
    versions = Version.objects.filter(asset__workspace=workspace, asset__kind=kind)
    found = versions.filter(~Exists(newer)).select_related("asset", "created_by", f"{kind}")
    return list(found.order_by("asset__name"))

"""The only way a request gets hold of an asset or a version."""

import re

from django.db.models import F, Q

from registry.models import Asset, Kind, Version
from studio.errors import BadInput, NotAllowed, NotFound
from studio.models import Workspace

MOST_NAMED = 20
# It begins with a letter, so it is never read as a number.
ALIAS = re.compile(r"[a-zA-Z][a-zA-Z0-9\-._]{0,99}")


def visible(workspace: Workspace, asset: str = "") -> Q:
    """What `workspace` sees: its own assets, and the curated ones.

    asset: how a query gets to the asset, "asset__" for versions.
    """
    return Q(**{f"{asset}workspace": workspace}) | Q(**{f"{asset}workspace__isnull": True})


def asset_for(workspace: Workspace, kind: Kind, name: str, *, write: bool = False) -> Asset:
    """Return the asset, the workspace's own before a curated one.

    Raises NotFound that lists the names there are, NotAllowed for a curated one where `write`.
    """
    assets = Asset.objects.filter(visible(workspace), kind=kind)
    asset = assets.filter(name=name).order_by(F("workspace").asc(nulls_last=True)).first()
    if asset is None:
        listed = assets.filter(archived_at=None).order_by(
            F("workspace").asc(nulls_last=True), "name"
        )
        names = list(listed.values_list("name", flat=True)[: MOST_NAMED + 1])
        known = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
        raise NotFound(
            f'no {kind} "{name}" in workspace "{workspace.name}"; {kind}s: {known or "none yet"}'
        )
    if write and asset.is_curated:
        raise NotAllowed(
            f"{name} comes with the studio and cannot be changed;"
            " copy it under a name of your own and change that"
        )
    return asset


def version_for(
    workspace: Workspace,
    kind: Kind,
    name: str,
    number: int | str | None = None,
    *,
    write: bool = False,
) -> Version:
    """Return one version of an asset: by its number, by an alias, the newest where it is None.

    A version that was deleted has no content any more and counts as absent.
    Raises NotFound, and NotAllowed for a curated one where `write`.
    """
    asset = asset_for(workspace, kind, name, write=write)
    versions = asset.versions.select_related("asset", "created_by", f"{kind}")
    there = versions.filter(**{f"{kind}__isnull": False})
    if number is None:
        version = there.first()
    elif isinstance(number, int):
        version = there.filter(number=number).first()
    else:
        version = there.filter(aliases__name=number).first()
    if version is None:
        raise _no_version(asset, number)
    return version


def _no_version(asset: Asset, number: int | str | None) -> NotFound:
    """What is said of a version that is not there, and what there is instead."""
    what = f"{asset.kind} {asset.name}"
    there = asset.versions.filter(**{f"{asset.kind}__isnull": False})
    newest = there.first()
    if newest is None:
        was = "has no version any more" if asset.versions.exists() else "has no version yet"
        return NotFound(f"{what} {was}")
    if isinstance(number, str):
        aliases = ", ".join(asset.aliases.values_list("name", flat=True)[:MOST_NAMED])
        return NotFound(
            f'{what} has no alias "{number}"; aliases: {aliases or "none yet"};'
            f" the newest version is {newest.number}"
        )
    if number is not None and asset.versions.filter(number=number).exists():
        return NotFound(f"{what}:{number} was deleted; the newest is {newest.number}")
    return NotFound(f"{what} has no version {number}; the newest is {newest.number}")


def number_in(text: str | int | None) -> int | None:
    """Read a version: a number, or nothing (also "latest") for the newest. Raises BadInput."""
    if text in (None, "", "latest"):
        return None
    try:
        number = int(text or "")
    except (TypeError, ValueError):
        raise BadInput(
            f'"{text}" is no version; write a number or "latest"', fields={"version": "a number"}
        ) from None
    if not 1 <= number < 2**31:
        raise BadInput("versions count from 1", fields={"version": "1 or more"})
    return number


def named_in(text: str | int | None) -> int | str | None:
    """Read a version where an alias may stand for it: as `number_in`, and names as they are."""
    if isinstance(text, str) and ALIAS.fullmatch(text) and text != "latest":
        return text
    return number_in(text)

"""The only way a request gets hold of an asset or a version."""

from django.db.models import F, Q

from registry.models import Asset, Kind, Version
from studio.errors import BadInput, NotAllowed, NotFound
from studio.models import Workspace

MOST_NAMED = 20


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
    workspace: Workspace, kind: Kind, name: str, number: int | None = None, *, write: bool = False
) -> Version:
    """Return one version of an asset, the newest where `number` is None.

    Raises NotFound, and NotAllowed for a curated one where `write`.
    """
    asset = asset_for(workspace, kind, name, write=write)
    versions = asset.versions.select_related("asset", "created_by", f"{kind}")
    version = versions.first() if number is None else versions.filter(number=number).first()
    if version is None:
        newest = asset.versions.first()
        raise NotFound(
            f"{kind} {name} has no version {number}; the newest is {newest.number}"
            if newest
            else f"{kind} {name} has no version yet"
        )
    return version


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

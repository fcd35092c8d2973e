"""The only way a request gets hold of an asset or a version."""

from registry.models import Asset, Kind, Version
from studio.errors import BadInput, NotFound
from studio.models import Workspace

MOST_NAMED = 20


def asset_for(workspace: Workspace, kind: Kind, name: str) -> Asset:
    """Return the asset. Raises NotFound that lists the names there are."""
    asset = Asset.objects.filter(workspace=workspace, kind=kind, name=name).first()
    if asset is None:
        names = list(
            Asset.objects.filter(workspace=workspace, kind=kind).values_list("name", flat=True)[
                : MOST_NAMED + 1
            ]
        )
        known = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
        raise NotFound(
            f'no {kind} "{name}" in workspace "{workspace.name}"; {kind}s: {known or "none yet"}'
        )
    return asset


def version_for(workspace: Workspace, kind: Kind, name: str, number: int | None = None) -> Version:
    """Return one version of an asset, the newest where `number` is None. Raises NotFound."""
    asset = asset_for(workspace, kind, name)
    versions = asset.versions.select_related("asset", "created_by", f"{kind}")
    version = versions.filter(number=number).first() if number else versions.first()
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

"""Names for one version that people move on: `champion`. The only writer of Alias."""

from django.db import transaction

from registry import datasets, model_files
from registry.access import ALIAS
from registry.models import Alias, Asset, Kind, Version
from studio.errors import BadInput, NotFound

MOST_ALIASES = 50
MOST_SHOWN = 500
# What stands where an alias may in the addresses of a dataset and of a model.
RESERVED = ("versions", "aliases")


def check(name: str) -> str:
    """Return `name` when an alias may be called so. Raises BadInput."""
    if not ALIAS.fullmatch(name) or name == "latest" or name in RESERVED:
        why = (
            "it stands for the newest version already"
            if name == "latest"
            else "that word has a meaning in addresses"
            if name in RESERVED
            else "letters, numbers, - . and _, beginning with a letter, at most 100"
        )
        raise BadInput(f'"{name[:100]}" cannot be an alias: {why}', fields={"alias": why})
    return name


def point(version: Version, name: str) -> Alias:
    """Let `name` stand for `version`, from whichever version it stood for; in one step.

    Raises BadInput for a name that is not allowed, or one too many.
    """
    check(name)
    with transaction.atomic():
        # One at a time for a model: two who move an alias leave one of their two versions.
        asset = Asset.objects.select_for_update().get(pk=version.asset_id)
        others = asset.aliases.exclude(name=name).count()
        if others >= MOST_ALIASES:
            raise BadInput(f"{asset.name} has {others} aliases; that is as many as one may have")
        alias, _ = Alias.objects.update_or_create(
            asset=asset, name=name, defaults={"version": version}
        )
        _tell(asset)
    return alias


def remove(asset: Asset, name: str) -> None:
    """Take an alias away; the version stays. Raises NotFound that lists those there are."""
    gone, _ = Alias.objects.filter(asset=asset, name=name).delete()
    if not gone:
        names = ", ".join(asset.aliases.values_list("name", flat=True)) or "none"
        raise NotFound(f'{asset} has no alias "{name[:100]}"; aliases: {names}')
    _tell(asset)


def of_each(versions: list[Version]) -> list[tuple[Version, list[Alias]]]:
    """Each version with the aliases of its asset, whichever version they stand for."""
    found: dict[int, list[Alias]] = {}
    aliases = Alias.objects.filter(asset__in={version.asset_id for version in versions})
    for alias in aliases.select_related("version")[:MOST_SHOWN]:
        found.setdefault(alias.asset_id, []).append(alias)
    return [(version, found.get(version.asset_id, [])) for version in versions]


def _tell(asset: Asset) -> None:
    """Wake the lists that show it."""
    if asset.kind == Kind.DATASET:
        datasets.tell(asset.workspace)
    else:
        model_files.tell(asset)

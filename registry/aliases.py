"""Names for one version that people move on: `champion`. The only writer of Alias."""

from django.db import transaction

from registry import model_files
from registry.access import ALIAS
from registry.models import Alias, Asset, Version
from studio.errors import BadInput, NotFound

MOST_ALIASES = 50


def check(name: str) -> str:
    """Return `name` when an alias may be called so. Raises BadInput."""
    if not ALIAS.fullmatch(name) or name == "latest":
        why = (
            "it stands for the newest version already"
            if name == "latest"
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
        model_files.tell(asset)
    return alias


def remove(asset: Asset, name: str) -> None:
    """Take an alias away; the version stays. Raises NotFound that lists those there are."""
    gone, _ = Alias.objects.filter(asset=asset, name=name).delete()
    if not gone:
        names = ", ".join(asset.aliases.values_list("name", flat=True)) or "none"
        raise NotFound(f'{asset} has no alias "{name[:100]}"; aliases: {names}')
    model_files.tell(asset)

"""Model versions: a tree of files under a name and a number. The only writer of ModelVersion."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now

from registry import versions
from registry.models import Alias, Asset, Kind, ModelVersion, Version
from studio import live
from studio.errors import BadInput, NotFound
from studio.files import trees
from studio.models import Blob, Tree, User, Workspace
from studio.texts import checked

MOST_DESCRIPTION_CHARACTERS = 10_000
MOST_FRAMEWORK_CHARACTERS = 60
COPIED_FROM = "copied_from"
RUN = "run_id"


def register(
    workspace: Workspace,
    user: User,
    *,
    name: str,
    tree: Tree,
    description: str = "",
    tags: dict[str, str] | None = None,
    properties: dict[str, str] | None = None,
    framework: str = "",
    framework_version: str = "",
) -> Version:
    """Make the next version of model `name` from `tree`; no byte is copied. Raises BadInput."""
    version = versions.register(
        workspace,
        user,
        kind=Kind.MODEL,
        name=name,
        digest=tree.sha256,
        description=description,
        tags=tags,
        properties=properties,
        add_detail=lambda version: ModelVersion.objects.create(
            version=version, tree=tree, framework=framework, framework_version=framework_version
        ),
    )
    tell(version.asset)
    return version


def tell(asset: Asset) -> None:
    """Wake the lists of models of the asset's workspace."""
    if asset.workspace_id is not None:
        live.publish(live.workspace_group(asset.workspace_id), "models-changed")


def register_copy(
    workspace: Workspace, user: User, *, name: str, source: Version, **words: Any
) -> Version:
    """Make the next version of `name` from another one's files; it says where it is from.

    words: as `register`'s; what is not said is as on `source`. Raises BadInput.
    """
    own = {
        "description": source.description,
        "tags": source.tags,
        "framework": source.model.framework,
        "framework_version": source.model.framework_version,
    }
    properties = {**source.properties, **(words.pop("properties", None) or {})}
    properties[COPIED_FROM] = str(source)
    said = own | {key: value for key, value in words.items() if value}
    return register(
        workspace, user, name=name, tree=source.model.tree, properties=properties, **said
    )


def describe(version: Version, **words: Any) -> None:
    """Change what is written on a model version; what is not said stays.

    words: description; tags and properties, which are merged (None removes one); framework and
    framework_version. Raises BadInput, also for the property that says which run made it.
    """
    if RUN in (words.get("properties") or {}):
        raise BadInput(
            "which run made a model is not changed afterwards",
            fields={"properties": f"{RUN} stays"},
        )
    frameworks = {
        key: checked(key, words.pop(key), MOST_FRAMEWORK_CHARACTERS)
        for key in ("framework", "framework_version")
        if words.get(key) is not None
    }
    with transaction.atomic():
        versions.describe(version, **words)
        if frameworks:
            ModelVersion.objects.filter(version=version).update(**frameworks)
            for key, text in frameworks.items():
                setattr(version.model, key, text)
        tell(version.asset)


def delete(version: Version, user: User) -> None:
    """Let go of a version's files and words. Its number stays taken: `digits:2` is never another.

    What runs say of it stays too; their pages name it by its number.
    """
    with transaction.atomic():
        Alias.objects.filter(version=version).delete()
        ModelVersion.objects.filter(version=version).delete()
        kept = {RUN: version.properties[RUN]} if RUN in version.properties else {}
        version.description, version.tags = "", {}
        version.properties = {
            **kept,
            "deleted_by": user.username,
            "deleted_at": now().isoformat(timespec="seconds"),
        }
        version.save(update_fields=["description", "tags", "properties"])
        tell(version.asset)


def archive(asset: Asset, archived: bool) -> None:
    """Take a model out of the lists, or put it back; by name it is there all the time."""
    versions.archive(asset, now() if archived else None)
    tell(asset)


def there(asset: Asset) -> list[Version]:
    """The versions of a model that were not deleted, the newest first."""
    found = asset.versions.filter(model__isnull=False)
    return list(found.select_related("asset", "created_by", "model__tree"))


def files(version: Version) -> list[tuple[str, str, int]]:
    """Return (path, SHA-256, size) of a model version's files, by path."""
    return trees.listing(version.model.tree)


def file(version: Version, path: str) -> Blob:
    """Return the blob of one file. Raises NotFound that lists the files."""
    found = version.model.tree.files.select_related("blob").filter(path=path).first()
    if found is None:
        some = version.model.tree.files.values_list("path", flat=True)[:10]
        raise NotFound(f"{version} has no file {path}; its files: {', '.join(some)}")
    return found.blob

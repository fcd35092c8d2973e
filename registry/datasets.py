"""Datasets: trees of files with a name and numbers. What one may do with them, whoever asks."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now as clock

from registry import access, versions
from registry.models import Asset, DatasetForm, DatasetVersion, Kind, Version
from studio import live
from studio.errors import BadInput, Conflict, NotFound
from studio.files import trees
from studio.models import Blob, Tree, TreeFile, User, Workspace
from studio.texts import checked, mapping

MOST_DESCRIPTION_CHARACTERS = 10_000
MOST_SOURCES = 1000
# The last character there is: every path that begins with a prefix sorts before prefix + LAST.
LAST = "\U0010ffff"


def check_name(name: str) -> str:
    """Return `name` when a dataset may be called so. Raises BadInput."""
    versions.check_name(Kind.DATASET, name)
    if name == "new":  # the address of the page that makes one
        words = 'a dataset cannot be called "new"; choose another name'
        raise BadInput(words, fields={"name": words})
    return name


def register(
    workspace: Workspace,
    user: User,
    *,
    name: str,
    tree: Tree,
    form: str = DatasetForm.FILE,
    source: Iterable[str] = (),
    reading: dict[str, Any] | None = None,
    description: str = "",
    tags: dict[str, Any] | None = None,
    create_new_version: bool = False,
) -> tuple[Version, bool]:
    """Register `tree` under `name`; return its version, and whether it was made.

    With `create_new_version`, content that a version has already is that version. A name that was
    archived is free again: its numbers go on.
    Raises BadInput, and Conflict for a name that is there without `create_new_version`.
    """
    check_name(name)
    wanted = {
        "form": _form(form),
        "source": _sources(source),
        "reading": dict(reading or {}),
    }
    description = checked("description", description, MOST_DESCRIPTION_CHARACTERS)
    words = mapping("tags", tags)
    with transaction.atomic():
        before = Asset.objects.filter(workspace=workspace, kind=Kind.DATASET, name=name).first()
        taken = before is not None and before.archived_at is None and there(before).exists()
        if taken and not create_new_version:
            raise Conflict(
                f'There is already a dataset registered under name "{name}". Specify'
                " `create_new_version=True` to register the dataset as a new version."
            )
        made: list[Version] = []

        def add_detail(version: Version) -> None:
            made.append(version)
            DatasetVersion.objects.create(version=version, tree=tree, **wanted)

        version = versions.register(
            workspace,
            user,
            kind=Kind.DATASET,
            name=name,
            digest=_digest(tree, wanted),
            add_detail=add_detail,
            description=description,
            tags=words,
            only_new=True,
        )
        tell(workspace)
    return get(workspace, name, version.number), version in made


def there(asset: Asset) -> QuerySet[Version]:
    """The versions of a dataset that were not deleted, the newest first."""
    found = asset.versions.filter(dataset__isnull=False)
    return found.select_related("asset", "created_by", "dataset__tree").prefetch_related("aliases")


def _form(form: str) -> str:
    if form not in DatasetForm.values:
        raise BadInput(
            f'"{form:.40}" is no form of a dataset; forms: {", ".join(DatasetForm.values)}',
            fields={"form": " or ".join(DatasetForm.values)},
        )
    return form


def _sources(given: Iterable[str]) -> list[str]:
    """Where the files came from; of very many the first are kept."""
    found = list(given)[:MOST_SOURCES]
    return [checked("source", text, 2000) for text in found]


def _digest(tree: Tree, wanted: dict[str, Any]) -> str:
    """What makes two versions the same: their files and how these are read, not where from.

    Nor how files were chosen among others: of a table, steps are still to be done.
    """
    reading = wanted["reading"]
    if wanted["form"] == DatasetForm.FILE:
        reading = {key: value for key, value in reading.items() if key != "steps"}
    content = [tree.sha256, wanted["form"], reading]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def get(workspace: Workspace, name: str, number: Any = None, *, write: bool = False) -> Version:
    """Return a version of the dataset `name`, the newest without a number. Raises NotFound."""
    return with_tree(access.version_for(workspace, Kind.DATASET, name, number, write=write))


def with_tree(version: Version) -> Version:
    """The same; its tree is asked for wherever a version is shown: one query for both."""
    version.dataset = DatasetVersion.objects.select_related("tree").get(version=version)
    return version


def listed(workspace: Workspace, *, archived: bool = False) -> QuerySet[Version]:
    """The newest version of each dataset, by name; or of the archived ones."""
    found = versions.newest(Kind.DATASET).select_related("dataset__tree")
    found = found.prefetch_related("aliases")
    return found.filter(asset__workspace=workspace, asset__archived_at__isnull=not archived)


def resolve(workspace: Workspace, wanted: Any) -> tuple[Version | None, Tree]:
    """Return the version (None for files without a name) and the tree that `wanted` names.

    wanted: {"dataset": "name" or "name:version"} or {"tree": sha256}. Raises BadInput, NotFound.
    """
    if not isinstance(wanted, dict):
        raise BadInput('a dataset is named by {"dataset": "name:version"} or {"tree": sha256}')
    if wanted.get("dataset"):
        name, _, number = checked("dataset", wanted["dataset"], 400).partition(":")
        version = get(workspace, name, access.named_in(number))
        return version, version.dataset.tree
    return None, tree_for(checked("tree", wanted.get("tree", ""), 64))


def tree_for(sha256: str) -> Tree:
    """Return the tree of that name. Raises NotFound: whoever knows its hash may use it."""
    tree = trees.find(sha256)
    if tree is None:
        raise NotFound(f'no tree "{sha256[:12]}…": make it first, by POST trees')
    return tree


def tree_files(tree: Tree) -> list[tuple[str, str, int]]:
    """Return (path, SHA-256, size) of every file, by path."""
    return trees.listing(tree)


def below(prefix: str, field: str = "path") -> Q:
    """The rows whose path begins with `prefix`, by an index where there is one."""
    if not prefix:
        return Q()
    if connection.vendor == "sqlite":  # its LIKE takes A for a, and no index
        return Q(**{f"{field}__gte": prefix, f"{field}__lt": prefix + LAST})
    return Q(**{f"{field}__startswith": prefix})


def files_page(
    tree: Tree, prefix: str, cursor: str | None, size: int
) -> tuple[list[TreeFile], str | None]:
    """Return the next `size` files whose path begins with `prefix`, and the cursor on.

    Raises BadInput for a cursor that no list gave.
    """
    found = tree.files.filter(below(prefix)).select_related("blob").order_by("path")
    if cursor:
        found = found.filter(path__gt=path_in(cursor))
    files = list(found[: size + 1])
    return files[:size], cursor_of(files[size - 1].path) if len(files) > size else None


def cursor_of(path: str) -> str:
    """The opaque cursor of a list by path."""
    return base64.urlsafe_b64encode(path.encode()).decode().rstrip("=")


def path_in(cursor: str) -> str:
    """The path in a cursor. Raises BadInput."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        path = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        if "\0" not in path:
            return path
    except (ValueError, binascii.Error):
        pass
    raise BadInput(
        "this cursor is not one that the list gave; begin again without it",
        fields={"cursor": "not a cursor of this list"},
    )


def file(tree: Tree, path: str) -> Blob:
    """Return the content of one file. Raises NotFound."""
    found = tree.files.filter(path=path).select_related("blob").first()
    if found is None:
        raise NotFound(f'no file "{path[:200]}" in it; it has {tree.file_count:,} files')
    return found.blob


def describe(
    version: Version, *, description: str | None = None, tags: dict[str, Any] | None = None
) -> None:
    """Change what is written on a version; tags are merged, None removes one. Raises BadInput."""
    if description is not None:
        checked("description", description, MOST_DESCRIPTION_CHARACTERS)
    versions.describe(version, description=description, tags=tags)
    tell(version.asset.workspace)


def archive(asset: Asset, wanted: bool) -> None:
    """Take a dataset out of the lists, or put it back; by name it is found all the same."""
    versions.archive(asset, clock() if wanted else None)
    tell(asset.workspace)


def tell(workspace: Workspace | None) -> None:
    """Tell the lists of a workspace that its datasets are not what they were."""
    if workspace is not None:
        live.publish(live.workspace_group(workspace.pk), "datasets-changed")

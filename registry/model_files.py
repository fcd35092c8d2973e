"""Model versions: a tree of files under a name and a number."""

from registry import versions
from registry.models import Kind, ModelVersion, Version
from studio.errors import NotFound
from studio.files import trees
from studio.models import Blob, Tree, User, Workspace


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
    return versions.register(
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


def files(version: Version) -> list[tuple[str, str, int]]:
    """Return (path, SHA-256, size) of a model version's files, by path."""
    return trees.listing(version.model.tree)


def file(version: Version, path: str) -> Blob:
    """Return the blob of one file. Raises NotFound that lists the files."""
    found = version.model.tree.files.select_related("blob").filter(path=path).first()
    if found is None:
        paths = ", ".join(name for name, _, _ in files(version)[:10])
        raise NotFound(f"{version} has no file {path}; its files: {paths}")
    return found.blob

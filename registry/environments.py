"""Environment definitions and their versions. A definition is what a person wrote (docs/api.md)."""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import now as clock

from compute import recipes
from compute.building import bases, dockerfiles
from compute.building.dockerfiles import Ground
from compute.building.masking import without_secrets
from compute.models import ImageBuild
from compute.recipes import Recipe
from compute.states import ImageKind
from registry import access, catalog, versions
from registry.models import Asset, EnvironmentVersion, Kind, Version
from studio import live
from studio.errors import BadInput
from studio.models import User, Workspace
from studio.texts import checked, mapping

# What a run gets that names no environment: Python and nothing else, beside our own client.
DEFAULT: dict[str, Any] = {"pip": ""}
DEFAULT_NAME = "default"
RESERVED = ("AzureML-", "Microsoft")
MOST_DESCRIPTION_CHARACTERS = 10_000


def digest_of(definition: dict[str, Any]) -> str:
    """SHA-256 of a definition's canonical JSON."""
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()


def check_name(name: str) -> str:
    """Return `name` when a person may call an environment so. Raises BadInput."""
    versions.check_name(Kind.ENVIRONMENT, name)
    if name.lower().startswith(tuple(start.lower() for start in RESERVED)):
        kept = f"names that begin with {' or '.join(RESERVED)} are kept"
        raise BadInput(
            f'{kept} for ready environments; call it "my-{name}" for example', fields={"name": kept}
        )
    if name == "check":  # the address of the call that looks at a definition
        words = 'an environment cannot be called "check"; choose another name'
        raise BadInput(words, fields={"name": words})
    return name


def register(
    workspace: Workspace,
    user: User,
    *,
    name: str,
    definition: Any,
    description: str = "",
    tags: dict[str, Any] | None = None,
) -> Version:
    """Register a definition under `name`; one that a version has already is that version.

    Raises BadInput.
    """
    recipe = recipes.from_definition(definition)
    check_name(name)
    made = versions.register(
        workspace,
        user,
        kind=Kind.ENVIRONMENT,
        name=name,
        digest=digest_of(definition),
        description=checked("description", description, MOST_DESCRIPTION_CHARACTERS),
        tags=mapping("tags", tags),
        add_detail=lambda version: _add_detail(version, definition, recipe),
        only_new=True,
    )
    _tell(workspace.pk)
    return get(workspace, name, made.number)


def _add_detail(version: Version, definition: dict[str, Any], recipe: Recipe) -> None:
    EnvironmentVersion.objects.create(
        version=version,
        definition=definition,
        recipe_digest=recipe.digest,
        summary=recipes.summary(recipe),
    )


def newer_packages(workspace: Workspace, user: User, version: Version) -> Version:
    """Ask for newer packages: the next version, same content, one edition on, not built yet.

    Raises BadInput when the definition cannot be read any more.
    """
    definition = dict(version.environment.definition)
    definition["edition"] = int(definition.get("edition", 1)) + 1
    # Builds are shared by all who have the same content: an edition that anybody solved is old.
    while ImageBuild.objects.filter(
        recipe_digest=recipes.from_definition(definition).digest
    ).exists() or _is_registered(version.asset, definition):
        definition["edition"] += 1
    return register(
        workspace,
        user,
        name=version.asset.name,
        definition=definition,
        description=version.description,
        tags=version.tags,
    )


def _is_registered(asset: Asset, definition: dict[str, Any]) -> bool:
    return asset.versions.filter(digest=digest_of(definition)).exists()


def archive(asset: Asset, wanted: bool) -> None:
    """Take an environment out of the lists, or put it back; runs find it by name all the same."""
    versions.archive(asset, clock() if wanted else None)
    _tell(asset.workspace_id)


def describe(version: Version, *, description: str | None, tags: dict[str, Any] | None) -> None:
    """Change what is written on a version; tags are merged, None removes one. Raises BadInput."""
    if description is not None:
        checked("description", description, MOST_DESCRIPTION_CHARACTERS)
    versions.describe(version, description=description, tags=tags)
    _tell(version.asset.workspace_id)


def _tell(workspace_id: int | None) -> None:
    """Tell the lists of a workspace that its environments are not what they were."""
    if workspace_id is not None:
        live.publish(live.workspace_group(workspace_id), "environments-changed")


def get(
    workspace: Workspace, name: str, number: int | None = None, *, write: bool = False
) -> Version:
    """Return a version of the environment `name`, the newest without a number.

    Raises NotFound, and NotAllowed for a curated one where `write`.
    """
    return access.version_for(workspace, Kind.ENVIRONMENT, name, number, write=write)


def find(workspace: Workspace, wanted: Any) -> tuple[Version | None, dict[str, Any]]:
    """Return the version and the definition that a submission's "environment" asks for.

    wanted: None for the default one, {"definition"}, or {"name", "version"} of a registered one.
    Raises BadInput, NotFound.
    """
    if not wanted:
        return None, DEFAULT
    if not isinstance(wanted, dict):
        raise BadInput('"environment" is an object with a "definition", or a "name"')
    if wanted.get("definition") is not None:
        recipes.from_definition(wanted["definition"])
        return None, wanted["definition"]
    number = access.number_in(wanted.get("version"))
    version = get(workspace, checked("name", wanted.get("name") or "", 255), number)
    return version, version.environment.definition


def listed(workspace: Workspace, *, archived: bool = False) -> QuerySet[Version]:
    """The newest version of each environment, own and curated, by name; or of the archived."""
    found = versions.newest(Kind.ENVIRONMENT).filter(access.visible(workspace, "asset__"))
    return found.filter(asset__archived_at__isnull=not archived)


def latest(workspace: Workspace) -> list[Version]:
    """The newest version of each environment, own before curated, by name."""
    found = listed(workspace).defer("environment__definition")  # up to 256 KiB each
    return sorted(found, key=lambda version: version.asset.is_curated)


def dockerfile(version: Version) -> str:
    """The Dockerfile that a Docker build of the version uses, or used; no password stands in it.

    One of a person's own comes first, what is laid on its image follows. Raises BadInput when the
    definition cannot be read any more.
    """
    recipe = recipes.from_definition(version.environment.definition)
    if recipe.as_is and recipe.dockerfile:
        return without_secrets(recipe.dockerfile)
    built = ImageBuild.objects.filter(recipe_digest=recipe.digest, kind=ImageKind.DOCKER)
    text = built.values_list("image__dockerfile", flat=True).first() or _not_built_yet(recipe)
    if recipe.dockerfile:
        text = f"{recipe.dockerfile}\n# --- and on the image of the above:\n{text}"
    return without_secrets(text)


def _not_built_yet(recipe: Recipe) -> str:
    """What a build will use, as far as it is known before the engine has seen the base."""
    name = recipe.base or bases.default_name(recipe.python)
    if recipe.as_is:
        return dockerfiles.text_as_is("the base as it is", name, {})
    if recipe.dockerfile:
        name = "the-image-of-the-above"
    ground = Ground(name, user="", python="python3")
    return dockerfiles.text(
        "before the build has seen the base", ground, {}, has_conda=bool(recipe.conda)
    )


def load_catalog(folder: Path = catalog.FOLDER) -> None:
    """Make the curated environments as the files of `folder` say; safe to repeat.

    A file that changed makes the next version; one that went takes its environment out of the
    lists, where those who name it still find it.
    """
    entries = catalog.read(folder)
    for entry in entries:
        newest = (
            versions.newest(Kind.ENVIRONMENT)
            .filter(asset__workspace=None, asset__name=entry.name)
            .first()
        )
        if newest is None or newest.digest != digest_of(entry.definition):
            _load(entry)
        elif (newest.description, newest.tags) != (entry.description, entry.tags):
            newest.description, newest.tags = entry.description, entry.tags
            newest.save(update_fields=["description", "tags"])
    curated = Asset.objects.filter(workspace=None, kind=Kind.ENVIRONMENT)
    names = [entry.name for entry in entries]
    curated.filter(name__in=names).update(archived_at=None)
    curated.exclude(name__in=names).filter(archived_at=None).update(archived_at=clock())


def _load(entry: catalog.Entry) -> None:
    recipe = recipes.from_definition(entry.definition)
    versions.register(
        None,
        None,
        kind=Kind.ENVIRONMENT,
        name=entry.name,
        digest=digest_of(entry.definition),
        description=entry.description,
        tags=entry.tags,
        add_detail=lambda version: _add_detail(version, entry.definition, recipe),
    )

"""Environment definitions and their versions. A definition is what a person wrote:

{"conda": yaml text} or {"pip": requirements text, "python": "3.11"}, with optional
{"variables": {name: value}}.
"""

import hashlib
import json
from typing import Any

from compute import recipes
from registry import access, versions
from registry.models import EnvironmentVersion, Kind, Version
from studio.errors import BadInput
from studio.models import User, Workspace
from studio.texts import checked

# What a run gets that names no environment: Python and nothing else, beside our own client.
DEFAULT: dict[str, Any] = {"pip": ""}
DEFAULT_NAME = "default"
RESERVED = ("AzureML-", "Microsoft")


def digest_of(definition: dict[str, Any]) -> str:
    """SHA-256 of a definition's canonical JSON."""
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()


def register(
    workspace: Workspace,
    user: User,
    *,
    name: str,
    definition: Any,
    description: str = "",
) -> Version:
    """Register a definition under `name`; one that a version has already is that version.

    Raises BadInput.
    """
    recipe = recipes.from_definition(definition)
    versions.check_name(Kind.ENVIRONMENT, name)
    if name.startswith(RESERVED):
        raise BadInput(
            f"names that begin with {' or '.join(RESERVED)} are kept for ready environments;"
            f' call it "my-{name}" for example',
            fields={"name": "reserved"},
        )
    digest = digest_of(definition)
    same = Version.objects.filter(
        asset__workspace=workspace, asset__kind=Kind.ENVIRONMENT, asset__name=name, digest=digest
    ).first()
    if same:
        return get(workspace, name, same.number)
    version = versions.register(
        workspace,
        user,
        kind=Kind.ENVIRONMENT,
        name=name,
        digest=digest,
        description=description,
        add_detail=lambda made: EnvironmentVersion.objects.create(
            version=made, definition=definition, recipe_digest=recipe.digest
        ),
    )
    return get(workspace, name, version.number)


def get(workspace: Workspace, name: str, number: int | None = None) -> Version:
    """Return a version of the environment `name`, the newest without a number. Raises NotFound."""
    return access.version_for(workspace, Kind.ENVIRONMENT, name, number)


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


def latest(workspace: Workspace) -> list[Version]:
    """The newest version of each environment, by name."""
    return versions.latest(workspace, Kind.ENVIRONMENT)

"""Wheels that people keep in the studio for their environments; their address carries the hash.

pip asks without signing in, so the address is all that it takes to get one: whoever knows the
SHA-256 of a content has the content, or was told by somebody who has it.
"""

import re

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from registry.models import PrivateWheel
from studio.errors import BadInput, Conflict, MissingBlobs, NotFound
from studio.files import blobs
from studio.models import User, Workspace

ZIP = b"PK\x03\x04"
MOST_NAME_CHARACTERS = 200
# What stands in names of wheels, and means nothing in addresses, headers and shells.
CHARACTERS = re.compile(r"[A-Za-z0-9._+!-]+")


def add(
    workspace: Workspace, user: User, *, name: str, sha256: str, exist_ok: bool = False
) -> tuple[PrivateWheel, bool]:
    """Keep a content that was sent as the wheel `name`; return it, and whether it is new.

    Raises BadInput for what is no wheel, MissingBlobs, and Conflict for a name that is there
    without `exist_ok`; with it, other content stands beside the old, each at its own address.
    """
    check_name(name)
    if blobs.missing([blobs.checked(sha256)]):
        raise MissingBlobs("the wheel's content was not sent yet", missing=[sha256])
    with blobs.open_blob(sha256) as file:
        if file.read(len(ZIP)) != ZIP:
            words = (
                f"{name} is no wheel: a wheel is a zip, as `pip wheel` or `python -m build` makes"
            )
            raise BadInput(words, fields={"sha256": "no wheel"})
    with transaction.atomic():
        # One who adds at a time: two who bring the same name must not both be the first.
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        there = PrivateWheel.objects.filter(workspace=workspace, name=name)
        if not exist_ok and there.exists():
            raise Conflict(
                f"there is a wheel {name} in workspace {workspace} already; exist_ok=True keeps"
                " this one as well, at an address of its own"
            )
        return PrivateWheel.objects.get_or_create(
            workspace=workspace, name=name, blob_id=sha256, defaults={"created_by": user}
        )


def check_name(name: str) -> None:
    """Raise BadInput for what is no name of a wheel."""
    trouble = f"at most {MOST_NAME_CHARACTERS} characters"
    if not CHARACTERS.fullmatch(name):
        trouble = "letters, digits and . _ + ! - alone"
    elif len(name) <= MOST_NAME_CHARACTERS:
        try:
            parse_wheel_filename(name)
        except (InvalidWheelFilename, ValueError) as error:
            trouble = str(error)
        else:
            return
    words = (
        f'"{name:.100}" is no name of a wheel ({trouble:.200}); a wheel is called'
        " name-version-py3-none-any.whl, as the tool that made it called it"
    )
    raise BadInput(words, fields={"name": words})


def address(wheel: PrivateWheel) -> str:
    """Where anybody gets it, as pip takes it among requirements."""
    return settings.URL + reverse("registry:wheel", args=[wheel.blob_id, wheel.name])


def get(sha256: str, name: str) -> PrivateWheel:
    """Return a wheel by its content and its name, of whatever workspace. Raises NotFound."""
    found = PrivateWheel.objects.filter(blob_id=sha256, name=name).select_related("blob").first()
    if found is None:
        raise NotFound(f"no wheel {name[:200]} with the content {sha256[:12]}…")
    return found


def remove(workspace: Workspace, sha256: str, name: str) -> None:
    """Keep a wheel no longer; images that have it installed stay as they are. Raises NotFound."""
    found = PrivateWheel.objects.filter(workspace=workspace, blob_id=sha256, name=name)
    if not found.delete()[0]:
        raise NotFound(f"no wheel {name[:200]} with the content {sha256[:12]}… in {workspace}")

"""Workspaces: made by administrators, by name; described by those who own them."""

import re
from typing import Any

from django.db import IntegrityError, transaction

from studio.errors import BadInput, Conflict, NotAllowed
from studio.models import Member, Role, User, Workspace
from studio.texts import checked, merged

NAME = re.compile(r"[a-zA-Z0-9][\w-]{2,32}", re.ASCII)
MOST_FRIENDLY_NAME = 100
MOST_DESCRIPTION = 10_000


def make(user: User, name: str, **words: Any) -> Workspace:
    """Make a workspace that `user` owns; words: as `describe`'s.

    Raises NotAllowed, BadInput, Conflict.
    """
    if not user.is_superuser:
        raise NotAllowed("only an administrator of this studio makes workspaces; ask one of them")
    if not NAME.fullmatch(name):
        raise BadInput(
            f"workspace name {name[:60]!r} is not allowed: between 3 and 33 characters, the first a"
            " letter or number, the rest letters, numbers, hyphens and underscores",
            fields={"name": "3 to 33 letters, numbers, - and _"},
        )
    try:
        with transaction.atomic():
            workspace = Workspace.objects.create(name=name)
            Member.objects.create(workspace=workspace, user=user, role=Role.OWNER)
            describe(workspace, **words)
    except IntegrityError:
        raise Conflict(
            f'there is a workspace "{name}" already; choose another name', fields={"name": "taken"}
        ) from None
    return workspace


def describe(
    workspace: Workspace,
    *,
    friendly_name: str | None = None,
    description: str | None = None,
    tags: dict[str, Any] | None = None,
) -> None:
    """Change what is written on a workspace; None leaves as it is. Its name stays.

    tags: merged with those there are, None takes one away. Raises BadInput.
    """
    with transaction.atomic():
        row = Workspace.objects.select_for_update().get(pk=workspace.pk)
        if friendly_name is not None:
            row.friendly_name = checked("friendly_name", friendly_name, MOST_FRIENDLY_NAME).strip()
        if description is not None:
            row.description = checked("description", description, MOST_DESCRIPTION)
        if tags is not None:
            row.tags = merged("tags", row.tags, tags)
        row.save(update_fields=["friendly_name", "description", "tags"])
    workspace.refresh_from_db()

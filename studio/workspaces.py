"""Workspaces: made by administrators, by name."""

import re

from django.db import IntegrityError, transaction

from studio.errors import BadInput, Conflict, NotAllowed
from studio.models import Member, Role, User, Workspace

NAME = re.compile(r"[a-zA-Z0-9][\w-]{2,32}", re.ASCII)


def make(user: User, name: str) -> Workspace:
    """Make a workspace that `user` owns. Raises NotAllowed, BadInput, Conflict."""
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
    except IntegrityError:
        raise Conflict(
            f'there is a workspace "{name}" already; choose another name', fields={"name": "taken"}
        ) from None
    return workspace

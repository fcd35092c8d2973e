"""Access for API views: as `access`, and no token reaches beyond its own workspace."""

from rest_framework.request import Request

from studio.access import workspace_for
from studio.auth import user_of
from studio.errors import NotFound
from studio.models import Token, Workspace


def workspace_of(
    request: Request, name: str, *, write: bool = False, own: bool = False
) -> Workspace:
    """Return the workspace `name` for the caller.

    write: to change what is in it; own: to change the workspace itself.
    Raises NotFound for one that is not the caller's or not the token's, NotAllowed for who may not
    do what is asked.
    """
    workspace = workspace_for(user_of(request), name, write=write, own=own)
    if isinstance(request.auth, Token) and request.auth.workspace_id != workspace.pk:
        raise NotFound(
            f'this token is for workspace "{request.auth.workspace.name}", not "{name}";'
            " make another one on the Settings page"
        )
    return workspace

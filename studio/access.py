"""The only way a request gets hold of a workspace, and as what."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from studio.errors import NotAllowed, NotFound, NotSignedIn
from studio.models import Member, Role, User, Workspace

# What Django puts on a request: somebody, or nobody yet.
Person = User | AnonymousUser


def person(user: Person) -> User:
    """Return who it is. Raises NotSignedIn for nobody."""
    if not isinstance(user, User):
        raise NotSignedIn("sign in first")
    return user


def workspace_for(user: Person, name: str, *, write: bool = False, own: bool = False) -> Workspace:
    """Return the workspace `name` if `user` is a member of it.

    write: to change what is in it; own: to change the workspace itself.
    Raises NotFound where it is absent or not the user's (the same words, so that names cannot be
    guessed), NotAllowed where the user may not do what is asked.
    """
    member = (
        Member.objects.select_related("workspace", "user")
        .filter(workspace__name=name, user=person(user))
        .first()
    )
    if member is None:
        names = ", ".join(workspaces_of(user).values_list("name", flat=True)) or "none"
        raise NotFound(f'no workspace "{name}" that you are a member of; yours: {names}')
    if write:
        _need_write(member)
    if own and not _owns(member):
        raise NotAllowed(
            f"only owners of workspace {member.workspace} and administrators of the studio change"
            " the workspace itself; ask one of them"
        )
    return member.workspace


def allow(user: Person, workspace: Workspace, *, write: bool = False) -> bool:
    """Whether `user` may enter `workspace`. Raises NotAllowed for a reader who wants to write."""
    member = Member.objects.filter(workspace=workspace, user=person(user)).first()
    if member is None:
        return False
    if write:
        _need_write(member)
    return True


def _need_write(member: Member) -> None:
    if member.role == Role.READER:
        raise NotAllowed(
            f"you may read workspace {member.workspace} but not change it;"
            " ask one of its owners to make you a contributor"
        )


def owns(user: Person, workspace: Workspace) -> bool:
    """Whether `user` may change the workspace itself: its owners and administrators may."""
    member = Member.objects.filter(workspace=workspace, user=person(user)).first()
    return member is not None and _owns(member)


def _owns(member: Member) -> bool:
    return member.role == Role.OWNER or member.user.is_superuser


def workspaces_of(user: Person) -> QuerySet[Workspace]:
    """The workspaces that `user` is a member of, by name."""
    return Workspace.objects.filter(members__user=person(user)).order_by("name")


def home_workspace(user: Person) -> Workspace:
    """The workspace to show first. Raises NotFound for a user who is a member of none."""
    workspace = workspaces_of(user).first()
    if workspace is None:
        raise NotFound("you are not a member of any workspace yet; ask an administrator")
    return workspace

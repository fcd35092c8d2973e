"""What a studio has from its first start on: an administrator and a workspace to begin in."""

from django.db import transaction

from studio.models import Member, Role, User, Workspace

ADMINISTRATOR = "admin"
WORKSPACE = "default"


@transaction.atomic
def prepare() -> None:
    """Make the administrator and the workspace where there is none. Safe to repeat.

    A studio that has an administrator keeps it, whatever its name.
    """
    administrators = User.objects.filter(is_superuser=True)
    if not administrators.exists():
        user = User(username=ADMINISTRATOR, is_superuser=True, is_staff=True)
        user.set_unusable_password()
        user.save()
    if not Workspace.objects.exists():
        workspace = Workspace.objects.create(name=WORKSPACE)
        for administrator in administrators:
            Member.objects.create(workspace=workspace, user=administrator, role=Role.OWNER)


def who_never_signed_in() -> User | None:
    """Return the administrator while no administrator has ever signed in, else None."""
    administrators = User.objects.filter(is_superuser=True, is_active=True)
    if administrators.filter(last_login__isnull=False).exists():
        return None
    return administrators.order_by("pk").first()

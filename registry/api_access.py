"""What a run's own token may not do: a script registers and adds, people put away and delete."""

from rest_framework.request import Request

from studio.auth import ByPerson


def people_only(request: Request) -> None:
    """Raise NotAllowed for a run's own token: it may not delete what it did not make."""
    ByPerson().has_permission(request, None)

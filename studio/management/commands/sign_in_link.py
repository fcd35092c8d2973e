"""`manage.py sign_in_link`: a new one-time link, for the first time or for a lost password."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studio import first_start, sign_in_links
from studio.models import User


class Command(BaseCommand):
    help = "Print a link that signs a user in once."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", nargs="?", default=first_start.ADMINISTRATOR)

    def handle(self, *args: Any, user: str, **options: Any) -> None:
        self.stdout.write(sign_in_links.make(user_named(user)))


def user_named(name: str) -> User:
    """Return the user. Raises CommandError listing who there is."""
    try:
        return User.objects.get(username=name)
    except User.DoesNotExist:
        names = ", ".join(User.objects.order_by("username").values_list("username", flat=True)[:20])
        raise CommandError(
            f'no user "{name}"; users: {names or "none yet: start the studio once with make up"}'
        ) from None

"""`manage.py sdk_config`: what a script on this machine needs to use the SDK."""

import os
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from studio import access, first_start, tokens
from studio.errors import StudioError
from studio.management.commands.sign_in_link import user_named
from studio.models import Token, TokenKind, User, Workspace


class Command(BaseCommand):
    help = "Write FOLDER/.azureml/config.json with this studio's URL and a new personal token."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where your scripts lie")
        parser.add_argument("--user", default=first_start.ADMINISTRATOR)
        parser.add_argument("--workspace", default=first_start.WORKSPACE)
        parser.add_argument("--days", type=int, default=365, help="how long the token is good")

    def handle(
        self, *args: Any, folder: Path, user: str, workspace: str, days: int, **options: Any
    ) -> None:
        if days < 1:
            raise CommandError(f"--days {days}: the token would be over already; write 1 or more")
        person = user_named(user)
        try:
            place = access.workspace_for(person, workspace)
        except StudioError as error:
            raise CommandError(error.message) from None
        folder = folder.expanduser().absolute()
        target = (folder if folder.name == ".azureml" else folder / ".azureml") / "config.json"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            secret = _token_for(target, person, place, days)
            _write_for_owner(target, tokens.config_json(place.name, secret))
        except OSError as error:
            raise CommandError(f"cannot write {target}: {error.strerror}") from None
        self.stdout.write(f"{target} holds a personal token of {person}, good for {days} days")


def _token_for(target: Path, person: User, workspace: Workspace, days: int) -> str:
    """Make a token named after the file, instead of the one that the file held before."""
    name = f"config.json {str(target)[-80:]}"
    Token.objects.filter(kind=TokenKind.PERSONAL, user=person, name=name).delete()
    expires_at = now() + timedelta(days=days)
    return tokens.issue(person, workspace, name=name, expires_at=expires_at)[1]


def _write_for_owner(target: Path, text: str) -> None:
    """Replace `target` by a file that nobody else could read at any moment."""
    beside = target.with_name(f"{target.name}.{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(target)

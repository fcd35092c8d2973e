"""`manage.py down`: end the studio of this STUDIO_HOME."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from studio import keeping, processes


class Command(BaseCommand):
    help = "End the studio that is up in STUDIO_HOME. Running training goes on."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        record = keeping.read(settings.RUNTIME)
        if record is None or not (record.alive() or (record.keeper and record.keeper.is_alive)):
            self.stdout.write(f"no studio is up in {settings.HOME}")
            return
        if record.keeper:
            processes.end(record.keeper, patience_s=15)
        for child in record.alive().values():  # only where the keeper was killed before
            processes.end(child, patience_s=5)
        self.stdout.write(f"the studio in {settings.HOME} has ended")
        if going_on := processes.tasks_below(settings.TASKS):
            self.stdout.write(
                f"{going_on} running task(s) go on and report when the studio is up again;"
                " cancel a run on its page before `make down` to end it"
            )

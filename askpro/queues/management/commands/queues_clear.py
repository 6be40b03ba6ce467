"""`manage.py queues_clear`: cancel all jobs that wait in a queue."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.queues.chores import prune
from askpro.queues.fleet import events
from askpro.queues.management import names


class Command(BaseCommand):
    help = (
        "Cancel all jobs that wait in a queue, ready or delayed; running jobs finish. The jobs stay in the ledger as"
        " cancelled, with the name of who did it. Asks first in production."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue")
        parser.add_argument("--force", action="store_true", help="do not ask")

    def handle(self, *args: Any, queue: str, force: bool, **options: Any) -> None:
        (queue,) = names.known_queues([queue])
        if settings.ENVIRONMENT == "production" and not force and not _agrees(queue):
            raise CommandError("Nothing was cleared.")
        count = prune.clear(queue, f"Cleared by {names.me()}.")
        events.note_command(f"clear {queue}: {count} jobs", names.me())
        self.stdout.write(f"{count} jobs of {queue} are cancelled.")


def _agrees(queue: str) -> bool:
    try:
        return input(f"Cancel every waiting job of {queue} in production? Type its name: ").strip() == queue
    except EOFError:
        return False

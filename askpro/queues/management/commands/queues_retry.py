"""`manage.py queues_retry`: make dead jobs ready again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.queues.fleet import events
from askpro.queues.jobs import interventions
from askpro.queues.management import dead_jobs, names


class Command(BaseCommand):
    help = "Make dead jobs ready again; each keeps its id and history. Exit code 1 when none was found."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        dead_jobs.add_arguments(parser)
        parser.add_argument("--tries", type=int, default=1, help="runs that each gets (default 1)")

    def handle(self, *args: Any, tries: int, **options: Any) -> None:
        if tries < 1:
            raise CommandError("--tries must be at least 1.")
        ids = list(dead_jobs.chosen(options).values_list("pk", flat=True))
        count = sum(interventions.retry(pk, tries) for pk in ids)
        if not count:
            raise CommandError("No such dead job.")
        events.note_command(f"retry {count} dead jobs", names.me())
        self.stdout.write(f"{count} jobs are ready again.")

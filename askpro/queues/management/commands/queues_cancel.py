"""`manage.py queues_cancel`: end jobs that are no longer wanted."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.queues.fleet import events
from askpro.queues.jobs import interventions
from askpro.queues.management import names


class Command(BaseCommand):
    help = (
        "End unfinished jobs by id or tag. Waiting jobs end at once, running ones are interrupted."
        " Exit code 1 when none was found."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", metavar="ID")
        parser.add_argument("--tag", action="append", default=[], help="all with this tag; may be repeated")
        parser.add_argument("--reason", default="Cancelled.", help="kept with each job")

    def handle(self, *args: Any, ids: list[str], tag: list[str], reason: str, **options: Any) -> None:
        if not (ids or tag):
            raise CommandError("Name ids, or a --tag.")
        jobs = [names.job_id(text) for text in ids]
        count = sum(interventions.cancel(job, reason) for job in jobs) + sum(
            interventions.cancel_tagged(name, reason) for name in tag
        )
        if not count:
            raise CommandError("No such unfinished job.")
        events.note_command(f"cancel {' '.join([*ids, *tag])}", names.me(), reason)
        self.stdout.write(f"{count} jobs are cancelled.")

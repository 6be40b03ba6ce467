"""`manage.py queues_forget`: delete dead jobs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.queues.chores import prune
from askpro.queues.fleet import events
from askpro.queues.management import dead_jobs, names


class Command(BaseCommand):
    help = "Delete dead jobs with their history. Exit code 1 when none was found."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        dead_jobs.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        count = prune.forget(dead_jobs.chosen(options))
        if not count:
            raise CommandError("No such dead job.")
        events.note_command(f"forget {count} dead jobs", names.me())
        self.stdout.write(f"{count} dead jobs are deleted.")

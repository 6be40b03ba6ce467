"""`manage.py queues_forget`: delete dead jobs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.queues import control, dead, discard, operator


class Command(BaseCommand):
    help = "Delete dead jobs with their history. Exit code 1 when none was found."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        dead.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        count = discard.forget(dead.chosen(options))
        if not count:
            raise CommandError("No such dead job.")
        control.note_command(f"forget {count} dead jobs", operator.me())
        self.stdout.write(f"{count} dead jobs are deleted.")

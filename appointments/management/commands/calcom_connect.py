"""Checks a company's connection with Cal.com, and registers its webhook."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from appointments.connection import Connection
from askpro.commands.arguments import company as company_of
from askpro.queues.errors import JobError


class Command(BaseCommand):
    help = "Check a company's key and event types at Cal.com, register its webhook, and say what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", metavar="COMPANY", help="its slug")
        parser.add_argument("--dry-run", action="store_true", help="change nothing, neither here nor at Cal.com")

    def handle(self, *args: Any, **options: Any) -> None:
        company = company_of(options["company"])
        try:
            missing = Connection(company, self.stdout.write, is_dry=options["dry_run"]).connect()
        except JobError as error:
            raise CommandError(f"{error}. Run it again later: it changes nothing twice.") from error
        for what in missing:
            self.stdout.write(f"Missing: {what}")
        if missing:
            raise CommandError(f"{len(missing)} missing.")
        self.stdout.write("Nothing is missing.")

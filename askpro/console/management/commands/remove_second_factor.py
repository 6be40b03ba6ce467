"""For the administrator who has lost her phone and her recovery codes, and nobody else can log in."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.console.entrance.models import SecondFactor


class Command(BaseCommand):
    help = "Take a log-in's second factor away. Who can give rights sets up a new one at the next log-in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name that is typed at the log-in")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        removed, _ = SecondFactor.objects.filter(user__username=name).delete()
        if not removed:
            raise CommandError(f"There is no log-in {name} with a second factor.")
        self.stdout.write(f"{name} has no second factor any more.")

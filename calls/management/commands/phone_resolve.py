"""Says whose a phone number is, and what would become of a call to it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from calls.resolution import Resolution


class Command(BaseCommand):
    help = (
        "Say which company, branch and agent a dialled number belongs to and why, what would become of a call, and "
        "which companies know a customer with this number. Ends with 1 if no company has it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", metavar="NUMBER", help="as it is dialled, or as Retell writes it")

    def handle(self, *args: Any, **options: Any) -> None:
        resolution = Resolution.of(options["number"])
        for what, how in resolution.told():
            self.stdout.write(f"{what:<12} {how}".rstrip())
        if resolution.found is None:
            sys.exit(1)

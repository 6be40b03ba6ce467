"""What is missing in this installation."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from askpro.doctor.examination import findings


class Command(BaseCommand):
    help = "Say what is missing in this installation, why it matters, and what mends it. Exit code 1 if anything is."
    # It says what is wrong with the installation, and does not end because of it.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [*findings()]
        if options["json"]:
            self.stdout.write(json.dumps([finding.as_json() for finding in found], indent=2, ensure_ascii=False))
        for finding in [] if options["json"] else found:
            self.stdout.write(f"{finding.what}\n  {finding.why}\n  To do: {finding.cure}\n")
        if found:
            sys.exit(1)
        if not options["json"]:
            self.stdout.write("Nothing is missing.")

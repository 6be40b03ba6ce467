"""Writes a whole company from one file."""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.company_file.company import FileRefused, write


class Command(BaseCommand):
    help = (
        "Write a company with its branches, services, staff, numbers and closed days from a YAML file "
        "(docs/first-company.md). Run again, it changes what the file says otherwise, and deletes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=text_of)
        parser.add_argument("--dry-run", action="store_true", help="check the file, and only say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = write(options["file"], is_dry=options["dry_run"])
        except FileRefused as refused:
            for fault in refused.faults:
                self.stderr.write(str(fault))
            raise CommandError(str(refused)) from None
        for change in outcome.changes:
            self.stdout.write(change)
        for left in outcome.left:
            self.stdout.write(f"{left}: not in the file, stays as it is")
        done = "would be written" if options["dry_run"] else "written"
        slug = outcome.company.slug
        self.stdout.write(f"{slug}: {len(outcome.changes)} {done}." if outcome.changes else f"{slug}: nothing to do.")


def text_of(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except OSError as error:
        raise ArgumentTypeError(f"{name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ArgumentTypeError(f"{name} is not UTF-8.") from None

"""Hands out what is held of a person."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.privacy import exporting
from askpro.privacy.management import choice
from askpro.privacy.models import Read
from askpro.privacy.reads import note_command
from askpro.privacy.trail import Trail


class Command(BaseCommand):
    help = "Write everything that is held of a person to a zip with a readable page and JSON, which only you can read."

    def add_arguments(self, parser: CommandParser) -> None:
        choice.add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE.zip", help="a new file")
        parser.add_argument("--language", choices=("de", "en"), default="de", help="of the page; default: de")

    def handle(self, *args: Any, **options: Any) -> None:
        company, person = choice.chosen(options)
        trail = Trail(person, None if company is None else frozenset({company.pk}))
        try:
            with exporting.only_for_us(options["file"]) as target:
                exporting.write(target, trail, options["language"])
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}") from error
        ids = ",".join(map(str, person.customers)) or "no customer"
        company_id = company.pk if company else None
        note_command(choice.who(), Read.Kind.EXPORT, ids[:64], "export_person", company_id)
        self.stdout.write(f"{options['file']}: written, {options['file'].stat().st_size} bytes.")

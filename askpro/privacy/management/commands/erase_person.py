"""Erases a person."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from askpro.privacy import again
from askpro.privacy.erasing import rows, run, vendors
from askpro.privacy.exporting import only_for_us
from askpro.privacy.management import choice
from askpro.privacy.models import Erasure, Item
from askpro.privacy.tasks import erase_person
from askpro.queues import Release

HELD = 3


class Command(BaseCommand):
    help = (
        "Erase what is held of a person: rows, raw webhooks, jobs, the console's record, and by their APIs what Retell "
        "and Twilio hold. Rows stay without the person, so that counts stay. Repeat it after an interruption: it goes "
        "on. It ends with 3 where a legal hold forbids it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        choice.add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="only count what would be erased, and what stays")
        parser.add_argument("--keep-bookings", action="store_true", help="do not cancel appointments ahead")
        parser.add_argument("--list", type=Path, metavar="FILE", help="only write who was erased, by ids and hashes")
        parser.add_argument(
            "--again", type=Path, metavar="FILE", help="erase again whom such a list names: after a restore"
        )
        parser.add_argument("--reference", default="", metavar="TICKET", help="noted with the erasure; no names")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self._list(options["list"])
            return
        if options["again"]:
            self._again(options["again"])
            return
        company, person = choice.chosen(options)
        values = {"cancels_bookings": not options["keep_bookings"], "reference": options["reference"]}
        if options["dry_run"]:
            self._count(Erasure(company=company, wanted=person.written(), customers=[*person.customers], **values))
            return
        if not (person.customers or person.marks):
            self.stdout.write("Nothing is held of this person.")
            return
        self._erase(Erasure.of(company, person, who=choice.who(), **values))

    def _list(self, path: Path) -> None:
        try:
            with only_for_us(path) as file:
                file.write(json.dumps(again.listed()).encode())
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from error

    def _again(self, path: Path) -> None:
        try:
            back = list(again.returned(json.loads(path.read_text("utf-8"))))
        except (OSError, ValueError) as error:
            raise CommandError(f"{path} cannot be read: {type(error).__name__}.") from error
        for company, person in back:
            values = {"who": choice.who(), "ground": Erasure.Ground.AGAIN}
            self._erase(Erasure.of(company, person, **values))
        self.stdout.write(f"{len(back)} erased again.")

    def _count(self, erasure: Erasure) -> None:
        trail = run.trail_of(erasure)
        for name, count in rows.counts(trail):
            self.stdout.write(f"{name}: {count}")
        for item in vendors.items(trail, erasure):
            self._tell(item)
        for customer in run.held(erasure):
            self.stdout.write(f"Customer {customer.pk} is under a legal hold: nothing would be erased.")

    def _erase(self, erasure: Erasure) -> None:
        try:
            run.run(erasure, lambda name, count: self.stdout.write(f"{name}: {count}"))
        except Release as waits:
            with transaction.atomic():
                erase_person.send(erasure_id=erasure.pk)
            self.stdout.write(f"Erasure {erasure.pk} goes on in a job: {waits}.")
            return
        self.stdout.write(f"Erasure {erasure.pk}: {erasure.get_state_display()}.")
        if erasure.state == Erasure.State.HELD:
            self.stderr.write("A legal hold forbids it: nothing was erased. It is listed under Erasures.")
            sys.exit(HELD)
        for item in erasure.items.exclude(place=Item.Place.TABLE):
            self._tell(item)

    def _tell(self, item: Item) -> None:
        why = f" ({item.get_why_display()})" if item.why else ""
        self.stdout.write(f"{item}: {item.get_state_display()}{why}")

"""Reads event types and bookings from Cal.com."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from appointments.changes.sync import sync_company
from appointments.tasks import sync_calcom_data
from askpro.commands.arguments import company
from askpro.queues.errors import JobError
from calls.models import Company


class Command(BaseCommand):
    help = "Read event types and changed bookings from Cal.com: one job per active company, or at once with --now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", metavar="SLUG", help="only this company")
        parser.add_argument("--now", action="store_true", help="read here and now instead of sending jobs")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for each in _companies(options["company"]):
            if options["now"]:
                failed += not self._sync(each)
            else:
                sync_calcom_data.send(company_id=each.pk)
                self.stdout.write(f"{each.slug}: job sent")
        if failed:
            raise CommandError(f"{failed} of the companies could not be read.")

    def _sync(self, company: Company) -> bool:
        try:
            sync_company(company)
        except JobError as error:
            self.stderr.write(f"{company.slug}: {error}")
            return False
        self.stdout.write(f"{company.slug}: read")
        return True


def _companies(slug: str | None) -> list[Company]:
    return [company(slug)] if slug else list(Company.objects.filter(is_active=True))

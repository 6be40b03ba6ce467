"""Reads event types and bookings from Cal.com."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from appointments.changes.sync import sync_company
from appointments.tasks import sync_calcom_data
from askpro.queues.errors import JobError
from calls.models import Company


class Command(BaseCommand):
    help = "Read event types and changed bookings from Cal.com: one job per active company, or at once with --now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", metavar="SLUG", help="only this company")
        parser.add_argument("--now", action="store_true", help="read here and now instead of sending jobs")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for company in _companies(options["company"]):
            if options["now"]:
                failed += not self._sync(company)
            else:
                sync_calcom_data.send(company_id=company.pk)
                self.stdout.write(f"{company.slug}: job sent")
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
    if slug is None:
        return list(Company.objects.filter(is_active=True))
    companies = list(Company.objects.filter(slug=slug))
    if not companies:
        raise CommandError(f"There is no company with the slug {slug}.")
    return companies

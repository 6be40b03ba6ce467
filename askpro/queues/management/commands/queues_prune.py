"""`manage.py queues_prune`: delete now what the chores would delete by and by."""

from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.queues.chores import retention
from askpro.queues.config import Retention
from askpro.queues.config import retention as settings

DAY = 24 * 60


class Command(BaseCommand):
    help = "Delete at once what RETENTION does not keep, as the chores do by and by. Safe beside running workers."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, help="completed and cancelled jobs, instead of RETENTION")
        parser.add_argument("--dead-days", type=int, help="dead jobs, batches and the fleet, instead of RETENTION")

    def handle(self, *args: Any, days: int | None, dead_days: int | None, **options: Any) -> None:
        if any(each is not None and each < 1 for each in (days, dead_days)):
            raise CommandError("--days and --dead-days must be at least 1.")
        rows, whole_days = retention.everything(_kept(days, dead_days))
        self.stdout.write(f"{rows} rows and the tables of {whole_days} days are deleted.")


def _kept(days: int | None, dead_days: int | None) -> Retention:
    """The settings, with what a person says instead for all jobs."""
    kept = settings()
    if days is not None:
        kept = kept.for_all("completed", days * DAY)
    if dead_days is not None:
        kept = replace(kept.for_all("failed", dead_days * DAY), recent=dead_days * DAY)
    return kept

"""`manage.py queues_prune`: delete jobs that are long over."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from askpro.queues.chores import prune

DAYS, DEAD_DAYS = 30, 180


class Command(BaseCommand):
    help = "Delete jobs that ended long ago, and what is known of the fleet of that time. Safe beside running workers."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help=f"completed and cancelled jobs (default {DAYS})")
        parser.add_argument(
            "--dead-days", type=int, default=DEAD_DAYS, help=f"dead jobs and batches (default {DEAD_DAYS})"
        )

    def handle(self, *args: Any, days: int, dead_days: int, **options: Any) -> None:
        if min(days, dead_days) < 1:
            raise CommandError("--days and --dead-days must be at least 1.")
        jobs = prune.prune(days, dead_days)
        batches = prune.prune_batches(dead_days)
        rows = prune.prune_fleet(dead_days)
        self.stdout.write(f"{jobs} jobs, {batches} batches and {rows} rows about the fleet are deleted.")

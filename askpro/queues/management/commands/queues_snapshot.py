"""`manage.py queues_snapshot`: what each queue looks like now, and what it got done; to be run every few minutes."""

from typing import Any

from django.core.management.base import BaseCommand

from askpro.queues.chores import snapshot


class Command(BaseCommand):
    help = "Write one row of figures for each queue. Two at once write only one."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        count = snapshot.take()
        self.stdout.write(f"{count} queues are noted." if count else "The last snapshot is just being taken, or fresh.")

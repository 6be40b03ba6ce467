"""`manage.py queues_snapshot`: record what each queue looks like now, as the chores do every few minutes."""

from typing import Any

from django.core.management.base import BaseCommand

from askpro.queues.chores import snapshot


class Command(BaseCommand):
    help = "Write down how each queue stands. Two of these commands at once write only one."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        count = snapshot.take()
        self.stdout.write(
            f"{count} queues are noted." if count else "One is just being taken, or the last one is fresh."
        )

"""`manage.py queues_check`: find mistakes in the queues' settings before a job does."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.management.base import BaseCommand, CommandParser

from askpro.queues import checks
from askpro.queues.config import pools
from askpro.queues.supervisor.child import KILL_GRACE
from askpro.queues.supervisor.forker import CHORES_GRACE


class Command(BaseCommand):
    help = "Print errors and warnings about the queues' settings, each with its fix. Exit code 1 if there is an error."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--environment", default=settings.ENVIRONMENT, help="pools to check (default: ASKPRO_ENV)")

    def handle(self, *args: Any, environment: str, **options: Any) -> None:
        messages = checks.everything(environment)
        for message in messages:
            self._print(message)
        errors = sum(message.is_serious() for message in messages)
        self.stdout.write(f"{environment}: {errors} errors, {len(messages) - errors} warnings.")
        if errors:
            raise SystemExit(1)
        longest = max(pool.time_limit for pool in pools(environment)) + KILL_GRACE + CHORES_GRACE
        self.stdout.write(f"A stop takes {longest:.0f} s at most; give the process manager more.")

    def _print(self, message: CheckMessage) -> None:
        kind, style = ("error", self.style.ERROR) if message.is_serious() else ("warning", self.style.WARNING)
        self.stdout.write(style(f"{kind} {message.id}: {message.msg}"))
        if message.hint:
            self.stdout.write(f"    {message.hint}")

"""`manage.py queues_health`: the verdict on the queues, for people and monitors."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from askpro.health.result import HealthCheckResult
from askpro.health.verdict import AWAY, verdict

POSTGRES_AWAY = 3


class Command(BaseCommand):
    help = (
        "Say whether the queues are healthy, and what is wrong. Exit code 0 healthy, 1 degraded, 2 unhealthy, "
        "3 PostgreSQL does not answer."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = verdict()
        if options["json"]:
            self.stdout.write(json.dumps(found.as_dict(), cls=DjangoJSONEncoder, indent=2))
        else:
            self._print(found)
        if code := POSTGRES_AWAY if any(issue.code == AWAY for issue in found.issues) else found.code:
            sys.exit(code)

    def _print(self, found: HealthCheckResult) -> None:
        self.stdout.write(found.status)
        for issue in found.issues:
            self.stdout.write(f"  {issue.severity:<10}{issue.code}: {issue.words}")

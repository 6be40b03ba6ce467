"""Shared by `queues_scale`, `queues_restart` and `queues_stop`: tell every supervisor, wait until all have taken it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from askpro.queues.fleet import commands
from askpro.queues.management import names
from askpro.queues.models import FleetCommand

NOBODY = 2


class TellFleet(BaseCommand):
    """Exit code 0 when all supervisors have taken the command, 1 when some have not yet, 2 when none is running."""

    kind: FleetCommand.Kind
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--wait", type=float, default=10.0, metavar="SECONDS", help="to wait until all have taken it (default 10)"
        )

    def tell(self, wait: float, pool: str = "", processes: int | None = None) -> None:
        told = commands.command(self.kind, pool, processes, by=names.me())
        if not told:
            self.stderr.write(f"No supervisor runs {pool}." if pool else "No supervisor is running.")
            sys.exit(NOBODY)
        taken = names.wait_until_taken(told, wait)
        self.stdout.write(f"{taken} of {len(told)} supervisors have taken it.")
        if taken < len(told):
            sys.exit(1)

    def handle(self, *args: Any, wait: float, **options: Any) -> None:
        self.tell(wait)

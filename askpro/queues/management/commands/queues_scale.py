"""`manage.py queues_scale`: set how many processes a pool has on each host, until its `queues_run` ends."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from askpro.queues.management import names
from askpro.queues.management.tell_fleet import TellFleet
from askpro.queues.models import FleetCommand

AUTO = "auto"


class Command(TellFleet):
    help = "Set how many processes a pool has on each host, whatever its load; `auto`: balanced by its settings again."
    kind = FleetCommand.Kind.SCALE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("pool")
        parser.add_argument("processes", help=f"a number, or {AUTO}")
        super().add_arguments(parser)

    def handle(self, *args: Any, wait: float, **options: Any) -> None:
        pool, processes = names.known_pool(options["pool"]), options["processes"]
        if processes != AUTO and not (processes.isdigit() and 1 <= int(processes) <= 1000):
            raise CommandError(f"{processes!r} is neither {AUTO!r} nor a number from 1 to 1000.")
        self.tell(wait, pool, None if processes == AUTO else int(processes))

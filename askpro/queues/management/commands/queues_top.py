"""`manage.py queues_top`: which kinds of job, queues or companies took most."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.table import Table

from askpro.queues.insight.top import COLUMNS, Consumer, top

WIDTH = 140
HEADS = ("Runs", "Failed", "Slow", "Run time", "Each", "SQL", "Statements", "Vendors", "Calls", "CPU")


class Command(BaseCommand):
    help = "Show who took most of the workers' time, and for what: statements, vendors, computing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", choices=[*COLUMNS], default="actor")
        parser.add_argument("--hours", type=float, default=24.0, help="until now, from a whole hour on (default 24)")
        parser.add_argument("--most", type=int, default=20, metavar="N", help="lines (default 20)")
        parser.add_argument("--json", action="store_true", help="print one JSON list")

    def handle(self, *args: Any, by: Any, hours: float, most: int, **options: Any) -> None:
        consumers = top(by, timedelta(hours=hours))[:most]
        if options["json"]:
            self.stdout.write(json.dumps([each.as_dict() for each in consumers], indent=2))
            return
        table = Table(box=None, pad_edge=False)
        table.add_column({"actor": "Job", "queue": "Queue", "company": "Company"}[by])
        for head in HEADS:
            table.add_column(head, justify="right")
        for each in consumers:
            table.add_row(each.key, *_cells(each))
        console = Console(highlight=False, width=WIDTH)
        with console.capture() as page:
            console.print(table)
        self.stdout.writelines(f"{line.rstrip()}\n" for line in page.get().splitlines())


def _cells(each: Consumer) -> list[str]:
    counts = (str(each.runs), str(each.failed), str(each.slow))
    times = (f"{each.seconds:,.1f} s", f"{each.mean:.3f} s", f"{each.sql_seconds:,.1f} s", str(each.sql_count))
    return [*counts, *times, f"{each.vendor_seconds:,.1f} s", str(each.vendor_count), f"{each.cpu_seconds:,.1f} s"]

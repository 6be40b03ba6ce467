"""`manage.py queues_status`: the fleet and the queues, from any host."""

import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from askpro.queues import status
from askpro.queues.database import CONNECTION_ERRORS, EngineConnection
from askpro.queues.status import Status

# Where no terminal says how wide it is.
WIDTH = 140
COLORS = {status.RUNNING: "green", status.PAUSED: "yellow", status.INACTIVE: "red"}


class Command(BaseCommand):
    help = "Show queues, supervisors and pauses of the whole fleet. Exit code 0 running, 1 paused, 2 inactive."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--watch", action="store_true", help="keep showing it until Ctrl-C")
        parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="with --watch (default 1)")

    def handle(self, *args: Any, watch: bool, every: float, **options: Any) -> None:
        database = EngineConnection()
        try:
            if watch:
                self._watch(database, every)
                return
            now = status.read(database)
        except CONNECTION_ERRORS as error:
            raise CommandError(f"PostgreSQL does not answer: {type(error).__name__}.", returncode=3) from error
        finally:
            database.close()
        if options["json"]:
            self.stdout.write(json.dumps(now.as_dict(), cls=DjangoJSONEncoder, indent=2))
        else:
            console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
            with console.capture() as page:
                console.print(_page(now))
            self.stdout.write(page.get(), ending="")
        if now.code:
            sys.exit(now.code)

    def _watch(self, database: EngineConnection, every: float) -> None:
        with Live(Text("…"), console=Console(highlight=False), screen=True, auto_refresh=False) as live:
            try:
                while True:
                    live.update(_page(status.read(database)), refresh=True)
                    time.sleep(every)
            except KeyboardInterrupt:
                return


def _page(now: Status) -> Group:
    parts: list[Any] = [Text(status.WORDS[now.code].capitalize(), style=f"bold {COLORS[now.code]}"), _queues(now)]
    for pause in now.pauses:
        until = f" until {pause.until:%Y-%m-%d %H:%M %Z}" if pause.until else ""
        parts.append(Text(f"Paused: {pause.kind} {pause.name}{until}" + (f" by {pause.by}" if pause.by else "")))
    return Group(*parts, _supervisors(now))


def _queues(now: Status) -> Table:
    table = _table("Queue", "Ready", "Oldest", "Promise", "Running", "Later", "Dead", "Processes", "Runs/s", "Run time")
    for queue in now.queues:
        is_late = queue.oldest > queue.promise
        table.add_row(
            queue.name,
            str(queue.ready),
            Text(_seconds(queue.oldest), style="bold red" if is_late else ""),
            _seconds(queue.promise),
            str(queue.running),
            str(queue.later),
            Text(str(queue.dead), style="red" if queue.dead else ""),
            str(queue.processes),
            f"{queue.rate:.1f}",
            _seconds(queue.run_time),
        )
    return table


def _supervisors(now: Status) -> Table:
    table = _table("Supervisor", "Status", "Code", "Silent", "Processes")
    for each in now.supervisors:
        groups = ", ".join(f"{name} {count}" for name, count in each.processes.items())
        name = f"{each.host}:{each.pid} ({each.environment})"
        table.add_row(name, each.status, each.code_version, _seconds(each.silent), groups)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if name == "Processes" and len(others) == 4 else "right")
    return table


def _seconds(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"

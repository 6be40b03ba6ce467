"""`manage.py queues_status`: the fleet and the queues, from any host."""

import json
import signal
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from rich.console import Console, RenderableType
from rich.live import Live

from askpro.queues import screen, status
from askpro.queues.database import CONNECTION_ERRORS, EngineConnection
from askpro.queues.screen import Size
from askpro.queues.status import Status

# Where no terminal says how wide it is.
WIDTH = 140
FASTEST = 0.2


class Command(BaseCommand):
    help = "Show queues, pools, supervisors and pauses of the whole fleet. Exit code 0 running, 1 paused, 2 inactive."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--watch", action="store_true", help="keep showing it until Ctrl-C")
        parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="with --watch (default 1)")

    def handle(self, *args: Any, watch: bool, every: float, **options: Any) -> None:
        if watch:
            View(Console(highlight=False), max(every, FASTEST)).run()
            return
        database = EngineConnection()
        try:
            now = status.read(database)
        except CONNECTION_ERRORS as error:
            raise CommandError(f"PostgreSQL does not answer: {type(error).__name__}.", returncode=3) from error
        finally:
            database.close()
        if options["json"]:
            self.stdout.write(json.dumps(now.as_dict(), cls=DjangoJSONEncoder, indent=2))
        else:
            self._print(now)
        if now.code:
            sys.exit(now.code)

    def _print(self, now: Status) -> None:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
        with console.capture() as page:
            console.print(screen.page(now, Size(console.width)))
        self.stdout.writelines(f"{line.rstrip()}\n" for line in page.get().splitlines())


class View:
    """The live view: it stays while PostgreSQL is away, and leaves the terminal as it was."""

    def __init__(self, console: Console, every: float) -> None:
        if not console.is_terminal or console.is_dumb_terminal:
            raise CommandError("--watch needs a terminal; use --json for a program.")
        self._console = console
        self._every = every
        self._database = EngineConnection()
        self._last: Status | None = None
        self._away_since = 0.0

    def run(self) -> None:
        """Until Ctrl-C or SIGTERM."""
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            with Live(console=self._console, screen=True, auto_refresh=False) as live:
                while True:
                    live.update(self._page(), refresh=True)
                    time.sleep(self._every)
        except KeyboardInterrupt:
            return
        finally:
            self._database.close()

    def _page(self) -> RenderableType:
        size = Size(self._console.width, self._console.height)
        try:
            self._last = status.read(self._database)
        except CONNECTION_ERRORS as error:
            self._away_since = self._away_since or time.monotonic()
            away = time.monotonic() - self._away_since
            trouble = f"PostgreSQL has not answered for {away:.0f} s ({type(error).__name__})."
            return screen.page(self._last, size, trouble) if self._last else screen.blank(trouble)
        self._away_since = 0.0
        return screen.page(self._last, size)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt

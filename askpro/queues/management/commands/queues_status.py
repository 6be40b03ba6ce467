"""`manage.py queues_status`: the fleet and the queues, from any host."""

import json
import signal
import sys
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from rich.console import Console, RenderableType
from rich.live import Live

from askpro.queues.fleet import status
from askpro.queues.fleet.status import Status
from askpro.queues.ledger.database import CONNECTION_ERRORS, EngineConnection
from askpro.queues.management import screen
from askpro.queues.management.screen import Size
from askpro.queues.metrics import QueueMetrics

# When there is no terminal to say how wide it is.
WIDTH = 140
FASTEST = 0.2
LEAVE = {signal.SIGINT, signal.SIGTERM}
# Seconds without an answer after which the view says so.
PATIENCE = 3.0


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
            figures = QueueMetrics.get(database=database).as_dict() if options["json"] else {}
        except CONNECTION_ERRORS as error:
            raise CommandError(f"PostgreSQL does not answer: {type(error).__name__}.", returncode=3) from error
        finally:
            database.close()
        if options["json"]:
            self.stdout.write(json.dumps({**now.as_dict(), "metrics": figures}, cls=DjangoJSONEncoder, indent=2))
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
    """The live view: it stays while PostgreSQL is away or hangs, and at its end leaves the terminal as it was."""

    def __init__(self, console: Console, every: float) -> None:
        if not console.is_terminal or console.is_dumb_terminal:
            raise CommandError("--watch needs a terminal; use --json for a program.")
        self._console = console
        self._every = every
        self._reader = Reader(every)

    def run(self) -> None:
        """Run until Ctrl-C or SIGTERM. These are waited for: as exceptions they could interrupt drawing anywhere."""
        signal.pthread_sigmask(signal.SIG_BLOCK, LEAVE)
        self._reader.start()  # with those signals blocked in it as well
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            while signal.sigtimedwait(LEAVE, self._every if self._reader.has_answered else FASTEST) is None:
                live.update(self._page(), refresh=True)

    def _page(self) -> RenderableType:
        size = Size(self._console.width, self._console.height)
        last, trouble = self._reader.last, self._reader.trouble()
        return screen.page(last, size, trouble) if last else screen.blank(trouble or "Asking PostgreSQL …")


class Reader(threading.Thread):
    """Asks PostgreSQL again and again, in its own thread: a statement that gets no answer cannot be interrupted."""

    def __init__(self, every: float) -> None:
        super().__init__(name="status", daemon=True)
        self.last: Status | None = None
        self._every = every
        self._database = EngineConnection()
        self._answered_at = time.monotonic()
        self._error = ""

    def run(self) -> None:
        while True:
            try:
                self.last = status.read(self._database)
                self._answered_at, self._error = time.monotonic(), ""
            except CONNECTION_ERRORS as error:
                self._error = type(error).__name__
            time.sleep(self._every)

    @property
    def has_answered(self) -> bool:
        return self.last is not None or bool(self._error)

    def trouble(self) -> str:
        """Why the figures may be outdated; empty when they are not. Raises `CommandError` when the thread is dead."""
        if not self.is_alive():
            raise CommandError("The status cannot be read; the error is above.")
        away = time.monotonic() - self._answered_at - self._every
        if not self._error and away < PATIENCE:
            return ""
        why = f" ({self._error})" if self._error else ""
        return f"PostgreSQL has not answered for {max(away, 0.0):.0f} s{why}."

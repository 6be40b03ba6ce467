"""How far it is: one live table on a terminal, a line for each disaster elsewhere."""

import threading
import time
from contextlib import suppress
from types import TracebackType

from django.db import DatabaseError, InterfaceError, connection
from rich.console import Console
from rich.live import Live
from rich.table import Table

from tests.chaos.rows import rows

EVERY = 1.0
SHOWN = 12


class Display:
    """Shown inside `with`; what is over is told to it."""

    def __init__(self) -> None:
        self._console = Console()
        self._began = time.monotonic()
        self._disasters: list[str] = []
        self._faults = 0
        self._jobs = "none yet"
        self._over = threading.Event()
        self._counter = threading.Thread(target=self._count, name="display", daemon=True)
        self._live = Live(console=self._console, get_renderable=self._table, transient=True, refresh_per_second=2)

    def __enter__(self) -> "Display":
        if self._console.is_terminal:
            self._counter.start()
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._console.is_terminal:
            self._counter.join()
            self._live.stop()

    def over(self, disaster: str, seconds: float, faults: int) -> None:
        """A disaster has passed, and so many faults were seen until now."""
        self._disasters.append(f"{disaster}: {seconds:.1f} s")
        self._faults = faults
        if not self._console.is_terminal:
            print(self._disasters[-1], flush=True)

    def _table(self) -> Table:
        table = Table("chaos", f"{time.monotonic() - self._began:.0f} s", box=None)
        table.add_row("jobs", self._jobs)
        table.add_row("faults", str(self._faults), style="red" if self._faults else "green")
        table.add_row(f"{len(self._disasters)} disasters", "\n".join(self._disasters[-SHOWN:]))
        return table

    def _count(self) -> None:
        while not self._over.wait(EVERY):
            try:
                ((done, all_of_them),) = rows(
                    "SELECT count(*) FILTER (WHERE status IN ('completed', 'dead', 'cancelled')), count(*)"
                    " FROM queues_job"
                )
                self._jobs = f"{done} of {all_of_them} are over"
            except (DatabaseError, InterfaceError):
                self._jobs = f"{self._jobs.removesuffix(' (PostgreSQL is away)')} (PostgreSQL is away)"
                with suppress(DatabaseError, InterfaceError):
                    connection.close()
        connection.close()

"""Shows the progress: one live table on a terminal, otherwise a line for each disaster."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType

from django.db import DatabaseError, InterfaceError, connection
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from tests.chaos.rows import rows

EVERY = 1.0
SHOWN = 16
# Seconds over which the rate is taken.
WINDOW = 5.0
COUNT = "SELECT count(*) FILTER (WHERE status IN ('completed', 'dead', 'cancelled')), count(*) FROM queues_job"


class Display:
    """Shown inside `with`. `rounds` disasters are to come, or as many as fit into `seconds`."""

    def __init__(self, seed: int, jobs: int, rounds: int, seconds: float, faults: Callable[[], int]) -> None:
        self._console = Console()
        self._seed, self._wanted, self._rounds, self._seconds = seed, jobs, rounds, seconds
        self._faults = faults
        self._began = self._now_since = time.monotonic()
        self._now = "starting"
        self._past: list[str] = []
        # (when, jobs that are over)
        self._counts: deque[tuple[float, int]] = deque([(self._began, 0)])
        self._sent = 0
        self._away_since = 0.0
        self._over = threading.Event()
        self._counter = threading.Thread(target=self._count, name="display", daemon=True)
        self._live = Live(console=self._console, get_renderable=self._table, refresh_per_second=4)

    def __enter__(self) -> "Display":
        if self._console.is_terminal:
            # The senders' log lines about Redis would break the table.
            logging.disable(logging.WARNING)
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
            logging.disable(logging.NOTSET)

    @contextmanager
    def during(self, disaster: str) -> Iterator[None]:
        """What happens inside `with`."""
        self._now, self._now_since = disaster.replace("_", " "), time.monotonic()
        yield
        self._past.append(f"{self._now}: {time.monotonic() - self._now_since:.1f} s")
        if not self._console.is_terminal:
            print(self._past[-1], flush=True)

    def _table(self) -> Table:
        now = time.monotonic()
        (since, before), (until, over) = self._counts[0], self._counts[-1]
        rate = (over - before) / (until - since) if until > since else 0.0
        faults = self._faults()
        table = Table("chaos", f"seed {self._seed}, {_clock(now - self._began)} passed{self._left(now)}", box=None)
        table.add_row("now", f"{self._now}, {now - self._now_since:.0f} s", style="bold")
        table.add_row("jobs", f"{over:,} over, {self._sent:,} sent, at least {self._wanted:,} to be sent")
        table.add_row("", ProgressBar(total=max(self._sent, self._wanted), completed=over, width=50))
        if self._away_since:
            table.add_row("rate", f"PostgreSQL is down, {now - self._away_since:.0f} s", style="yellow")
        else:
            table.add_row("rate", f"{rate:,.0f} jobs/s")
        table.add_row("faults", str(faults), style="red" if faults else "green")
        table.add_row(f"{len(self._past)} past", "\n".join(self._past[-SHOWN:]))
        return table

    def _left(self, now: float) -> str:
        """Estimated by the clock or by the disasters so far; the jobs sent last take some time after it."""
        passed = now - self._began
        if self._seconds:
            return f", {_clock(max(self._seconds - passed, 0.0))} of disasters left"
        if 0 < len(self._past) < self._rounds:
            mean = (self._now_since - self._began) / len(self._past)
            return f", about {_clock(max(self._rounds * mean - passed, 0.0))} of disasters left"
        return ""

    def _count(self) -> None:
        while not self._over.wait(EVERY):
            now = time.monotonic()
            try:
                ((over, self._sent),) = rows(COUNT)
            except (DatabaseError, InterfaceError):
                self._away_since = self._away_since or now
                with suppress(DatabaseError, InterfaceError):
                    connection.close()
                continue
            self._away_since = 0.0
            self._counts.append((now, over))
            while len(self._counts) > 2 and self._counts[1][0] < now - WINDOW:
                self._counts.popleft()
        connection.close()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"

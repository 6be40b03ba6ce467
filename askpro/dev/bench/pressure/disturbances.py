"""What goes wrong during a phase. Each begins, is called once a second, and ends."""

import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg2

from askpro.dev.bench.pressure import gauges
from askpro.dev.bench.pressure.gauges import Watch
from askpro.dev.bench.pressure.offer import Offer
from askpro.dev.bench.pressure.server import OwnServer
from askpro.dev.bench.pressure.side import Side

READERS = 4
# Of the tables that change most, and the rows that a reader reads of each.
HOT_TABLES = 2
ROWS_READ = 20_000
# A burst is what is otherwise offered in so many seconds.
BURST_SECONDS = 3.0
KILL_EVERY = 10
# The longest absence of PostgreSQL in seconds, and its share of the phase.
LONGEST_AWAY = 5.0
AWAY = 0.1
TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> '{name}' AND {victims}
 ORDER BY random() LIMIT 1
"""


@dataclass
class Stage:
    """What a disturbance may touch. `outage` stops PostgreSQL for some seconds."""

    side: Side
    offer: Offer
    watch: Watch
    server: OwnServer | None
    rate: float
    seconds: float
    outage: Any


class Disturbance:
    """None."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def begin(self) -> None:
        """Called when the phase begins."""

    def tick(self, second: int) -> None:
        """Called once a second, from 1 on."""

    def end(self) -> None:
        """Called when the phase ends, also on errors."""


class OpenTransaction(Disturbance):
    """A transaction with an id that stays open and does nothing: no dead row may be removed."""

    def begin(self) -> None:
        self._session = gauges.session()
        cursor = self._session.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_current_xact_id()")

    def end(self) -> None:
        self._session.close()


class Readers(Disturbance):
    """Snapshots that stay, each of which reads the hot tables again every second."""

    def begin(self) -> None:
        tables = self.stage.watch.hottest(HOT_TABLES)
        self._reads = [f"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {ROWS_READ}) AS rows" for table in tables]
        self._sessions = [gauges.session() for _ in range(READERS)]
        for session in self._sessions:
            session.cursor().execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self.tick(0)

    def tick(self, second: int) -> None:
        for session in self._sessions:
            for read in self._reads:
                session.cursor().execute(read)

    def end(self) -> None:
        for session in self._sessions:
            session.close()


class Burst(Disturbance):
    """Many jobs at once, on top of the others."""

    def begin(self) -> None:
        self.stage.offer.send(round(self.stage.rate * BURST_SECONDS))


class TerminatedBackends(Disturbance):
    """One session of a worker is ended every second."""

    def tick(self, second: int) -> None:
        self.stage.watch.run(TERMINATE.format(name=gauges.NAME, victims=self.stage.side.victims))


class IdleConnections(Disturbance):
    """Every connection that PostgreSQL still allows, also those that become free meanwhile."""

    def begin(self) -> None:
        self._sessions: list[Any] = []
        self.tick(0)

    def tick(self, second: int) -> None:
        with suppress(psycopg2.OperationalError):  # "too many clients already"
            while True:
                self._sessions.append(gauges.session())

    def end(self) -> None:
        for session in self._sessions:
            session.close()


class KilledWorkers(Disturbance):
    """kill -9 of a worker every ten seconds."""

    def tick(self, second: int) -> None:
        if second % KILL_EVERY == 1 and (workers := self.stage.side.workers()):
            with suppress(ProcessLookupError):
                os.kill(random.choice(workers), signal.SIGKILL)


class RestartedServer(Disturbance):
    """PostgreSQL is stopped, stays away for some seconds, and is started."""

    def tick(self, second: int) -> None:
        if second == max(1, round(self.stage.seconds / 3)):
            with self.stage.outage():
                assert self.stage.server is not None
                self.stage.server.stop()
                time.sleep(min(LONGEST_AWAY, self.stage.seconds * AWAY))
                self.stage.server.start()

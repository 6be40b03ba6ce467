"""Reads figures from PostgreSQL, one part after the other, while whoever asks waits for so long and no longer."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Final

from prometheus_client.core import Metric
from psycopg2 import Error
from psycopg2.errors import QueryCanceled

from askpro.health.shared import Shared
from askpro.metrics.exposition import exchanges, jobs, queues, upkeep, watch
from askpro.metrics.exposition.families import gauge
from askpro.queues.ledger.database import CONNECTION_ERRORS, Connection, EngineConnection

log = logging.getLogger(__name__)

# Seconds: how old figures may be without being read again, how long a scrape waits for that, and a statement's longest.
FRESH: Final = 3.0
PATIENCE: Final = 1.2
STATEMENT: Final = 3.0
# Seconds for which a part is told that is being read again and takes long. Counters are told by whichever process is
# asked, so none may tell what is older than what another one told at the scrape before: that would look like a reset.
OF_COUNTERS: Final = 5.0
OF_GAUGES: Final = 30.0


@dataclass(frozen=True, slots=True)
class Source:
    """A part of the figures, and for how many seconds it may be told."""

    families: Callable[[Connection], Iterator[Metric]]
    lasts: float


# The quick ones first: counting a backlog of millions takes a while.
SOURCES: Final[dict[str, Source]] = {
    "exchanges": Source(exchanges.families, OF_COUNTERS),
    "jobs": Source(jobs.families, OF_COUNTERS),
    "upkeep": Source(upkeep.families, OF_COUNTERS),
    "watch": Source(watch.families, OF_GAUGES),
    "queues": Source(queues.families, OF_GAUGES),
}


class Reading:
    """What one process knows. All its threads share one reading at a time, on one connection that stays open."""

    def __init__(self, fresh: float = FRESH, patience: float = PATIENCE) -> None:
        self._database = EngineConnection(statement_timeout=f"{STATEMENT * 1000:.0f}")
        self._parts: dict[str, tuple[float, list[Metric]]] = {}
        self._answered_at = -inf
        self._shared = Shared(self._read, fresh, patience)

    def look(self) -> None:
        """Read what is not fresh; comes back within `patience` seconds, whatever was read until then."""
        self._shared.get()

    @property
    def answers(self) -> bool:
        """Whether PostgreSQL answered just now."""
        return time.monotonic() - self._answered_at < OF_COUNTERS

    def families(self) -> Iterator[Metric]:
        """What is known, and of which parts; nothing while PostgreSQL does not answer."""
        now = time.monotonic()
        known = {
            name: self._parts[name][1]
            for name, source in SOURCES.items()
            if self.answers and name in self._parts and now - self._parts[name][0] < source.lasts
        }
        parts = {(name,): float(name in known) for name in SOURCES}
        yield gauge("askpro_metrics_part_read", "1 if this part of the figures could be read.", ["part"], parts)
        for told in known.values():
            yield from told

    def close(self) -> None:
        self._database.close()

    def _read(self) -> bool:
        try:
            self._connect()
            for name, source in SOURCES.items():
                self._read_part(name, source)
        except CONNECTION_ERRORS:
            self._answered_at = -inf
            self._parts.clear()
        return True

    def _connect(self) -> None:
        """Once more on a new connection: the one before may have ended with a server that is back."""
        for is_last in (False, True):
            try:
                self._database.rows("SELECT 1")
                self._answered_at = time.monotonic()
                return
            except CONNECTION_ERRORS:
                if is_last:
                    raise

    def _read_part(self, name: str, source: Source) -> None:
        try:
            self._parts[name] = time.monotonic(), [*source.families(self._database)]
            self._answered_at = time.monotonic()
        except QueryCanceled:
            log.warning("/metrics leaves out %s: reading it takes too long", name)
            # The connection was closed with it.
            self._connect()
        except CONNECTION_ERRORS:
            raise
        except Error as error:
            # In the middle of a release a table may be missing.
            log.warning("/metrics leaves out %s: %s", name, type(error).__name__)
            self._parts.pop(name, None)

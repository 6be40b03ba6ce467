"""How long runs wait for locks of PostgreSQL: whoever looks while a statement runs, asks what it waits for."""

import time
from collections.abc import Iterable
from typing import Any

from askpro.queues.insight.record import RunRecord
from askpro.queues.ledger.database import Connection

# Seconds that a statement must have run before it is looked at: most are over by then.
WORTH_A_LOOK = 0.5
WAITING = """
SELECT pid FROM unnest(%s::int[]) AS pid
 WHERE (SELECT wait_event_type FROM pg_stat_get_activity(pid) LIMIT 1) IS NOT DISTINCT FROM 'Lock'
"""


class LockWaits:
    """Looks again and again; each look that finds a run waiting adds the time since the one before."""

    def __init__(self) -> None:
        self._looked_at = time.monotonic()

    def look(self, database: Connection, records: Iterable[RunRecord]) -> None:
        """Raises one of `CONNECTION_ERRORS`."""
        now, before = time.monotonic(), self._looked_at
        self._looked_at = now
        found = {pid: (record, since) for record in records for pid, since in _backend(record, now)}
        if not found:
            return
        for (pid,) in database.rows(WAITING, ([*found],)):
            record, since = found[pid]
            record.lock_seconds += now - max(since, before)


def _backend(record: RunRecord, now: float) -> list[tuple[int, float]]:
    """PostgreSQL's process that runs the statement of this run, and since when."""
    flight = record.in_flight
    if flight is None or now - flight.began < WORTH_A_LOOK:
        return []
    raw: Any = flight.connection.connection
    # The thread may lose or close it at any moment.
    return [(raw.info.backend_pid, flight.began)] if raw is not None and not raw.closed else []

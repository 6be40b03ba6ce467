"""What a worker's sessions wait for inside PostgreSQL. Not which statement it is: its text has the values in it."""

from dataclasses import dataclass

from django.db import connection

from askpro.queues.ledger.database import application_name

MOST = 20
BUSY = """
SELECT extract(epoch FROM clock_timestamp() - query_start)::float8,
       CASE WHEN state = 'idle in transaction' THEN 'its client, in an open transaction'
            WHEN wait_event_type IS NULL THEN ''
            ELSE wait_event_type || ' (' || wait_event || ')' END,
       ARRAY(SELECT DISTINCT coalesce(nullif(holder.application_name, ''), 'process ' || holder.pid)
               FROM pg_stat_activity AS holder WHERE holder.pid = ANY(pg_blocking_pids(session.pid)))
  FROM pg_stat_activity AS session
 WHERE application_name = %s AND state <> 'idle' ORDER BY query_start LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is at work or in a transaction: for how long, what it waits for, and who holds that."""

    seconds: float
    waits_for: str
    held_by: list[str]

    def __str__(self) -> str:
        what = f"waits for {self.waits_for}" if self.waits_for else "computes"
        by = f", held by {', '.join(self.held_by)}" if self.held_by else ""
        return f"PostgreSQL: a statement of {self.seconds:.1f} s {what}{by}"


def busy(worker_id: int) -> list[Session]:
    """The worker's sessions that are not idle, the oldest statement first."""
    with connection.cursor() as cursor:
        cursor.execute(BUSY, [application_name(worker_id), MOST])
        return [Session(max(seconds or 0.0, 0.0), waits, holders) for seconds, waits, holders in cursor.fetchall()]

"""How each queue stands at one time, for charts. What it gets done is in the figures of jobs."""

from django.db import connection, transaction

from askpro.queues.config import queue_names

# A snapshot is skipped when the last one is younger than this many seconds.
LEAST = 5.0
# Seconds between two snapshots that the chores take.
EVERY = 300.0
AGE = "SELECT coalesce(extract(epoch FROM clock_timestamp() - max(at)), 'infinity')::float8 FROM queues_metricssnapshot"
TAKE = """
INSERT INTO queues_metricssnapshot (queue_name, at, ready, oldest, running)
SELECT name, clock_timestamp(),
       (SELECT count(*) FROM queues_job_live WHERE status = 'queued' AND queue_name = name),
       coalesce((SELECT greatest(0, extract(epoch FROM clock_timestamp() - min(ready_at))) FROM queues_job_live
                  WHERE status = 'queued' AND queue_name = name), 0),
       (SELECT count(*) FROM queues_job_live WHERE status = 'processing' AND queue_name = name)
  FROM unnest(%s::text[]) AS name
"""


def take(least: float = LEAST) -> int:
    """Write a `MetricsSnapshot` of each queue; returns how many queues.

    Returns 0 when the last one is not `least` seconds old, or when another process is just taking one.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('queues_snapshot'))")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(AGE)
        if cursor.fetchone()[0] < least:
            return 0
        cursor.execute(TAKE, [list(queue_names())])
        return cursor.rowcount


def take_if_due() -> int:
    """The snapshot of the chores: all hosts together take one every five minutes."""
    return take(EVERY)

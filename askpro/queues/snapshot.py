"""Figures of each queue at a moment, for charts: from the ledger, so that failures count and nothing is estimated."""

import time
import uuid

from django.db import connection, transaction

from askpro.queues.config import queue_names

# Two snapshots closer than this, in seconds, are one; the first covers as much as an hour.
LEAST = 5.0
TAKE = """
WITH since AS (
    SELECT coalesce(max(at), clock_timestamp() - interval '1 hour') AS at FROM queues_metricssnapshot
), done AS (
    SELECT job.queue_name, count(*) FILTER (WHERE outcome = 'completed') AS completed,
           count(*) FILTER (WHERE outcome NOT IN ('completed', 'released', 'cancelled')) AS failed,
           avg(extract(epoch FROM attempt.finished_at - attempt.started_at)) AS run_time
      FROM queues_attempt AS attempt JOIN queues_job AS job ON job.id = attempt.job_id, since
     -- Ids sort by time: jobs that were sent more than a day before are left out, and the index is all that is read.
     WHERE attempt.job_id > %(from_id)s AND attempt.finished_at > since.at
     GROUP BY 1
)
INSERT INTO queues_metricssnapshot
       (queue_name, at, seconds, ready, oldest, running, completed, failed, run_time)
SELECT name, clock_timestamp(), extract(epoch FROM clock_timestamp() - since.at),
       (SELECT count(*) FROM queues_job WHERE status = 'queued' AND queue_name = name),
       coalesce((SELECT greatest(0, extract(epoch FROM clock_timestamp() - min(ready_at))) FROM queues_job
                  WHERE status = 'queued' AND queue_name = name), 0),
       (SELECT count(*) FROM queues_job WHERE status = 'processing' AND queue_name = name),
       coalesce(completed, 0), coalesce(failed, 0), coalesce(run_time, 0)
  FROM since CROSS JOIN unnest(%(queues)s::text[]) AS name LEFT JOIN done ON done.queue_name = name
 WHERE since.at < clock_timestamp() - %(least)s * interval '1 second'
"""


def take() -> int:
    """Write a `MetricsSnapshot` of each queue; returns how many. 0: somebody else just does, or did."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('queues_snapshot'))")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(TAKE, {"from_id": _a_day_ago(), "queues": list(queue_names()), "least": LEAST})
        return cursor.rowcount


def _a_day_ago() -> str:
    return str(uuid.UUID(int=int((time.time() - 86_400) * 1000) << 80))

"""Figures of each queue at one time, for charts. Read from the ledger, so failures count and nothing is estimated."""

from django.db import connection, transaction

from askpro.queues.config import queue_names

# A snapshot is skipped when the last one is younger than this many seconds. The first one covers the last hour.
LEAST = 5.0
# Seconds between two snapshots that the chores take.
EVERY = 300.0
SINCE = """
SELECT at, extract(epoch FROM clock_timestamp() - at)::float8
  FROM (SELECT coalesce(max(at), clock_timestamp() - interval '1 hour') AS at FROM queues_metricssnapshot) AS last
"""
TAKE = """
WITH run AS (
    SELECT queue_name, actor_name, 'completed' AS outcome, started_at, finished_at
      FROM queues_job
     WHERE status = 'completed' AND day >= (%(since)s AT TIME ZONE 'UTC')::date AND finished_at > %(since)s
       AND started_at IS NOT NULL
    UNION ALL
    SELECT job.queue_name, job.actor_name, attempt.outcome, attempt.started_at, attempt.finished_at
      FROM queues_attempt AS attempt JOIN queues_job AS job ON job.id = attempt.job_id
     WHERE attempt.finished_at > %(since)s
), done AS (
    SELECT queue_name, actor_name, count(*) FILTER (WHERE outcome = 'completed') AS completed,
           count(*) FILTER (WHERE outcome NOT IN ('completed', 'released', 'cancelled')) AS failed,
           count(started_at) AS runs,
           coalesce(sum(extract(epoch FROM finished_at - started_at)), 0) AS took
      FROM run
     GROUP BY 1, 2
), of_actors AS (
    INSERT INTO queues_actorsnapshot (actor_name, queue_name, at, seconds, completed, failed, run_time)
    SELECT actor_name, queue_name, clock_timestamp(), %(seconds)s, completed, failed, took / greatest(runs, 1)
      FROM done
), of_queues AS (
    SELECT queue_name, sum(completed) AS completed, sum(failed) AS failed,
           sum(took) / greatest(sum(runs), 1) AS run_time
      FROM done GROUP BY 1
)
INSERT INTO queues_metricssnapshot
       (queue_name, at, seconds, ready, oldest, running, completed, failed, run_time)
SELECT name, clock_timestamp(), %(seconds)s,
       (SELECT count(*) FROM queues_job_live WHERE status = 'queued' AND queue_name = name),
       coalesce((SELECT greatest(0, extract(epoch FROM clock_timestamp() - min(ready_at))) FROM queues_job_live
                  WHERE status = 'queued' AND queue_name = name), 0),
       (SELECT count(*) FROM queues_job_live WHERE status = 'processing' AND queue_name = name),
       coalesce(completed, 0), coalesce(failed, 0), coalesce(run_time, 0)
  FROM unnest(%(queues)s::text[]) AS name LEFT JOIN of_queues ON of_queues.queue_name = name
"""


def take(least: float = LEAST) -> int:
    """Write a `MetricsSnapshot` of each queue and an `ActorSnapshot` of each actor that ran; returns how many queues.

    Returns 0 when the last one is not `least` seconds old, or when another process is just taking one.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('queues_snapshot'))")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(SINCE)
        since, seconds = cursor.fetchone()
        if seconds < least:
            return 0
        # The time is passed as a value: only then does PostgreSQL see that it needs only the table's last pages.
        cursor.execute(TAKE, {"since": since, "seconds": seconds, "queues": list(queue_names())})
        return cursor.rowcount


def take_if_due() -> int:
    """The snapshot of the chores: all hosts together take one every five minutes."""
    return take(EVERY)

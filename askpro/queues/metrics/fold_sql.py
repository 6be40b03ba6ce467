"""The statements of the fold.

A row counts as new by the transaction that wrote it, not by its time: transactions commit out of order. `xmin` names
that transaction; `counted` is the snapshot up to which everything is counted, `reading` the one up to which it is now
being counted. A run's row is written outside of savepoints, so the number is that of a whole transaction, which is what
snapshots list.
"""

from typing import Final

from askpro.queues.ledger.history import COMPANY
from askpro.queues.metrics.histogram import BUCKET_SQL

LOCK: Final = """
SELECT cluster = (SELECT system_identifier FROM pg_control_system()), counted, counted_at, running::text,
       reading, reading_at, reading_running::text, place
  FROM queues_metricfold FOR UPDATE
"""
UNLESS_LOCKED: Final = " SKIP LOCKED"
# A snapshot that shows nothing: no transaction is older than the first one.
NOTHING: Final = "3:3:"
BEGIN: Final = f"""
INSERT INTO queues_metricfold (id, cluster, counted, counted_at, running)
SELECT 1, system_identifier, '{NOTHING}', to_timestamp(0), '{{}}' FROM pg_control_system()
    ON CONFLICT DO NOTHING
"""
SESSION: Final = "SET LOCAL jit = off"
# In this order: what begins between the two has a later time than the first one reads.
RUNNING: Final = """
SELECT clock_timestamp(), coalesce(jsonb_object_agg(backend_xid::text, extract(epoch FROM xact_start))
       FILTER (WHERE backend_xid IS NOT NULL AND xact_start IS NOT NULL), '{}')::text
  FROM pg_stat_activity WHERE pid <> pg_backend_pid()
"""
SNAPSHOT: Final = "SELECT pg_current_snapshot()::text"
OPEN: Final = """
UPDATE queues_metricfold
   SET cluster = (SELECT system_identifier FROM pg_control_system()), counted = %(counted)s,
       reading = %(reading)s, reading_at = %(at)s, reading_running = %(running)s::jsonb, place = %(place)s
"""
PLACE: Final = "UPDATE queues_metricfold SET place = %(place)s"
CLOSE: Final = """
UPDATE queues_metricfold
   SET counted = reading, counted_at = reading_at, running = reading_running,
       reading = '', reading_at = NULL, reading_running = '{}', place = NULL
"""
FIRST: Final = """
SELECT least((SELECT min(day)::timestamp AT TIME ZONE 'UTC' FROM queues_job WHERE status = 'completed'),
             (SELECT min(recorded_at) FROM queues_attempt), statement_timestamp())
"""
# Rows keep 32 bits of the number; one that would lie in the future is of the 4 billion before.
XID: Final = """
limits.next - (limits.next & 4294967295) + row.xmin::text::bigint
 - CASE WHEN row.xmin::text::bigint >= limits.next & 4294967295 THEN 4294967296 ELSE 0 END AS xid"""
_NEW: Final = """
xid >= first AND NOT pg_visible_in_snapshot(xid::text::xid8, %(counted)s::pg_snapshot)
 AND pg_visible_in_snapshot(xid::text::xid8, %(reading)s::pg_snapshot)"""
# The row of a completed job tells an arrival, and a run, unless that has a row of its own among the attempts.
FOLD: Final = f"""
WITH limits AS MATERIALIZED (
    SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next,
           pg_snapshot_xmin(%(counted)s::pg_snapshot)::text::bigint AS first
), ended AS MATERIALIZED (
    SELECT * FROM (
        SELECT queue_name, actor_name, {COMPANY} AS company_id, created_at, ready_at, started_at, finished_at, first,
               {XID}
          FROM queues_job AS row, limits
         WHERE status = 'completed' AND day >= (%(from)s::timestamptz AT TIME ZONE 'UTC')::date
           AND finished_at >= %(from)s AND finished_at < %(until)s::timestamptz OFFSET 0) AS row
     WHERE {_NEW}
), tried AS MATERIALIZED (
    SELECT * FROM (
        SELECT job_id, outcome, error_class, ready_at, started_at, first, {XID},
               coalesce(finished_at, recorded_at) AS finished_at
          FROM queues_attempt AS row, limits
         WHERE recorded_at >= %(from)s AND recorded_at < %(until)s::timestamptz AND outcome <> 'released'
        OFFSET 0) AS row
     WHERE {_NEW}
), run AS (
    SELECT queue_name, actor_name, company_id, 'completed' AS what, '' AS about, started_at, finished_at, ready_at
      FROM ended WHERE started_at IS NOT NULL
    UNION ALL
    SELECT coalesce(job.queue_name, ''), coalesce(job.actor_name, ''), coalesce(company_id, 0),
           CASE WHEN outcome IN ('completed', 'cancelled') THEN outcome ELSE 'failed' END,
           CASE WHEN outcome IN ('completed', 'cancelled') THEN ''
                WHEN error_class = '' THEN outcome ELSE error_class END, started_at, finished_at, ready_at
      FROM tried LEFT JOIN LATERAL (
          SELECT queue_name, actor_name, {COMPANY} AS company_id FROM queues_job WHERE id = tried.job_id
          UNION ALL SELECT queue_name, actor_name, 0 FROM queues_archived_job WHERE id = tried.job_id
          LIMIT 1) AS job ON true
), timed AS MATERIALIZED (
    SELECT *, CASE WHEN finished_at > started_at THEN extract(epoch FROM finished_at - started_at) ELSE 0 END::float8
                   AS took,
           CASE WHEN started_at >= ready_at THEN extract(epoch FROM started_at - ready_at)
                WHEN started_at < ready_at THEN 0 END::float8 AS waited
      FROM run
), fact AS (
    SELECT date_trunc('minute', finished_at) AS at, what, queue_name, actor_name, company_id, about,
           {BUCKET_SQL.format(seconds="took")} AS bucket, count(*) AS count, sum(took) AS total
      FROM timed GROUP BY 1, 2, 3, 4, 5, 6, 7
    UNION ALL
    SELECT date_trunc('minute', started_at), 'wait', queue_name, actor_name, company_id, '',
           {BUCKET_SQL.format(seconds="waited")}, count(*), sum(waited)
      FROM timed WHERE waited IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7
    UNION ALL
    SELECT date_trunc('minute', created_at), 'arrived', queue_name, actor_name, company_id, '', 0, count(*), 0
      FROM ended GROUP BY 1, 2, 3, 4, 5, 6
), minute AS (
    INSERT INTO queues_metricminute (at, what, queue_name, actor_name, company_id, about, bucket, count, total)
    SELECT at, what, queue_name, actor_name, 0, about, bucket, sum(count), sum(total)
      FROM fact GROUP BY 1, 2, 3, 4, 6, 7
    UNION ALL
    SELECT at, what, queue_name, '', company_id, about, bucket, sum(count), sum(total)
      FROM fact WHERE company_id <> 0 GROUP BY 1, 2, 3, 5, 6, 7
)
SELECT (SELECT count(*) FROM ended) + (SELECT count(*) FROM tried)
"""
# What others have appended is there or is gone: whoever takes a row away has counted it.
DELTAS: Final = """
WITH gone AS (
    DELETE FROM queues_metricdelta WHERE id IN (SELECT id FROM queues_metricdelta ORDER BY id LIMIT %(most)s)
 RETURNING date_trunc('minute', at) AS at, what, queue_name, actor_name, company_id, about, bucket, count, total
), minute AS (
    INSERT INTO queues_metricminute (at, what, queue_name, actor_name, company_id, about, bucket, count, total)
    SELECT at, what, queue_name, actor_name, 0, about, bucket, sum(count), sum(total)
      FROM gone GROUP BY 1, 2, 3, 4, 6, 7
    UNION ALL
    SELECT at, what, queue_name, '', company_id, about, bucket, sum(count), sum(total)
      FROM gone WHERE company_id <> 0 GROUP BY 1, 2, 3, 5, 6, 7
)
SELECT count(*) FROM gone
"""
